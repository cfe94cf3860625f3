"""Measures reports under sixteen filters, compared with peers and with a recount of the messages; and pages."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.database.connection import reading
from storage.domain.filters import Filter
from storage.report.read_session import ReadSession
from storage.report.report import load_report, recount_report
from storage.stores.sqlite_store import SqliteStore
from storage.table.pages import notifications_by_day
from storage.table.sorting import Order
from tests.benchmarks.flat import Peer
from tests.benchmarks.starts import LINES, TEMPLATES, UNTIL, line_value, template_name
from tui.data.pager import Pager

ROUNDS = 15


def _lines(*numbers: int) -> str:
    return "line:" + ",".join(line_value(number) for number in numbers)


def _templates(*numbers: int) -> str:
    return "template:" + ",".join(template_name(number) for number in numbers)


YEAR, ODD_YEAR = "period:365d", "since:2025-11-29 until:2026-11-19"
ODD_QUARTER = "since:2026-07-03 until:2026-10-01"
FILTERS = {
    "all, 30 days": "period:30d",
    "all, 90 days": "period:90d",
    "all, 365 days": YEAR,
    "one line, 365 days": f"{YEAR} {_lines(1)}",
    "three lines, 90 odd days": f"{ODD_QUARTER} {_lines(2, 5, 9)}",
    "one template, 365 days": f"{YEAR} {_templates(1)}",
    "a rare template, 365 days": f"{YEAR} {_templates(190)}",
    "ten templates, 90 days": f"period:90d {_templates(*range(3, 33, 3))}",
    "one origin, 90 days": "period:90d origin:notification",
    "new users, 30 days": "period:30d user:new",
    "line x template, 365 days": f"{YEAR} {_lines(1)} {_templates(1)}",
    "3 lines x 10 templates x 2 origins, 90 days": (
        f"period:90d {_lines(1, 4, 8)} {_templates(*range(1, 11))} origin:template,notification"
    ),
    "half of the templates, odd year": f"{ODD_YEAR} {_templates(*range(1, TEMPLATES, 2))}",
    "all but one template, odd year": f"{ODD_YEAR} {_templates(*range(2, TEMPLATES + 1))}",
    "half the lines x half the templates x 3 origins, 365 days": (
        f"{YEAR} {_lines(*range(1, LINES, 2))} {_templates(*range(1, TEMPLATES, 2))}"
        " origin:template,notification,campaign"
    ),
    "all but one line x all but one template, recurrent, odd year": (
        f"{ODD_YEAR} {_lines(*range(2, LINES + 1))} {_templates(*range(2, TEMPLATES + 1))} user:recurrent"
    ),
}


def timed(action: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Runs an action `rounds` times; returns the median time in ms."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        action()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def drop_from_page_cache(path: Path) -> None:
    """Removes a file from the system's page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Measured:
    """The times of one filter, in ms.

    Attributes:
        name: the name of the filter in FILTERS.
        peers: by the name of the peer.
        recount: None: not measured.
    """

    name: str
    report: float
    peers: dict[str, float]
    recount: float | None


def measure(
    path: Path, peers: Sequence[Peer], recount: bool = False, only: str | None = None, rounds: int = ROUNDS
) -> list[Measured]:
    """Measures the report under every filter, and checks that the peers give the same numbers.

    Args:
        path: the database.
        peers: engines to compare with.
        recount: whether to measure a recount, too, and compare its numbers.
        only: measures only filters whose name contains this text.
        rounds: how often each report is measured.
    """
    measured = []
    for name, text in FILTERS.items():
        if only and only not in name:
            continue
        filter = Filter.parse(text)
        with reading(path) as connection:
            load_report(ReadSession(connection), filter, UNTIL)
            ours = timed(lambda: load_report(ReadSession(connection), filter, UNTIL), rounds)  # noqa: B023
            report = load_report(ReadSession(connection), filter, UNTIL)
            again = None
            if recount:
                begin = time.perf_counter()
                if recount_report(ReadSession(connection), filter, UNTIL) != report:
                    raise AssertionError(f"{name}: the cube differs from the recount")
                again = (time.perf_counter() - begin) * 1000
            theirs = {}
            for peer in peers:
                selected = ReadSession(connection).select(filter, UNTIL)
                peer.check(selected, report)
                theirs[peer.name] = timed(lambda: peer.report(selected), peer.rounds)  # noqa: B023
        measured.append(Measured(name, ours, theirs, again))
    return measured


def median_of(measured: Sequence[Measured], peer: str) -> float:
    """The median of a peer over the filters, ms."""
    return statistics.median(one.peers[peer] for one in measured)


def least_advantage(measured: Sequence[Measured], peer: str) -> float:
    """The smallest ratio of a peer's time to saludo's, over the filters."""
    return min(one.peers[peer] / one.report for one in measured)


def first_report(path: Path) -> list[float]:
    """The times in ms of a first report, connection included, of a file that is not in the page cache."""
    times = []
    for text in list(FILTERS.values())[:12]:
        drop_from_page_cache(path)
        begin = time.perf_counter()
        with reading(path) as connection:
            load_report(ReadSession(connection), Filter.parse(text), UNTIL)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def pages(path: Path, grouped: bool = False) -> list[float]:
    """The times in ms of pages of the table, at five depths under every filter, read as the screen reads them."""
    times = []
    with reading(path) as connection:
        for text in FILTERS.values():
            filter = Filter.parse(text)
            report = load_report(ReadSession(connection), filter, UNTIL)
            by_day = notifications_by_day(ReadSession(connection), filter, UNTIL) if grouped else None
            count = report.starts if by_day is None else sum(by_day.values())
            pager = Pager(filter, UNTIL, grouped, count, report.daily, by_day=by_day)
            for part in (0, 0.25, 0.5, 0.9, 1):
                index = min(int(pager.pages * part), pager.pages - 1)
                times.append(timed(lambda: pager.load(SqliteStore(ReadSession(connection)), index), 3))  # noqa: B023
    return times


def sorted_pages(path: Path, order: Order) -> tuple[list[float], list[float]]:
    """The times in ms of pages of the sorted table, under every filter.

    Returns:
        The times of the first page, which counts the starts, and of later pages at five depths; by contact, of later
        pages at both ends (`contact_jump` measures a jump between them).
    """
    first, later = [], []
    with reading(path) as connection:
        for text in FILTERS.values():
            filter = Filter.parse(text)
            report = load_report(ReadSession(connection), filter, UNTIL)
            pager = Pager(filter, UNTIL, False, report.starts, report.daily, order, order is Order.TIME)
            first.append(timed(lambda: pager.load(SqliteStore(ReadSession(connection)), 0), 1))  # noqa: B023
            for part in (0, 1) if order is Order.CONTACT else (0, 0.25, 0.5, 0.9, 1):
                index = min(int(pager.pages * part), pager.pages - 1)
                later.append(timed(lambda: pager.load(SqliteStore(ReadSession(connection)), index), 3))  # noqa: B023
    return first, later


def contact_jump(path: Path) -> float:
    """The time in ms of the first jump into the middle of a year's starts, sorted by contact."""
    with reading(path) as connection:
        filter = Filter.parse(YEAR)
        report = load_report(ReadSession(connection), filter, UNTIL)
        pager = Pager(filter, UNTIL, False, report.starts, report.daily, Order.CONTACT)
        return timed(lambda: pager.load(SqliteStore(ReadSession(connection)), pager.pages // 2), 1)
