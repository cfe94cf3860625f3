"""Measures reports and pages over ClickHouse: `python -m tests.benchmarks clickhouse --starts 10000000 100000000`.

The starts are generated inside the engine (`engine_starts`). Each report is made from the cells and, in the same run
and engine, from the starts with uniqExact; the two must be equal. Pages are read at positions that were not read
before. Times are of the clock and of the processor, because the engine uses every core.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from storage.clickhouse.address import address_of
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import Engine
from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, USER_NEW
from storage.domain.filters import Filter
from storage.published import cells, contact_starts, versions
from storage.published.version_counts import VersionCounts
from storage.published.version_session import VersionSession, session_of_latest
from storage.published.version_table import VersionTable
from storage.published.version_tables import name_in
from storage.report.metrics import UserCounts
from storage.report.report import load_report, recount_report
from storage.report.selection import Selection
from storage.table.sorting import Order
from tests.benchmarks import engine_starts
from tests.benchmarks.reports import FILTERS
from tests.benchmarks.starts import UNTIL

_SENT, _REACHED = f"m.origin < {REFERRED_FROM}", f"m.origin < {REFERRED_FROM} AND m.status <> {STATUS_FAILED}"
_ELIGIBLE = f"m.status <> {STATUS_FAILED}"
_GROUPS = (_SENT, _REACHED, f"m.status = {STATUS_ANSWERED}", _ELIGIBLE, f"{_ELIGIBLE} AND m.user_type = {USER_NEW}")
_USERS = f"""
SELECT uniqExact(m.contact), {", ".join(f"uniqExactIf(m.contact, {group})" for group in _GROUPS)}
FROM messages AS m WHERE {{condition}}
"""


_PAGE, _PLACES = 100, 23  # starts of a page; positions, evenly through all starts


class UniqExact(VersionCounts):
    """Counts from the starts as ClickHouse does it: its count(DISTINCT) is uniqExact, too."""

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts."""
        (row,) = self._version.rows_as_they_are(_USERS.format(condition=selection.condition), selection.parameters)
        return UserCounts(*row)


class Times(NamedTuple):
    """The times of a report, in ms, of the clock and of the processor."""

    clock: float
    processor: float


def run(words: Sequence[str]) -> int:
    """Reads the options and prints a table for each number of starts."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks clickhouse")
    parser.add_argument("--starts", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--directory", type=Path, help="keeps the databases there and reuses them")
    parser.add_argument("--rounds", type=int, default=5, help="of each report, those from the starts once in five")
    parser.add_argument("--cells-only", action="store_true", help="does not count from the starts, which takes minutes")
    parser.add_argument("--pages", action="store_true", help="measures pages of the table, too")
    parser.add_argument("--only", default="", help="only the filters whose name contains this text")
    arguments = parser.parse_args(words)
    medians = []
    with tempfile.TemporaryDirectory() as scratch:
        for count in arguments.starts:
            with database(arguments.directory or Path(scratch), count) as engine:
                medians.append(_measure(engine, count, arguments))
                if arguments.pages:
                    _measure_pages(engine)
    for count, median in zip(arguments.starts[1:], medians[1:], strict=True):
        print(f"{count:,} starts take {median / medians[0]:.2f} times the median of {arguments.starts[0]:,}")
    return 0


@contextmanager
def database(directory: Path, count: int) -> Iterator[Engine]:
    """The database of so many starts; made if it is not there."""
    engine = connect(address_of(f"chdb:{directory / f'chdb-{count}'}"), must_exist=False)
    try:
        if versions.latest(engine) is None:
            versions.publish(engine, lambda version: _fill(engine, version, count))
        yield engine
    finally:
        engine.close()


def _fill(engine: Engine, version: int, count: int) -> None:
    engine_starts.fill(engine, version, count, lambda done: _show(f"{done:,} starts"))
    clock, processor = time.perf_counter(), time.process_time()
    cells.count(engine, version)
    _show("")
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"cells of {count:,} starts made in {clock:.0f} s, {processor:.0f} s of the processor")


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _measure(engine: Engine, count: int, arguments: argparse.Namespace) -> float:
    """Prints the times of the reports of a database; returns the median of those from cells, in ms."""
    print(f"{count:,} starts; {_bytes(engine)}; load {os.getloadavg()[0]:.1f}")
    print(f"{'filter':62} {'cells':>8} {'(cpu)':>8} {'starts':>8} {'(cpu)':>8}   (ms)")
    measured = []
    for name, text in FILTERS.items():
        if arguments.only in name:
            measured.append(_report_times(engine, Filter.parse(text), arguments.rounds, not arguments.cells_only))
            print(f"{name:62} {_numbers(measured[-1])}")
    totals: tuple[tuple[str, Callable[[list[float]], float]], ...] = (("median", statistics.median), ("slowest", max))
    for word, of in totals:
        times = [_of_all(of, each) for each in zip(*measured, strict=True)]
        ratios = [f"1/{starts / cells:.1f}" for cells, starts in zip(*times, strict=True)] if len(times) > 1 else []
        print(f"{word:62} {_numbers(times)}   {' '.join(ratios)}")
    print(f"load {os.getloadavg()[0]:.1f}")
    return statistics.median([one[0].clock for one in measured])


def _measure_pages(engine: Engine) -> None:
    """Prints the times of pages of all starts and of those that failed, in each order."""
    version = session_of_latest(engine).version.number
    if engine.rows(f"SELECT count() FROM {name_in(version, 'contact_starts')}") == [(0,)]:
        contact_starts.fill(engine, version)
    columns = ("first", "(cpu)", "median", "(cpu)", "slowest", "(cpu)")
    print(f"{f'a page of {_PAGE} by position':62} {' '.join(f'{one:>8}' for one in columns)}   (ms)")
    for text in ("period:all", "period:all status:failed"):
        filter = Filter.parse(text)
        starts = load_report(session_of_latest(engine), filter, UNTIL).starts
        for order in Order:
            first = _page_times(engine, filter, order, 0)
            later = [
                _page_times(engine, filter, order, starts * (2 * place + 1) // (2 * _PLACES))
                for place in range(_PLACES)
            ]
            times = (first, *(_of_all(of, later) for of in (statistics.median, max)))
            print(f"{f'{text}, by {order}':62} {_numbers(times)}")
    print(f"load {os.getloadavg()[0]:.1f}")


def _page_times(engine: Engine, filter: Filter, order: Order, position: int) -> Times:
    def read() -> object:
        session = session_of_latest(engine)
        return VersionTable(session).sorted_page(session.select(filter, UNTIL), order, position, _PAGE)

    return _timed(read)[1]


def _of_all(of: Callable[[list[float]], float], times: Sequence[Times]) -> Times:
    """One value of many times, of the clock and of the processor."""
    return Times(of([one.clock for one in times]), of([one.processor for one in times]))


def _numbers(times: Sequence[Times]) -> str:
    return " ".join(f"{value:8.1f}" for one in times for value in one)


def _bytes(engine: Engine) -> str:
    rows = engine.rows(
        "SELECT extract(table, '_(.*)'), sum(rows), sum(bytes_on_disk) FROM system.parts"
        " WHERE active AND database = currentDatabase() AND table LIKE 'v%' GROUP BY 1 ORDER BY 3 DESC LIMIT 3"
    )
    return ", ".join(f"{table}: {number:,} rows, {size / 1e6:,.0f} MB" for table, number, size in rows)


def _report_times(engine: Engine, filter: Filter, rounds: int, from_starts: bool) -> list[Times]:
    """The times from cells and, made in turn, from the starts."""
    from_cells: list[Times] = []
    from_all: list[Times] = []
    report = counted = load_report(session_of_latest(engine), filter, UNTIL)
    for round in range(rounds):
        report, taken = _timed(lambda: load_report(session_of_latest(engine), filter, UNTIL))
        from_cells.append(taken)
        if from_starts and round % 5 == 0:
            counted, taken = _timed(lambda: recount_report(_with_uniq_exact(engine), filter, UNTIL))
            from_all.append(taken)
        if report != counted:
            raise AssertionError(f"{filter}: the cells differ from the starts")
    return [_of_all(statistics.median, times) for times in (from_cells, from_all) if times]


def _with_uniq_exact(engine: Engine) -> VersionSession:
    session = session_of_latest(engine)
    session.recount = UniqExact(session.connection)
    return session


def _timed(action: Callable[[], Any]) -> tuple[Any, Times]:
    clock, processor = time.perf_counter(), time.process_time()
    result = action()
    return result, Times((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
