"""Runs the parts of `saludo check` in helper processes that only read, or here where that is not worth it.

What a part finds never depends on where it ran: a part whose helper was killed or met an error runs here again.
"""

from __future__ import annotations

import queue
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from storage.database import child_process
from storage.database.connection import Writer, reading
from storage.ingest.check_parts import Part, Result, run_part, step_of, weight_of

Progress = Callable[[int, int], None]

_MOST_HELPERS = 2  # more would need more memory: some 150 MB each
_WORTH_HELPERS = 20_000_000  # bytes of the database; a smaller one is checked before a helper has started
_NICENESS = 0
_MAPPED = 1 << 40  # bytes of the file: all that SQLite allows

_Job = tuple[int, Part]  # its place among the results


class CheckPool:
    """Runs parts, as many at a time as there are helpers.

    Attributes:
        connection: of the writer; what runs here sees what it has not committed.
    """

    def __init__(self, connection: sqlite3.Connection, helpers: Sequence[subprocess.Popen[bytes]]) -> None:
        self.connection = connection
        self._helpers = [*helpers]

    def run(self, parts: Sequence[Part], progress: Progress, *, here: bool = False) -> list[Result]:
        """Runs parts, the longest first, so that all helpers end at about the same time; the results have their order.

        Args:
            parts: what is to run.
            progress: called with (done, in all), in units of about equal time.
            here: whether they must see what is not committed.
        """
        counter = _Counter(parts, progress)
        waiting = deque(sorted(enumerate(parts), key=lambda job: -weight_of(job[1])))
        results: dict[int, Result] = {}
        if not here:
            self._run_in_helpers(waiting, results, counter)
        for place, part in waiting:
            results[place] = run_part(self.connection, part, partial(counter.step, part))
            counter.end(part)
        return [results[place] for place in range(len(parts))]

    def _run_in_helpers(self, waiting: deque[_Job], results: dict[int, Result], counter: _Counter) -> None:
        """Runs all parts that helpers run to their end; the others wait again."""
        events: queue.SimpleQueue[tuple[str, _Job | None, Any]] = queue.SimpleQueue()
        for helper in self._helpers:
            threading.Thread(target=_serve, args=(helper, waiting, events), daemon=True).start()
        working, lost = len(self._helpers), []
        while working:
            what, job, value = events.get()
            if job is None:
                working -= 1
            elif what == "step":
                counter.step(job[1])
            elif what == "done":
                results[job[0]] = Result(*value)
                counter.end(job[1])
            else:
                lost.append(job)
        waiting.extend(lost)


def _serve(helper: subprocess.Popen[bytes], waiting: deque[_Job], events: queue.SimpleQueue[Any]) -> None:
    """Lets a helper run parts as long as any wait."""
    assert helper.stdin is not None
    assert helper.stdout is not None
    while True:
        try:
            job = waiting.popleft()
        except IndexError:
            break
        try:
            child_process.send(helper.stdin, job[1])
            what, value = child_process.receive(helper.stdout)
            while what == "step":
                events.put((what, job, None))
                what, value = child_process.receive(helper.stdout)
        except (EOFError, OSError, ValueError):
            events.put(("lost", job, None))
            break
        events.put((what, job, value))
    events.put(("end", None, None))


class _Counter:
    """Adds up how much is done."""

    def __init__(self, parts: Sequence[Part], progress: Progress) -> None:
        self._progress, self._done, self._all = progress, 0, sum(map(weight_of, parts))
        self._of_part: dict[int, int] = {}

    def step(self, part: Part) -> None:
        """Adds a step of a part."""
        self._add(part, step_of(part))

    def end(self, part: Part) -> None:
        """Adds what is left of a part."""
        self._add(part, weight_of(part))

    def _add(self, part: Part, weight: int) -> None:
        before = self._of_part.get(id(part), 0)
        after = self._of_part[id(part)] = min(weight_of(part), before + weight)
        self._done += after - before
        self._progress(self._done, self._all)


@contextmanager
def running_check_pool(writer: Writer) -> Iterator[CheckPool]:
    """A pool for a database, until the context ends."""
    with ExitStack() as stack:
        yield CheckPool(writer.connection, [*_helpers(writer.path, stack)])


def _helpers(path: Path, stack: ExitStack) -> Iterator[subprocess.Popen[bytes]]:
    cores = child_process.cores()
    if cores == 1 or path.stat().st_size < _WORTH_HELPERS:
        return
    for _ in range(min(cores, _MOST_HELPERS)):
        process = stack.enter_context(child_process.running("storage.ingest.check_pool", str(path)))
        if process is not None:
            yield process


def _main(path: Path) -> None:
    child_process.become_helper(_NICENESS)
    with (
        open(sys.stdin.fileno(), "rb", closefd=False) as parts,
        open(sys.stdout.fileno(), "wb", closefd=False) as answers,
        reading(path) as connection,
    ):
        connection.execute("PRAGMA query_only = OFF")  # of temporary tables; the file is open for reading only
        # Saves a copy of each page. If the file is cut meanwhile, this process ends, and the part runs elsewhere.
        connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
        while True:
            part = child_process.receive(parts)
            answer: tuple[str, tuple[Any, ...] | None]
            try:
                answer = "done", tuple(run_part(connection, part, lambda: child_process.send(answers, ("step", None))))
            except (EOFError, BrokenPipeError):
                raise
            except Exception:  # the part runs again where its error can be told
                answer = "lost", None
            child_process.send(answers, answer)


if __name__ == "__main__":
    with suppress(Exception):
        _main(Path(sys.argv[1]))
