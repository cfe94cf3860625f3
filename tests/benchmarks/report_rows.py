"""The figures of reports and pages as rows of the table of figures. Measures nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.reports import Measured, least_advantage, median_of
from tests.benchmarks.rows import Row

_LARGE = 10_000_000  # starts: most limits apply to databases of this size


@dataclass(frozen=True, slots=True)
class Reported:
    """The figures of one database.

    Attributes:
        measured: times of reports, by filter.
        first: times of first reports of a file that is not in the page cache, ms.
        pages: times of pages of the table, ms.
        size: bytes of the database.
        peers: names of the measured peers.
    """

    starts: int
    measured: Sequence[Measured]
    first: Sequence[float]
    pages: Sequence[float]
    size: int
    peers: Sequence[str]

    @property
    def median(self) -> float:
        """The median time of a report over the filters, ms."""
        return statistics.median(one.report for one in self.measured)


def report_rows(one: Reported) -> Iterator[Row]:
    """The rows of one database; limits for ten million starts apply only to a database of that size."""
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
    """The growth of the median from one million to ten million starts."""
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
