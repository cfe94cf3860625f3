"""Compares this checkout with another revision: `python -m tests.benchmarks against REV`.

The other revision is checked out and installed below `--directory`. Each build writes its own databases, because their
schema may differ. Every figure is a time or a size. The ratio is this build's figure over the other's, so below 1 is
better. Times are medians over `--rounds`. The two builds take turns, and every second round begins with the other
build.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import opening
from tests.benchmarks.builds import Build, other_build, this_build
from tests.benchmarks.captures import Size, write
from tests.benchmarks.machine import machine
from tests.benchmarks.starts import UNTIL

PARTS = ("import", "into", "report", "pages", "export", "check", "start")
_REPORTED = re.compile(r"(?P<name>\S.*?)\s{2,}(?P<figures>[\d.,]+(?: +[\d.]+)?)(?: |$)")
_OF_REPORTS = (
    "median",
    "slowest",
    "first report of a cold file, median and worst",
    "a page of the table, median and worst",
    "a page by notification, median and worst",
    "a page by template, median and worst",
    "a page by status, median and worst",
    "a page by contact, median and worst",
    "bytes a start",
)
_PROBE = Path(__file__).with_name("page_probe.py")
# Figures of the part "pages", in ms of processor time, and how many times as fast as the other build each has to be.
_OF_PAGES = {
    "a page of the table": 1,
    "a page by notification": 3,
    "a page the oldest first": 1,
    "the first page the oldest first": 3,
    "a page by template": 1,
    "the first page by template": 3,
    "a page by status": 1,
    "the first page by status": 3,
    "a page by contact": 10,
    "the first page by contact": 3,
    "a jump into the middle by contact": 500,
    "the first search for a text that is nowhere": 1,
    "a search for a text that is nowhere": 10,
}
_OPENED = 20_000  # starts of the database that the dashboard is opened on
_OPENINGS = 3  # a round

Sample = dict[str, float]  # a figure's name and its value


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both builds, with a value for each round."""

    name: str
    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios, this build over the other."""
        return statistics.median(mine / other for mine, other in zip(self.ours, self.theirs, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of a round."""
        ratios = [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]
        return min(ratios), max(ratios)


def alternate(ours: Callable[[], Sample], theirs: Callable[[], Sample], rounds: int) -> list[Compared]:
    """Measures both builds in turns.

    Args:
        ours: Measures this build once.
        theirs: Measures the other build once.
        rounds: How many samples of each; every second round begins with the other build.

    Returns:
        The figures that both gave, in the order of the first sample.
    """
    mine: list[Sample] = []
    other: list[Sample] = []
    for turn in range(rounds):
        for take, into in ((ours, mine), (theirs, other))[:: 1 if turn % 2 else -1]:
            into.append(take())
    shared = [name for name in mine[0] if all(name in sample for sample in (*mine, *other))]
    return [Compared(name, [one[name] for one in mine], [one[name] for one in other]) for name in shared]


def figures_in(text: str, names: Sequence[str]) -> Sample:
    """The figures of these names in a benchmark's printed table; a second figure in a line is the worst value."""
    found: Sample = {}
    for line in text.splitlines():
        matched = _REPORTED.match(line)
        name = "" if matched is None else matched["name"].strip()
        if matched is None or name not in names:
            continue
        first, *more = matched["figures"].split()
        head, _, tail = name.partition(", median and worst")
        found[head + tail] = float(first.replace(",", ""))
        if "median and worst" in name and more:
            found[f"{head}, worst"] = float(more[0])
    return found


def _import(build: Build, log: Path, into: Path | None = None) -> Sample:
    """The seconds of a `saludo import` process, into an empty database or into a copy of `into`."""
    with tempfile.TemporaryDirectory(dir=build.directory) as scratch:
        database = Path(scratch, "imported.db")
        if into is not None:
            shutil.copy(into, database)
        name = "import into an empty database, s" if into is None else "import into a large database, s"
        seconds = build.seconds("tui", "--db", str(database), "import", str(log))
        return {name: seconds} | ({} if into else {"imported database, MB": database.stat().st_size / 1e6})


def _database(build: Build, starts: int) -> Path:
    """The benchmark database with so many starts, written by the given build."""
    path = build.directory / f"{starts}.db"
    if not path.exists():
        words = ("--starts", str(starts), "--directory", str(build.directory), "--no-duckdb", "--only", "all, 30 days")
        build.run("tests.benchmarks", "report", *words)
    return path


def _report(build: Build, starts: int) -> Sample:
    words = ("--starts", str(starts), "--directory", str(build.directory), "--no-duckdb")
    return figures_in(build.run("tests.benchmarks", "report", *words), _OF_REPORTS)


def _pages(build: Build, database: Path) -> Sample:
    printed = build.run_file(_PROBE, str(database))
    found = figures_in(printed, [f"{name}, median and worst" for name in _OF_PAGES])
    return {name: figure for name, figure in found.items() if name in _OF_PAGES}


def _export(build: Build, database: Path) -> Sample:
    out = build.directory / "export.tsv"
    words = ("--filter", "period:all", "--now", UNTIL.isoformat(), "--force", "-o", str(out))
    taken = build.seconds("tui", "--db", str(database), "export", *words)
    out.unlink()
    return {"TSV of every start, s": taken}


def _check(build: Build, log: Path) -> Sample:
    """The seconds of `saludo check` on an imported log: the benchmark database was not imported and fails the check."""
    database = build.directory / "checked.db"
    if not database.exists():
        build.run("tui", "--db", str(database), "import", str(log))
    return {"check of the imported log, s": build.seconds("tui", "--db", str(database), "check")}


def _start(build: Build) -> Sample:
    """The times to open the dashboard, medians of three openings; the first of all fills the caches of the disk."""
    database = _database(build, _OPENED)
    now, rows = ("--now", UNTIL.isoformat()), build.directory / "opened.tsv"
    if not rows.exists():
        build.run("tui", "--db", str(database), "export", *now, "-o", str(rows))
        opening.once(build.python, database, rows, *now)
    found = [opening.once(build.python, database, rows, *now) for _ in range(_OPENINGS)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def measure(ours: Build, theirs: Build, arguments: argparse.Namespace) -> Iterator[Compared]:
    """Yields every requested figure as soon as it is measured."""
    parts, rounds = arguments.only, arguments.rounds
    log = _log(arguments.directory, arguments.events)

    def compared(measure_one: Callable[[Build], Sample]) -> list[Compared]:
        return alternate(lambda: measure_one(ours), lambda: measure_one(theirs), rounds)

    if "import" in parts:
        yield from compared(lambda build: _import(build, log))
    if "into" in parts:
        large = {build.name: _database(build, arguments.starts) for build in (ours, theirs)}
        following = _log(arguments.directory, arguments.events, following=True)
        yield from compared(lambda build: _import(build, following, large[build.name]))
    if "report" in parts:
        for build in (ours, theirs):
            _database(build, arguments.starts)
        yield from compared(lambda build: _report(build, arguments.starts))
    if "pages" in parts:
        of = {build.name: _database(build, arguments.starts) for build in (ours, theirs)}
        yield from compared(lambda build: _pages(build, of[build.name]))
    if "export" in parts:
        of = {build.name: _database(build, arguments.starts) for build in (ours, theirs)}
        yield from compared(lambda build: _export(build, of[build.name]))
    if "check" in parts:
        yield from compared(lambda build: _check(build, log))
    if "start" in parts:
        yield from compared(_start)


def _log(directory: Path, events: int, following: bool = False) -> Path:
    """The log of a year, or of the month after it."""
    path: Path = directory / (f"{events}.next.jsonl" if following else f"{events}.jsonl")
    if not path.exists():
        write(path, Size(events, days=30, first_day=365, seed=2) if following else Size(events))
    return path


def text(one: Compared) -> str:
    """A figure as a line: both medians, the ratio, and the spread of the ratio over the rounds."""
    low, high = one.spread
    ours, theirs = statistics.median(one.ours), statistics.median(one.theirs)
    times = _OF_PAGES.get(one.name)
    if times is None:
        return f"{one.name:52} {ours:10.2f} {theirs:10.2f} {one.ratio:7.2f}   ({low:.2f} to {high:.2f})"
    limit = f"at most {f'1/{times}' if times > 1 else times}"
    held = "ok" if one.ratio * times <= 1 else "over"
    return f"{one.name:52} {ours:10.2f} {theirs:10.2f} {one.ratio:7.4f}   ({low:.4f} to {high:.4f}) {limit} {held}"


def run(words: Sequence[str]) -> int:
    """Reads the options, prepares both builds and prints a line for each figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks against")
    parser.add_argument("revision", help="the other build: anything that git understands as a commit")
    parser.add_argument("--starts", type=int, default=1_000_000, help="of the database that is read")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the log that is imported")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path, help="keeps builds, logs and databases, and uses them again")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these figures only")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        arguments.directory = (arguments.directory or Path(scratch)).resolve()
        arguments.directory.mkdir(parents=True, exist_ok=True)
        ours, theirs = this_build(arguments.directory), other_build(arguments.revision, arguments.directory)
        print("\n".join(machine()))
        print(f"\n{arguments.rounds} rounds, medians; ratio below 1: this build is faster or smaller\n")
        print(f"{'':52} {'this':>10} {theirs.name:>10} {'ratio':>7}")
        for one in measure(ours, theirs, arguments):
            print(text(one), flush=True)
    return 0
