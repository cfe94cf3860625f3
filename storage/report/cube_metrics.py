"""The figures of a selection from the cube, and from the messages of the days that are dirty. Writes nothing.

Counters of "all but a few" are the total less the few; sets of users have no such way and are united from their cells.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import cached_property
from itertools import chain

from pyroaring import BitMap

from storage.cube.bitmaps import SLICE_BITS, Blob, contacts_of, unite
from storage.cube.counters import all_lines, all_templates
from storage.cube.layout import (
    ALL,
    FAILED,
    FAILED_SLICES,
    FAILURE,
    USERS_SLICE,
    Block,
    cover,
)
from storage.database.schema import REFERRED_FROM
from storage.database.unknown_ids import UNKNOWN_ID
from storage.domain.calendar import date_of, number_of
from storage.domain.failures import failure_value
from storage.domain.vocabulary import DataFlag
from storage.report.counter_sql import numbers_of, row_of, send_origins, sends_of
from storage.report.metrics import DataQualityCounts, FailureCount, Row, UserCounts
from storage.report.recount import Recount
from storage.report.selection import Dimensions, Selection
from storage.report.user_counts import EVERYBODY, Group, add_groups, groups_of, sources_of, user_counts
from storage.report.user_set_reader import Cell, sets_by_cell, sets_of

_WEIGHTS = """
WITH l (id, weight) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:lines)),
     t (id, weight) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:templates)),
     b (level, block) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:blocks))
"""
_LISTED_TEMPLATES = 20  # templates of a line that are looked up one by one; more are read with all of the line's others

Kind = tuple[int | None, str]  # code and reason
Weights = list[tuple[int, int]]


class Cube:
    """Figures of one read transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._messages = Recount(connection)
        self._covers: dict[tuple[int, int], list[Block]] = {}

    @cached_property
    def _dirty(self) -> list[Block]:
        return self.connection.execute("SELECT DISTINCT level, block FROM dirty ORDER BY level, block").fetchall()

    @cached_property
    def lines(self) -> set[int]:
        """Every line that a cell may have."""
        return all_lines(self.connection)

    @cached_property
    def templates(self) -> set[int]:
        """Every template that a cell may have."""
        return all_templates(self.connection)

    @cached_property
    def _kinds(self) -> dict[int, Kind]:
        rows = self.connection.execute("SELECT id, code, reason FROM failure_kinds")
        return {id: (code, reason) for id, code, reason in rows}

    def dirty_parts(self, selection: Selection) -> Iterator[Selection]:
        """The selection on the days of it that are dirty, in runs."""
        first, end = number_of(selection.since), number_of(selection.until)
        days = [block for level, block in self._dirty if level == 0 and first <= block < end]
        start = None
        for index, day in enumerate(days):
            start = day if start is None else start
            if index + 1 == len(days) or days[index + 1] != day + 1:
                yield selection.between(date_of(start), date_of(day) + timedelta(days=1))
                start = None

    def is_dirty(self, selection: Selection) -> bool:
        """Whether any day of the selection is dirty."""
        return any(True for _ in self.dirty_parts(selection))

    def _blocks(self, selection: Selection) -> list[Block]:
        period = number_of(selection.since), number_of(selection.until)
        if period not in self._covers:
            self._covers[period] = cover(*period, self._dirty)
        return self._covers[period]

    # Counters

    def rows(self, selection: Selection) -> list[Row]:
        """The starts of each day that has any."""
        if selection.dimensions.failures is not None:
            rows = self._rows_of_failures(selection)
        else:
            rows = self._rows_of_cells(selection)
        for part in self.dirty_parts(selection):
            rows += self._messages.rows(part)
        return rows

    def _rows_of_cells(self, selection: Selection) -> list[Row]:
        lines, templates = self._weights(selection.dimensions)
        parameters = self._parameters(selection, lines, templates)
        days = "c.day >= :since AND c.day < :until"
        if any(level == 0 for level, _ in self._dirty):
            days += " AND c.day NOT IN (SELECT block FROM dirty WHERE level = 0)"
        numbers = numbers_of(selection.dimensions.user_type)
        if len(lines) == len(templates) == 1:
            statement = f"""
                SELECT c.day, {row_of(selection.dimensions, numbers)} FROM cells AS c
                WHERE c.line = :line AND c.template = :template AND {days} ORDER BY c.day
                """
        else:
            factor = "" if _plain(lines, templates) else "l.weight * t.weight * "
            statement = f"""
                {_WEIGHTS}
                SELECT c.day, {row_of(selection.dimensions, [f"sum({factor}({number}))" for number in numbers])}
                FROM l CROSS JOIN t CROSS JOIN cells AS c ON c.line = l.id AND c.template = t.id
                WHERE {days} GROUP BY c.day
                """
        return self.connection.execute(statement, parameters).fetchall()

    def _rows_of_failures(self, selection: Selection) -> list[Row]:
        dirty = set(self._dirty)
        days = [(0, day) for day in range(number_of(selection.since), number_of(selection.until))]
        counts = self._details(selection, [day for day in days if day not in dirty], "b.block")
        return [(day, one + other, 0, 0, 0, 0, one, other, 0, 0) for day, one, other in counts if one or other]

    def _details(self, selection: Selection, blocks: list[Block], by: str) -> list[tuple[int, ...]]:
        """The details of the selection in these blocks: what they are grouped by, and how many sends of each origin
        they are."""
        chosen, conditions = selection.dimensions, ""
        lines, templates = self._weights(chosen)
        if chosen.statuses is not None:
            conditions += " AND d.status IN (SELECT value FROM json_each(:statuses))"
        if chosen.failures is not None:
            conditions += " AND d.failure IN (SELECT value FROM json_each(:kinds))"
        parameters = self._parameters(selection, lines, templates)
        parameters |= {"blocks": json.dumps(blocks), "kinds": json.dumps(self.kinds_of(chosen))}
        # Few templates are looked up one by one; of many it is faster to read all that a line has.
        listed = "" if len(templates) <= _LISTED_TEMPLATES else "+"
        parameters |= {
            "of_templates": json.dumps([template for template, _ in templates]),
            "weight": templates[-1][1] if templates else 1,
        }
        factor = "" if _plain(lines, templates) else f"l.weight * iif(d.template = {ALL}, 1, :weight) * "
        origins = send_origins(chosen)
        counts = [
            sends_of(origin, chosen.user_type, factor) if origin in origins else "0" for origin in range(REFERRED_FROM)
        ]
        rows: list[tuple[int, ...]] = self.connection.execute(
            f"""
            {_WEIGHTS}
            SELECT {by}, {", ".join(counts)}
            FROM b CROSS JOIN l CROSS JOIN details AS d ON d.level = b.level AND d.block = b.block AND d.line = l.id
                AND {listed}d.template IN (SELECT value FROM json_each(:of_templates))
            WHERE 1 {conditions} GROUP BY {by}
            """,
            parameters,
        ).fetchall()
        return rows

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """What a person should know of the sends."""
        found = {mark: 0 for mark in DataFlag}
        unknown = 0
        for _, marks, *counts in self._totals(selection):
            for mark in found:
                found[mark] += sum(counts) if marks & mark.value else 0
        chosen = selection.dimensions
        if chosen.templates is None or UNKNOWN_ID in chosen.templates:
            unknown = self._unknown_templates(selection)
        total = [
            unknown,
            found[DataFlag.JOINED],
            found[DataFlag.IMPLIED],
            found[DataFlag.CONFLICT],
        ]
        for part in self.dirty_parts(selection):
            more = self._messages.data_quality(part)
            total[0] += more.unknown_template
            total[1] += more.joined
            total[2] += more.implied
            total[3] += more.conflicts
        return DataQualityCounts(*total)

    def _totals(self, selection: Selection) -> list[tuple[int, ...]]:
        """The details of the selection by failure and marks."""
        if self._totals_of is not None and self._totals_of[0] == selection:
            return self._totals_of[1]
        totals = self._details(selection, self._blocks(selection), "d.failure, d.marks")
        self._totals_of = (selection, totals)
        return totals

    _totals_of: tuple[Selection, list[tuple[int, ...]]] | None = None

    def _unknown_templates(self, selection: Selection) -> int:
        chosen = selection.dimensions
        only = chosen.replace(templates=frozenset((UNKNOWN_ID,)))
        rows = self._rows_of_failures if chosen.failures is not None else self._rows_of_cells
        return sum(sum(row[6 : 6 + REFERRED_FROM]) for row in rows(selection.with_dimensions(only)))

    def _weights(self, chosen: Dimensions) -> tuple[Weights, Weights]:
        """The cells of each dimension that add up to what is chosen: the chosen ones, or all less the others."""
        return (
            _weights(chosen.lines, lambda: self.lines),
            _weights(chosen.templates, lambda: self.templates),
        )

    def _parameters(self, selection: Selection, lines: Weights, templates: Weights) -> dict[str, str | int]:
        chosen = selection.dimensions
        return selection.parameters | {
            "statuses": json.dumps(sorted(chosen.statuses or ())),
            "lines": json.dumps(lines),
            "templates": json.dumps(templates),
            "line": lines[0][0] if lines else ALL,
            "template": templates[0][0] if templates else ALL,
            "blocks": "[]",
        }

    def kinds_of(self, chosen: Dimensions) -> list[int]:
        """The ids of the failures that are chosen by code or reason."""
        if chosen.failures is None:
            return []
        return [
            id
            for id, (code, reason) in self._kinds.items()
            if not chosen.failures.isdisjoint((reason, str(code), failure_value(reason, code)))
        ]

    # Users

    def users(self, selection: Selection) -> UserCounts:
        """All that is a count of distinct contacts."""
        return user_counts(self._groups(selection))

    def contacts(self, selection: Selection) -> BitMap:
        """The distinct contacts themselves."""
        return BitMap.union(BitMap(), *chain.from_iterable(self._groups(selection).values()))

    def _groups(self, selection: Selection) -> dict[Group, list[BitMap]]:
        chosen = selection.dimensions
        groups: defaultdict[Group, list[BitMap]] = defaultdict(list)

        for source in sources_of(chosen):
            failures = self.kinds_of(chosen) if source.kind == FAILED else (0,)
            sets = (blob for failure, blob in self._sets(source.kind, selection) if failure in failures)
            add_groups(groups, unite(sets), groups_of(source, chosen))
        for part in self.dirty_parts(selection):
            add_groups(groups, self._users_of_messages(part), groups_of(EVERYBODY, chosen))
        return groups

    def sent_by_cell(self, selection: Selection, cells: Collection[Cell]) -> dict[Cell, int]:
        """How many contacts each of some cells of single lines and templates was sent to; no day of them is dirty."""
        chosen = selection.dimensions
        groups: dict[Cell, defaultdict[Group, list[BitMap]]] = {cell: defaultdict(list) for cell in cells}
        for source in sources_of(chosen):
            failures = self.kinds_of(chosen) if source.kind == FAILED else (0,)
            blobs: defaultdict[Cell, list[Blob]] = defaultdict(list)
            for cell, failure, blob in sets_by_cell(self.connection, source.kind, cells):
                if failure in failures:
                    blobs[cell].append(blob)
            wanted = groups_of(source, chosen)
            for cell, sets in blobs.items():
                add_groups(groups[cell], unite(sets), wanted)
        return {cell: user_counts(of_cell).sent for cell, of_cell in groups.items()}

    def _users_of_messages(self, selection: Selection) -> BitMap:
        rows = self.connection.execute(
            f"""
            SELECT (({USERS_SLICE}) << {SLICE_BITS}) | m.contact FROM messages AS m
            WHERE {selection.condition} AND m.contact IS NOT NULL
            """,
            selection.parameters,
        )
        return BitMap([number for (number,) in rows])

    def _sets(self, kind: int, selection: Selection) -> Iterator[tuple[int, Blob | BitMap]]:
        chosen = selection.dimensions
        templates = self.templates if chosen.templates is not None else ()
        lines = self.lines if chosen.templates is not None else ()
        return sets_of(self.connection, kind, self._blocks(selection), chosen, lines, templates)

    # Failures

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """By count, then code (none last), then reason."""
        counts: defaultdict[Kind, int] = defaultdict(int)
        for failure, _, *sends in self._totals(selection):
            if failure and (count := sum(sends)):
                counts[self._kinds[failure]] += count
        users = self._failed_users(selection) if counts else {}
        for part in self.dirty_parts(selection):
            self._add_failures(part, counts, users)
        found = [FailureCount(*kind, count, len(users.get(kind, ()))) for kind, count in counts.items()]
        return tuple(
            sorted(found, key=lambda one: (-one.count, one.code is None, one.code or 0, one.reason)),
        )

    def _failed_users(self, selection: Selection) -> dict[Kind, BitMap]:
        chosen = selection.dimensions
        slices = [number for number, origin, user_type, _ in FAILED_SLICES if chosen.includes(origin, user_type)]
        blobs: defaultdict[int, list[Blob | BitMap]] = defaultdict(list)
        for failure, blob in self._sets(FAILED, selection):
            blobs[failure].append(blob)
        wanted = blobs if chosen.failures is None else blobs.keys() & self.kinds_of(chosen)
        return {self._kinds[failure]: contacts_of(unite(blobs[failure]), slices) for failure in wanted}

    def _add_failures(self, selection: Selection, counts: dict[Kind, int], users: dict[Kind, BitMap]) -> None:
        rows = self.connection.execute(
            f"""
            SELECT m.failure_code, m.failure_reason, m.contact FROM messages AS m
            WHERE {selection.condition} AND m.status = {FAILURE}
            """,
            selection.parameters,
        )
        for code, reason, contact in rows:
            kind = (code, reason)
            counts[kind] = counts.get(kind, 0) + 1
            if contact is not None:
                users.setdefault(kind, BitMap()).add(contact)


def _weights(chosen: frozenset[int] | None, everything: Callable[[], set[int]]) -> Weights:
    if chosen is None:
        return [(ALL, 1)]
    others = everything() - chosen
    if len(chosen) <= len(others) + 1:
        return [(id, 1) for id in sorted(chosen)]
    return [(ALL, 1), *((id, -1) for id in sorted(others))]


def _plain(*weights: Weights) -> bool:
    return all(weight == 1 for some in weights for _, weight in some)
