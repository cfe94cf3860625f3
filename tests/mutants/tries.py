"""Tries changes: a fork of one pytest session for each, which runs the tests of the changed statement.

To start pytest anew for each change, as `mutmut run` does, takes longer than most tries; and a limit by the clock calls
changes noticed because the machine is busy. Here only processor time ends a try.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import json
import math
import os
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from tests.mutants.changes import Change

STATE = Path("mutants").absolute()
KILLED, SURVIVED, TIMED_OUT, NO_TESTS = "killed", "survived", "timed out", "no tests"

_MOST_CPU = 10  # times what a test takes unchanged, and a second more
_MOST_IDLE = 120  # seconds without processor time: a process that waits for ever
_MOST_MEMORY = 4 << 30  # bytes
_PROBLEM = 3  # exit code of a fork that did not end as a test run does


@dataclass(frozen=True, slots=True)
class Tests:
    """What is known of the tests.

    seconds: by test, its processor time. of_line: by file and line, the tests that run it.
    """

    seconds: Mapping[str, float]
    of_line: Mapping[str, Mapping[int, list[str]]]

    def of(self, change: Change) -> set[str]:
        """The tests that run the changed statement."""
        lines = self.of_line.get(change.module, {})
        return {test for line in change.lines for test in lines.get(line, ())}

    def of_module(self, change: Change) -> set[str]:
        """The tests that run anything of the changed module."""
        return {test for tests in self.of_line.get(change.module, {}).values() for test in tests}


class Session:
    """A pytest plugin that, instead of running the tests once, tries changes with them."""

    def __init__(self, changes: list[Change], seconds: float, children: int) -> None:
        self._changes, self._seconds, self._children = changes, seconds, children
        self._running: dict[int, _Try] = {}
        self._sound: dict[tuple[str, bool], bool] = {}  # by module and whether it is imported again
        self._kills: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by function, how often a test noticed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = _known_tests(session.items)
        items = {item.nodeid: item for item in session.items}
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        _caches()
        gc.collect()
        gc.freeze()  # so that a fork shares this memory
        for place, change in enumerate(self._changes):
            while len(self._running) >= self._children:
                self._wait()
            found = tests.of(change)
            names = self._chosen(change, tests, found or tests.of_module(change))
            if not names:
                note(change, NO_TESTS, "", self._seconds)
                continue
            chosen = [(items[name], tests.seconds[name]) for name in names]
            if not self._is_sound(change, chosen, on_import=not found):
                note(change, NO_TESTS, "", self._seconds)
                continue
            one = _Try(change, chosen, on_import=not found)
            self._running[one.process] = one
            if place % 100 == 0:
                say(f"{time.strftime('%H:%M:%S')} {place} of {len(self._changes)}")
        while self._running:
            self._wait()
        return True

    def _is_sound(self, change: Change, chosen: list[tuple[pytest.Item, float]], *, on_import: bool) -> bool:
        """Whether the tests of the first change of a module pass in a fork without the change."""
        place = change.module, on_import
        if place not in self._sound:
            one = _Try(replace(change, after=change.before), chosen, on_import=on_import)
            self._sound[place] = one.end(os.waitpid(one.process, 0)[1])[0] == SURVIVED
            if not self._sound[place]:
                say(f"{change.module}: its tests fail in a fork{' that imports it again' if on_import else ''}")
        return self._sound[place]

    def _chosen(self, change: Change, tests: Tests, found: set[str]) -> list[str]:
        """The tests of a change that fit in its time: those that noticed others like it first, then the quick ones."""
        kills, own = self._kills[change.function], f"/test_{change.module.rpartition('.')[2]}.py"
        names = sorted(found, key=lambda name: (-kills[name], own not in name, tests.seconds[name]))
        chosen, left = [], self._seconds
        for name in names:
            if tests.seconds[name] <= left:
                chosen.append(name)
                left -= tests.seconds[name]
        return chosen

    def _wait(self) -> None:
        for process, one in list(self._running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                del self._running[process]
                result, test = one.end(status)
                self._kills[one.change.function][test] += result == KILLED
                note(one.change, result, test, self._seconds)
            elif one.is_idle():
                os.kill(process, signal.SIGKILL)
        signal.sigtimedwait({signal.SIGCHLD}, 1)


class _Try:
    """A fork that runs tests under a change."""

    def __init__(self, change: Change, tests: list[tuple[pytest.Item, float]], *, on_import: bool) -> None:
        self.change, self._on_import = change, on_import
        self._directory = Path(tempfile.mkdtemp(prefix="mutant"))
        self._cpu, self._since = b"", time.monotonic()
        self.process = os.fork()
        if not self.process:
            code = _PROBLEM
            with contextlib.suppress(BaseException):
                code = self._run(tests)
            os._exit(code)

    def _run(self, tests: list[tuple[pytest.Item, float]]) -> int:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        tempfile.tempdir = str(self._directory)
        tests[0][0].config._tmp_path_factory._basetemp = self._directory  # type: ignore[attr-defined]
        _forget_cached_results()
        if self._on_import:
            self.change.import_again()
        else:
            self.change.apply()
        for place, (item, seconds) in enumerate(tests):
            (self._directory / "test").write_text(item.nodeid)
            limit = math.ceil(time.process_time() + 1 + _MOST_CPU * seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            following = tests[place + 1][0] if place + 1 < len(tests) else None
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                return 1
        return 0

    def is_idle(self) -> bool:
        """Whether the process waits for something that does not come."""
        cpu = b" ".join(Path(f"/proc/{self.process}/stat").read_bytes().rpartition(b")")[2].split()[11:15])
        if cpu != self._cpu:
            self._cpu, self._since = cpu, time.monotonic()
        return time.monotonic() - self._since > _MOST_IDLE

    def end(self, status: int) -> tuple[str, str]:
        """What became of it, and in which test; leaves nothing behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        last = self._directory / "test"
        test = last.read_text() if last.exists() else ""
        shutil.rmtree(self._directory, ignore_errors=True)
        code = os.waitstatus_to_exitcode(status)
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return TIMED_OUT, test
        return (KILLED, test) if code else (SURVIVED, "")


def try_changes(changes: list[Change], paths: Iterable[str], profile: str, seconds: float, children: int) -> None:
    """Tries changes with tests of some paths; those of a change take at most so many seconds of processor time."""
    arguments = ["-q", "--no-summary", "--tb=native", "--assert=plain", "-p", "no:cacheprovider"]
    arguments += ["-p", "no:xdist", "-p", "no:textual-snapshot", "--long", f"--hypothesis-profile={profile}", *paths]
    code = pytest.main(arguments, [Session(changes, seconds, children)])
    if code:
        raise SystemExit(int(code))


def results() -> dict[tuple[str, str], tuple[str, str, float]]:
    """What became of changes: by name and digest the result, the test and the `seconds` of the last try."""
    file = STATE / "tried.jsonl"
    rows = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
    return {(row["name"], row["digest"]): (row["result"], row["test"], row["seconds"]) for row in rows}


def note(change: Change, result: str, test: str, seconds: float) -> None:
    """Keeps what became of a change."""
    row = {"name": change.name, "digest": change.digest, "result": result, "test": test, "seconds": seconds}
    with (STATE / "tried.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def say(text: str) -> None:
    """Tells the progress, past the capturing of pytest."""
    os.write(2, f"{text}\n".encode())


def _known_tests(items: list[pytest.Item]) -> Tests:
    """What each test takes and runs; measured if it is not known yet, which takes a run of the tests."""
    file = STATE / f"tests-{_digest(items)}.json"
    if not file.exists():
        say(f"{time.strftime('%H:%M:%S')} measure {len(items)} tests")
        seconds, lines = _measured(items)
        file.write_text(json.dumps({"seconds": seconds, "lines": lines}))
    found = json.loads(file.read_text())
    lines = {name: {int(line): tests for line, tests in of.items()} for name, of in found["lines"].items()}
    return Tests(found["seconds"], lines)


def _digest(items: list[pytest.Item]) -> str:
    """Of the tests and of the code that they run."""
    tests = [f"{settings().max_examples} examples", *(item.nodeid for item in items)]
    digest = hashlib.sha256("".join(tests).encode())
    for directory in ("storage", "tests"):
        for path in sorted(Path(directory).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _measured(items: list[pytest.Item]) -> tuple[dict[str, float], dict[str, dict[int, list[str]]]]:
    seconds = {}
    watch = coverage.Coverage(data_file=None, config_file=False, include=["storage/messages/*", "storage/cube/*"])
    watch.start()
    for item in items:
        watch.switch_context(item.nodeid)
        before = sum(os.times()[:4])
        for report in runtestprotocol(item, log=False, nextitem=None):
            if report.failed:
                raise SystemExit(f"{item.nodeid} fails without any change:\n{report.longreprtext}")
        seconds[item.nodeid] = sum(os.times()[:4]) - before
    watch.stop()
    data = watch.get_data()
    lines = {}
    for path in data.measured_files():
        module = ".".join(Path(path).relative_to(Path.cwd()).with_suffix("").parts)
        of_line = data.contexts_by_lineno(path)
        lines[module] = {line: [test for test in tests if test] for line, tests in of_line.items()}
    return seconds, lines


@functools.cache
def _caches() -> list[functools._lru_cache_wrapper[object]]:
    return [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]


def _forget_cached_results() -> None:
    """So that functions that were called before are called again, changed."""
    for cache in _caches():
        if cache.__module__.startswith("storage"):
            cache.cache_clear()
