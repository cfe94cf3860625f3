"""Counts the cells of a version: its starts by block of days, line and template, with the contacts as bitmaps.

A cell holds what the starts of a block of days have in common: all of them, those of a line, of a template, or of both.
It has a row for each origin, user type, status and failure among them. So every number of a report, under every filter
that names no contact, is a sum or a union of rows. Blocks of days are those of SQLite's cube (storage/cube/layout.py).
Cells of classes have fewer rows: what a report that names none of these counts together is in one.

The rows of a month are counted from its starts and are never adjusted: those of a month without a change are taken
over from the version before, the others are counted again. Nobody reads a version before all of them are there.
`cell_counts` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import IntFlag

from storage.clickhouse.engine import NO_TABLE, Engine, EngineError
from storage.cube.layout import ALL, LEVELS, Block
from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, STATUS_RECEIVED, STATUS_SENT
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID
from storage.domain.calendar import date_of
from storage.domain.vocabulary import DataFlag
from storage.language.texts import _
from storage.published.unchanged_months import NOTHING, Months
from storage.published.version_tables import COUNTERS, MONTH, QUARTERS, name_in

_AT_ONCE = 2_000_000  # starts whose cells are counted by one statement: so much memory it takes


class Scope(IntFlag):
    """Which starts of a block of days a cell has: of a line, of a template, of both, or all.

    CLASSES: its rows are the classes of CLASS. Those of single days, and of both line and template, would take more
    bytes than they save time.
    """

    EVERY = 0
    LINE = 1
    TEMPLATE = 2
    BOTH = LINE | TEMPLATE
    CLASSES = 4


# Each scope with the levels of its blocks.
_LEVELS = {
    **{scope: LEVELS for scope in (Scope.EVERY, Scope.LINE, Scope.TEMPLATE, Scope.BOTH)},
    **{Scope.CLASSES | scope: LEVELS[1:] for scope in (Scope.EVERY, Scope.LINE, Scope.TEMPLATE)},
}


def class_of(rows: str) -> str:
    """SQL: 0 failed; 1, 2 reached, 3, 4 answered, 5, 6 referred, new before recurrent: all that UserCounts tells apart.

    Args:
        rows: the alias of a table of starts or of cells.
    """
    return (
        f"multiIf({rows}.status = {STATUS_FAILED}, 0, {rows}.origin >= {REFERRED_FROM}, 5 + {rows}.user_type,"
        f" {rows}.status = {STATUS_ANSWERED}, 3 + {rows}.user_type, 1 + {rows}.user_type)"
    )


# A row of a class has the origin, user type and status of one of its starts, so that it is told from the others.
_OF_A_CLASS = {
    "origin": f"if(c.origin >= {REFERRED_FROM}, {REFERRED_FROM}, 0)",
    "user_type": f"if(c.status = {STATUS_FAILED}, 0, c.user_type)",
    "status": f"if(c.status IN ({STATUS_FAILED}, {STATUS_ANSWERED}, {STATUS_RECEIVED}), c.status, {STATUS_SENT})",
}
_CLASS = ("origin", "user_type", "status", "failure_code", "failure_reason")
_COUNTS = ("starts", "quality")
_FLAGS = (DataFlag.JOINED, DataFlag.IMPLIED, DataFlag.CONFLICT)
_QUALITY = ", ".join(  # as in DataQualityCounts
    (
        "countIf(m.start_template IS NULL)",
        *(f"countIf(bitAnd(m.marks, {flag.value}) <> 0)" for flag in _FLAGS),
        "countIf(m.contact IS NULL)",
    )
)
_COUNTED = f"count(), [{_QUALITY}], groupBitmapStateIf(assumeNotNull(m.contact), m.contact IS NOT NULL)"


class NotCountedOnce(EngineError):
    """The cells do not have every start exactly once."""


def contacts_of_cells(cells: str) -> str:
    """SQL: the bitmap of the contacts of grouped cells.

    Args:
        cells: the alias of the table.
    """
    listed = f"CAST(groupBitmapArrayState({cells}.contact_list), 'AggregateFunction(groupBitmap, UInt32)')"
    return f"bitmapOr(groupBitmapMergeState({cells}.contacts), {listed})"


_ADDED = f"sum(c.starts), sumForEach(c.quality), {contacts_of_cells('c')}"
_KEYS = ("scope", "level", "part", "block", "line", "template", *_CLASS)
# A Roaring bitmap has a container for each 65,536 ids. Where these have few contacts each, to make and unite them takes
# longer than to add the contacts one by one.
_FEW_IN_A_CONTAINER = 32
_IS_DENSE = "bitmapCardinality(users) > {few} * (1 + bitShiftRight(bitmapMax(users), 16))"
_INSERT = f"""
INSERT INTO {{cells}} ({", ".join((*_KEYS, *_COUNTS, "contacts", "contact_list"))})
SELECT * EXCEPT users, if({_IS_DENSE}, users, bitmapBuild(emptyArrayUInt32())),
       if({_IS_DENSE}, emptyArrayUInt32(), bitmapToArray(users))
FROM ({{counted}}) SETTINGS max_partitions_per_insert_block = 0
"""
_COUNTERS = ", ".join(
    f"sumIf(c.starts, c.origin = {origin} AND c.user_type = {user_type} AND c.status = {status})"
    for origin, user_type, status in COUNTERS
)
_DAYS = f"""
INSERT INTO {{days}} (scope, part, block, line, template, counters)
SELECT c.scope, c.part, c.block, c.line, c.template, [{_COUNTERS}]
FROM {{cells}} AS c WHERE c.part IN ({{months}}) AND c.level = 0
GROUP BY c.scope, c.part, c.block, c.line, c.template SETTINGS max_partitions_per_insert_block = 0
"""
_PARTITIONED = ("cells", "day_counts")

# The first day of the week, cut where a month begins, of the month and of the quarter that a block is in.
_DATE = "toDate32(c.block)"
_FIRST_OF_MONTH = f"c.block - toDayOfMonth({_DATE}) + 1"
_FIRST_MONTH = f"toMonth({_DATE}) - (toMonth({_DATE}) - 1) % 3"
_BLOCK_ABOVE = {
    1: f"greatest(c.block - positiveModulo(c.block + 3, 7), {_FIRST_OF_MONTH})",
    2: _FIRST_OF_MONTH,
    3: f"toInt32(makeDate32(toYear({_DATE}), {_FIRST_MONTH}, 1))",
}
_PART_OF_QUARTER = f"{QUARTERS} + toYear({_DATE}) * 100 + {_FIRST_MONTH}"


def part_of(block: Block) -> int:
    """The column `part` of a block."""
    level, first = block
    day = date_of(first)
    return day.year * 100 + day.month + (QUARTERS if level == 3 else 0)


def count(engine: Engine, version: int, months: Months = NOTHING) -> None:
    """Counts the cells of a version from its starts, which are complete.

    Args:
        months: those that need not be counted again.

    Raises:
        NotCountedOnce: an insert whose answer was lost may have happened twice.
    """
    taken = _take_over(engine, version, months)
    starts = dict(engine.rows(f"SELECT {MONTH}, count() FROM {name_in(version, 'messages')} GROUP BY 1 ORDER BY 1"))
    for some in _runs({month: number for month, number in starts.items() if month not in taken}):
        _count_months(engine, version, some)
    quarters = {_quarter_of(month) for month in starts} - taken
    if quarters:
        _add(engine, version, [month for month in starts if _quarter_of(month) in quarters], 3)
    _prove(engine, version, sum(starts.values()))
    for table in _PARTITIONED:
        # Reports take up to twice the time while a month is in several parts; those taken over are in one.
        engine.run(f"OPTIMIZE TABLE {name_in(version, table)} FINAL SETTINGS optimize_skip_merged_partitions = 1")


def _prove(engine: Engine, version: int, starts: int) -> None:
    """Raises NotCountedOnce unless every scope and level has all starts."""
    rows = engine.rows(f"SELECT scope, level, sum(starts) FROM {name_in(version, 'cells')} GROUP BY 1, 2")
    rows += engine.rows(f"SELECT scope, -1, sum(arraySum(counters)) FROM {name_in(version, 'day_counts')} GROUP BY 1")
    wanted = [(scope, level) for scope, levels in _LEVELS.items() for level in levels]
    wanted += [(scope, -1) for scope in _LEVELS if not scope & Scope.CLASSES]
    if sorted(rows) != sorted((*one, starts) for one in wanted if starts):
        raise NotCountedOnce(_("not every start was counted exactly once; try again"))


def _quarter_of(month: int) -> int:
    """The `part` of the quarter of a month."""
    return QUARTERS + month - (month % 100 - 1) % 3


def _take_over(engine: Engine, version: int, months: Months) -> set[int]:
    """Takes over the cells of unchanged months and quarters; the server copies no row. Returns their parts."""
    changed = months.changed | {_quarter_of(month) for month in months.changed}
    taken: set[int] = set()
    for table in _PARTITIONED if months.version else ():
        before = name_in(months.version, table)
        try:
            rows = engine.rows(f"SELECT DISTINCT part FROM {before}")
        except EngineError as error:
            if error.code != NO_TABLE:
                raise
            return set()  # a version that was made before there were cells
        for part in sorted({part for (part,) in rows} - changed):
            engine.run(f"ALTER TABLE {name_in(version, table)} ATTACH PARTITION {part} FROM {before}")
            taken.add(part)
    return taken


def _runs(months: Mapping[int, int]) -> Iterator[list[int]]:
    """Months in runs of at most _AT_ONCE starts; a month with more is a run of its own.

    Args:
        months: the number of the starts of each.
    """
    run: list[int] = []
    of_run = 0
    for month, starts in months.items():
        if run and of_run + starts > _AT_ONCE:
            yield run
            run, of_run = [], 0
        run.append(month)
        of_run += starts
    if run:
        yield run


def _count_months(engine: Engine, version: int, months: list[int]) -> None:
    """Counts the cells of some months but for their quarters, finest first."""
    keys = ("m.day", LINE_ID, TEMPLATE_ID.replace("iif(", "if("), *(f"m.{name}" for name in _CLASS))
    counted = f"""
        SELECT {Scope.BOTH.value}, 0, {MONTH}, {", ".join(keys)}, {_COUNTED} AS users
        FROM {name_in(version, "messages")} AS m WHERE {MONTH} IN ({_list(months)}) GROUP BY {", ".join(keys)}
        """
    _insert(engine, version, counted)
    for level in (1, 2):
        _add(engine, version, months, level, Scope.BOTH)
    _roll_up(engine, version, months, Scope.BOTH, Scope.LINE)
    _roll_up(engine, version, months, Scope.BOTH, Scope.TEMPLATE)
    _roll_up(engine, version, months, Scope.LINE, Scope.EVERY)
    _unite_classes(engine, version, months)
    days, cells = name_in(version, "day_counts"), name_in(version, "cells")
    engine.run(_DAYS.format(days=days, cells=cells, months=_list(months)))


def _add(engine: Engine, version: int, months: list[int], level: int, scope: Scope | None = None) -> None:
    """Adds up blocks of days to those of the level above, of one scope or of all."""
    part = _PART_OF_QUARTER if level == 3 else "c.part"
    keys = {"level": str(level), "part": part, "block": _BLOCK_ABOVE[level]}
    condition = "1" if scope is None else f"c.scope = {scope.value}"
    _sum(engine, version, keys, f"c.part IN ({_list(months)}) AND c.level = {level - 1} AND {condition}")


def _roll_up(engine: Engine, version: int, months: list[int], scope: Scope, into: Scope) -> None:
    """Adds up the cells of one scope, of all levels but quarters, to those of a scope that has fewer of them."""
    keys = {"scope": str(into.value)}
    keys |= {} if into is Scope.LINE else {"line": str(ALL)}
    keys |= {} if into is Scope.TEMPLATE else {"template": str(ALL)}
    _sum(engine, version, keys, f"c.part IN ({_list(months)}) AND c.scope = {scope.value}")


def _unite_classes(engine: Engine, version: int, months: list[int]) -> None:
    """Adds up the rows of each class, of the scopes and levels that have such cells."""
    scopes = _list(scope - Scope.CLASSES for scope in _LEVELS if scope & Scope.CLASSES)
    keys = {"scope": f"c.scope + {Scope.CLASSES.value}", **_OF_A_CLASS}
    _sum(engine, version, keys, f"c.part IN ({_list(months)}) AND c.level > 0 AND c.scope IN ({scopes})")


def _sum(engine: Engine, version: int, changed: Mapping[str, str], condition: str) -> None:
    """Adds up the cells that meet a condition.

    Args:
        changed: those keys of the sums that are not those of what is added up, as SQL.
    """
    keys = [changed.get(name, f"c.{name}") for name in _KEYS]
    grouped = ", ".join(key for key in keys if not key.isdigit())
    _insert(
        engine,
        version,
        f"SELECT {', '.join(keys)}, {_ADDED} AS users FROM {name_in(version, 'cells')} AS c"
        f" WHERE {condition} GROUP BY {grouped}",
    )


def _insert(engine: Engine, version: int, counted: str) -> None:
    """Inserts cells.

    Args:
        counted: a query of their keys and counts, and `users`, the bitmap of their contacts.
    """
    engine.run(_INSERT.format(cells=name_in(version, "cells"), counted=counted, few=_FEW_IN_A_CONTAINER))


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
