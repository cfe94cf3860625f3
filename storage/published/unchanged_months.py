"""Which months of starts a new version can take over from the version before, because none of their starts changed.

Owns the table `version_months`: of each month of a version the number of its starts and the sum of their digests. A
digest is a hash of all that is known and shown of a message, so a month with the same number and sum is the same. Knows
no start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from storage.clickhouse import tables
from storage.clickhouse.engine import Engine
from storage.clickhouse.tables import BUCKET, DAY_MS, Kind, Table
from storage.published import versions
from storage.published.version_tables import MONTH, name_in

VERSION_MONTHS = Table(
    "version_months",
    (("version", "UInt32"), ("month", "UInt32"), ("starts", "UInt64"), ("digests", "UInt64")),
    ("version", "month"),
    Kind.PLAIN,
    shard="0",
)
_BY_MONTH = ("messages", "contact_starts")  # tables with a partition a month
_EPOCH = date(1970, 1, 1)
_MARGIN = 2  # days by which a start's day and its message's own time can differ
_NEAR = ", ".join(f"toYYYYMM(toDate32(intDiv(at, {DAY_MS}) {sign} {_MARGIN}))" for sign in "-+")
# A platform's row that is joined to a start is shown with it, and is at most a minute away.
_MONTHS = f"""
SELECT arrayJoin(if(origin IS NOT NULL, [{MONTH}], arrayDistinct([{_NEAR}]))) AS month,
       countIf(origin IS NOT NULL), sum(digest)
FROM {{messages}} FINAL WHERE origin IS NOT NULL OR joined IS NOT NULL GROUP BY month
"""

MonthDigests = Mapping[int, tuple[int, int]]  # starts and sum of digests, by month


@dataclass(frozen=True, slots=True)
class Months:
    """Months as YYYYMM.

    Attributes:
        version: the version before; 0 if there is none that was made of the database's own tables.
        unchanged: those of its starts that are as they were.
        changed: those of which starts are not what they were.
        digests: of all months of the new version.
    """

    version: int = 0
    unchanged: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    digests: MonthDigests = field(default_factory=dict, compare=False)

    @property
    def starts(self) -> int:
        """The number of the starts of the new version."""
        return sum(starts for starts, _digests in self.digests.values())

    def condition(self) -> str:
        """SQL about `messages`: the start is to be read again; the first part finds rows, the second one is exact."""
        if not self.version:
            return "1"
        if not self.changed:
            return "0"
        low, high = _first_day(min(self.changed)) - _MARGIN, _first_day(max(self.changed)) + 31 + _MARGIN
        listed = ", ".join(map(str, sorted(self.changed)))
        return f"bucket BETWEEN {low * DAY_MS // BUCKET} AND {high * DAY_MS // BUCKET} AND {MONTH} IN ({listed})"


NOTHING = Months()  # is taken over


def months(engine: Engine, messages: str = "messages") -> Months:
    """What a new version need not read, and what it must.

    Args:
        messages: the table of all messages that the version is made of.
    """
    tables.create(engine, (VERSION_MONTHS,))
    digests = {month: (starts, sum) for month, starts, sum in engine.rows(_MONTHS.format(messages=messages))}
    latest = versions.latest(engine)
    if latest is None or not versions.is_of_this_program(engine, latest.number):
        return Months(digests=digests)
    found = engine.rows(
        "SELECT month, starts, digests FROM version_months WHERE version = {it:UInt32}", {"it": latest.number}
    )
    if not found:
        return Months(digests=digests)
    before = {month: (starts, sum) for month, starts, sum in found}
    unchanged = frozenset(
        month for month, (starts, sum) in digests.items() if starts and before.get(month) == (starts, sum)
    )
    changed = frozenset(month for month in digests | before if digests.get(month) != before.get(month))
    return Months(latest.number, unchanged, changed, digests)


def take_over(engine: Engine, version: int, months: Months) -> None:
    """Gives a new version the unchanged months of the version before; the server copies no row."""
    for name in _BY_MONTH:
        for month in sorted(months.unchanged):
            before = name_in(months.version, name)
            engine.run(f"ALTER TABLE {name_in(version, name)} ATTACH PARTITION {month} FROM {before}")


def note(engine: Engine, version: int, months: Months) -> None:
    """Notes what a version has of each month, after it is published."""
    rows = [(version, month, *digest) for month, digest in sorted(months.digests.items())]
    engine.insert(
        VERSION_MONTHS.name, dict(zip(VERSION_MONTHS.names, zip(*rows, strict=True), strict=True)) if rows else {}
    )


def _first_day(month: int) -> int:
    return (date(month // 100, month % 100, 1) - _EPOCH).days
