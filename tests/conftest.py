"""What every test runs under: no settings of the person's own, and the same random examples in CI every time."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import zoneinfo
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# Fewer examples than hypothesis' 100: the whole run must fit into ten minutes of two cores, part of it under coverage.
settings.register_profile("ci", max_examples=12, derandomize=True, deadline=None)
settings.register_profile("random", max_examples=60, deadline=None)
# A mutation run repeats tests thousands of times, and a result that depends on chance would say nothing. A failure need
# not be made small there. What few examples do not notice is tried with more.
for name, examples in (("mutants", 10), ("survivors", 100)):
    settings.register_profile(
        name,
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )
settings.load_profile("ci" if os.environ.get("CI") else "random")

# What these run, other tests run as well, and measuring coverage doubles what a test takes: they run without it.
_NOT_MEASURED = (
    *("faults", "fixtures", "test_benchmarks", "test_not_measured", "tui/data", "tui/screens", "tui/terminal"),
    *("tui/widgets", "tui/words", "test_recount", "storage/cube/test_refresh"),
    *("storage/ingest/test_check_ways", "storage/ingest/test_importer", "storage/ingest/test_recipients"),
    *("storage/ingest/test_resume", "storage/messages/test_row_form", "storage/sources/test_late_recognition"),
    *("storage/sources/test_table_runs", "storage/sources/test_too_long", "storage/sources/test_unwrapping"),
)

# Read by Textual and Rich when they are imported, so this must come before any test module.
for name in [name for name in os.environ if name.startswith("TEXTUAL_") and "SNAPSHOT" not in name]:
    del os.environ[name]
for name in ("NO_COLOR", "COLORTERM", "SALUDO_DB", "SSH_CONNECTION"):
    os.environ.pop(name, None)
# Files of tests stay in memory where there is room: SQLite would wait for the disk ten thousands of times.
_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and "TMPDIR" not in os.environ:
    room = os.statvfs(_MEMORY)
    if room.f_bavail * room.f_frsize > 2 << 30 and not room.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"], tempfile.tempdir = str(_MEMORY), None
# What `nohup` or a shell's background job ignores, every process that a test starts would ignore as well, and tests of
# interruptions would wait in vain. A new program resets a handler to the default, and here this one still ignores.
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)
# Tests start hundreds of processes, and compiling the program anew takes a third of the start of the dashboard.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ["SALUDO_SETTINGS"] = os.devnull
os.environ["SALUDO_LANG"] = "en"  # whatever the person who runs the tests speaks
# The package's time zones, whatever the system has: `saludo check` tells if those are old.
os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests and variants that are marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is long."""
    if not config.getoption("--long"):
        _leave_out_long(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Runs the tests of `_NOT_MEASURED` without coverage.

    pytest-cov has a mark for that, but with workers it stops one of two measurements and the other goes on.
    """
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    trace = sys.gettrace()
    if not type(trace).__module__.startswith("coverage") or not name.startswith(_NOT_MEASURED):
        return (yield)
    of_threads = threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(trace)
        threading.settrace(of_threads)


def _leave_out_long(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out tests marked `long`; of one marked `long(keep=n)`, every n-th variant stays, the first among them.

    Example: `@pytest.mark.long(keep=4)` above twelve variants, of which three run each time and all with `--long`.
    """
    seen: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        mark = item.get_closest_marker("long")
        keep = mark.kwargs.get("keep", 0) if mark else 1
        name = item.nodeid.partition("[")[0]
        (kept if keep and seen[name] % keep == 0 else left_out).append(item)
        seen[name] += 1
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
