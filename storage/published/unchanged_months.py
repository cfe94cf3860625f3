"""Which months of starts a new version can take over from the version before, because none of their starts changed.

Owns the table `publications`. A worker says of each day when a start of it was last written (`changed_days`), after it
has written; a version that began to be read after that has what was written. Knows no start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from storage.clickhouse import tables
from storage.clickhouse.engine import Engine
from storage.clickhouse.tables import BUCKET, DAY_MS, Kind, Table
from storage.published import versions
from storage.published.version_tables import MONTH, TABLES, name_in

PUBLICATIONS = Table(
    "publications",
    (("version", "UInt32"), ("read_at", "UInt64")),  # the server's clock (µs) before the version was filled
    ("version",),
    Kind.PLAIN,
    shard="0",
)
_BY_MONTH = ("messages", "contact_starts")  # tables with a partition a month
_EPOCH = date(1970, 1, 1)
_MARGIN = 2  # days by which a start's day and its message's own time can differ


@dataclass(frozen=True, slots=True)
class Months:
    """Months as YYYYMM.

    Attributes:
        version: the version before; 0 if there is none that was made of the database's own tables.
        unchanged: those of its starts that are as they were.
        changed: those of which starts were written since.
    """

    version: int = 0
    unchanged: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()

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


def months(engine: Engine) -> Months:
    """What a new version need not read, and what it must."""
    tables.create(engine, (PUBLICATIONS,))
    latest = versions.latest(engine)
    if latest is None:
        return NOTHING
    found = engine.rows("SELECT read_at FROM publications WHERE version = {it:UInt32}", {"it": latest.number})
    if not found:
        return NOTHING
    if not _has_all_columns(engine, latest.number):
        return NOTHING
    there = engine.rows(f"SELECT DISTINCT {MONTH} FROM {name_in(latest.number, 'messages')}")
    written = engine.rows(
        f"SELECT DISTINCT {MONTH} FROM changed_days FINAL WHERE written_at >= {{since:UInt64}}", {"since": found[0][0]}
    )
    changed = frozenset(month for (month,) in written)
    return Months(latest.number, frozenset(month for (month,) in there) - changed, changed)


def _has_all_columns(engine: Engine, version: int) -> bool:
    """Whether a version has the columns of this program, and not of an earlier one."""
    wanted = {(name_in(version, name), column) for name in _BY_MONTH for column in TABLES[name].columns}
    found = engine.rows(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}",
        {"tables": sorted({table for table, _ in wanted})},
    )
    return {(table, column) for table, column in found} == wanted


def take_over(engine: Engine, version: int, months: Months) -> None:
    """Gives a new version the unchanged months of the version before; the server copies no row."""
    for name in _BY_MONTH:
        for month in sorted(months.unchanged):
            before = name_in(months.version, name)
            engine.run(f"ALTER TABLE {name_in(version, name)} ATTACH PARTITION {month} FROM {before}")


def note(engine: Engine, version: int, read_at: int) -> None:
    """Notes when reading of a version's starts began, after it is published."""
    engine.insert(PUBLICATIONS.name, {"version": [version], "read_at": [read_at]})


def _first_day(month: int) -> int:
    return (date(month // 100, month % 100, 1) - _EPOCH).days
