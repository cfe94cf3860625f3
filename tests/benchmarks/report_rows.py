"""What the reports and pages of one database come to, as rows of the table. Measures nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.reports import Measured, least_advantage, median_of
from tests.benchmarks.rows import Row

_LARGE = 10_000_000  # starts: where the times are judged


@dataclass(frozen=True, slots=True)
class Reported:
    """One database: reports by filter, first reports of a cold file and pages of the table in ms, size in bytes."""

    starts: int
    measured: Sequence[Measured]
    first: Sequence[float]
    pages: Sequence[float]
    size: int
    peers: Sequence[str]

    @property
    def median(self) -> float:
        """Of the filters, ms."""
        return statistics.median(one.report for one in self.measured)


def report_rows(one: Reported) -> Iterator[Row]:
    """The rows of one database; what is asked of ten million starts is judged there only."""
    large = one.starts >= _LARGE
    name = f"{one.starts:,} starts:"

    def judged(what: str, value: float, most: float, unit: str, at_any_size: bool = False) -> Row:
        must = f"<= {most:g} {unit}" + ("" if at_any_size else " at 10 M")
        return Row(
            f"{name} {what}", f"{value:.1f} {unit}", "", "", must, value <= most if large or at_any_size else None
        )

    yield judged("a whole report, median of sixteen filters", one.median, 8, "ms")
    for peer in one.peers:
        theirs = median_of(one.measured, peer)
        ratio = theirs / one.median
        must, holds = ("", None) if peer != "DuckDB" else ("<= 1/25 at 10 M", ratio >= 25 if large else None)
        yield Row("", f"{one.median:.1f} ms", f"{peer}: {theirs:.1f} ms", f"1/{ratio:.0f}", must, holds)
    slowest = max(one.measured, key=lambda filter: filter.report)
    yield judged("the slowest filter", slowest.report, 100, "ms")
    for peer in one.peers:
        times = least_advantage(one.measured, peer)
        must, holds = (
            ("", None) if peer != "DuckDB" else ("faster on every filter at 10 M", times > 1 if large else None)
        )
        yield Row("", "", f"{peer}: least advantage", f"1/{times:.1f}", must, holds)
    yield judged("the first report of a file not in memory, median", statistics.median(one.first), 60, "ms")
    yield Row("", f"{max(one.first):.1f} ms", "the slowest of them")
    yield judged("a page of the table, any depth and filter, median", statistics.median(one.pages), 5, "ms")
    yield judged("a page of the table, any depth and filter, worst", max(one.pages), 30, "ms")
    yield judged(
        "database, cube included", one.size / one.starts, 400, "bytes a start", at_any_size=one.starts >= 10**6
    )


def growth_row(small: Reported, large: Reported) -> Row:
    """How the median grows with ten times the starts."""
    growth = large.median / small.median
    name = f"growth of the median, {large.starts:,} over {small.starts:,}"
    peer = f"at {small.starts:,}: {small.median:.1f} ms"
    return Row(
        name,
        f"{large.median:.1f} ms",
        peer,
        f"{growth:.1f} times",
        "<= 4",
        growth <= 4 if small.starts == _LARGE // 10 else None,
    )
