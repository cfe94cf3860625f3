"""Counts of starts on days that are not dirty, from the cube's tables `cells` and `details`. Knows no set of users.

What a filter selects of lines and templates is added up with signs (signed_ids.py).
"""

from __future__ import annotations

import json
from typing import NamedTuple

from storage.cube.layout import ALL, Block
from storage.database.codes import REFERRED_FROM
from storage.database.unknown_ids import UNKNOWN_ID
from storage.domain.vocabulary import DataFlag
from storage.report.counter_sql import day_counts_columns, packed_counters, send_origins, sum_of_sends
from storage.report.cube_catalog import CubeCatalog
from storage.report.metrics import DataQualityCounts, DayCounts, day_counts_of, difference
from storage.report.selection import Dimensions, Selection
from storage.report.signed_ids import SignedIds, signed_ids

# Up to so many templates are looked up one by one; for more, reading all details of a line is faster.
_LISTED_TEMPLATES = 20


class SendTotal(NamedTuple):
    """Sends of one failure kind (0: did not fail) and one set of data-quality flags."""

    failure: int
    flags: int
    sends: int


class CubeCounters:
    """Counts of starts in one read transaction."""

    def __init__(self, catalog: CubeCatalog) -> None:
        self.catalog = catalog
        self._connection = catalog.connection
        self._last_totals: tuple[Selection, list[SendTotal]] | None = None

    def day_counts(self, selection: Selection) -> list[DayCounts]:
        """The counts of each day that has a start and is not dirty, in any order."""
        dimensions = selection.dimensions
        if dimensions.failures is not None:
            return self._failures_by_day(selection)
        days = self._cells_by_day(selection)
        if dimensions.other_failures:
            left_out = dimensions.of_excluded_failures()
            days = difference(days, self._failures_by_day(selection.with_dimensions(left_out)))
        return days

    def _cells_by_day(self, selection: Selection) -> list[DayCounts]:
        dimensions = selection.dimensions
        lines, templates = self.signed_ids(dimensions)
        packed = packed_counters(dimensions.user_type)
        days = "c.day >= :since AND c.day < :until"
        if self.catalog.has_dirty_days:
            days += " AND c.day NOT IN (SELECT block FROM dirty WHERE level = 0)"
        parameters: dict[str, str | int] = dict(selection.parameters)
        if len(lines.ids) == len(templates.ids) == 1:
            parameters |= {"line": lines.ids[0], "template": templates.ids[0]}
            statement = f"""
                SELECT c.day, {day_counts_columns(dimensions, packed)} FROM cells AS c
                WHERE c.line = :line AND c.template = :template AND {days} ORDER BY c.day
                """
        else:
            parameters |= {"lines": json.dumps(lines.signed), "templates": json.dumps(templates.signed)}
            sign = "l.sign * t.sign * " if lines.subtracted or templates.subtracted else ""
            statement = f"""
                WITH l (id, sign) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:lines)),
                     t (id, sign) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:templates))
                SELECT c.day, {day_counts_columns(dimensions, [f"sum({sign}({integer}))" for integer in packed])}
                FROM l CROSS JOIN t CROSS JOIN cells AS c ON c.line = l.id AND c.template = t.id
                WHERE {days} GROUP BY c.day
                """
        return day_counts_of(self._connection.execute(statement, parameters))

    def _failures_by_day(self, selection: Selection) -> list[DayCounts]:
        rows = self.sends_by("b.block", selection.dimensions, self.catalog.clean_days(selection))
        return [
            DayCounts(day, failed=template + notification, template=template, notification=notification)
            for day, template, notification in rows
            if template or notification
        ]

    def totals(self, selection: Selection) -> list[SendTotal]:
        """The sends by failure kind and flags; sends with neither are missing."""
        if self._last_totals is None or self._last_totals[0] != selection:
            rows = self.sends_by("d.failure, d.marks", selection.dimensions, self.catalog.clean_blocks(selection))
            totals = [SendTotal(failure, flags, sum(sends)) for failure, flags, *sends in rows]
            self._last_totals = selection, totals
        return self._last_totals[1]

    def sends_by(
        self,
        columns: str,
        dimensions: Dimensions,
        blocks: list[Block],
        ids: tuple[SignedIds, SignedIds] | None = None,
    ) -> list[tuple[int, ...]]:
        """The sends in `details` of some blocks: the columns that they are grouped by, then the sends of each origin.

        Templates are not joined but looked up by an index condition, so a template's sign follows from its id.

        Args:
            columns: SQL of `details AS d` and the blocks `b`.
            ids: the lines and templates to add up; None: those of `dimensions`.
        """
        lines, templates = self.signed_ids(dimensions) if ids is None else ids
        sign = ""
        if lines.subtracted or templates.subtracted:
            sign_of_template = f"iif(d.template = {ALL}, 1, -1)" if templates.subtracted else "1"
            sign = f"l.sign * {sign_of_template} * "
        origins = send_origins(dimensions)
        sends = [
            sum_of_sends(origin, dimensions.user_type, sign) if origin in origins else "0"
            for origin in range(REFERRED_FROM)
        ]
        conditions = ""
        if dimensions.statuses is not None:
            conditions += " AND d.status IN (SELECT value FROM json_each(:statuses))"
        if dimensions.failures is not None:
            conditions += " AND d.failure IN (SELECT value FROM json_each(:failures))"
        elif dimensions.other_failures:
            conditions += " AND d.failure NOT IN (SELECT value FROM json_each(:other_failures))"
        # With the plus, SQLite reads all templates of a line and does not look up each listed one.
        scan = "" if len(templates.ids) <= _LISTED_TEMPLATES else "+"
        return self._connection.execute(
            f"""
            WITH l (id, sign) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:lines)),
                 b (level, block) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:blocks))
            SELECT {columns}, {", ".join(sends)}
            FROM b CROSS JOIN l CROSS JOIN details AS d ON d.level = b.level AND d.block = b.block AND d.line = l.id
                AND {scan}d.template IN (SELECT value FROM json_each(:templates))
            WHERE 1 {conditions} GROUP BY {columns}
            """,
            {
                "lines": json.dumps(lines.signed),
                "templates": json.dumps(templates.ids),
                "blocks": json.dumps(blocks),
                "statuses": json.dumps(sorted(dimensions.statuses or ())),
                "failures": json.dumps(self.catalog.failure_ids(dimensions)),
                "other_failures": json.dumps(self.catalog.other_failure_ids(dimensions)),
            },
        ).fetchall()

    def send_quality(self, selection: Selection) -> DataQualityCounts:
        """Sends with data-quality flags, on days that are not dirty."""
        totals = self.totals(selection)

        def flagged(flag: DataFlag) -> int:
            return sum(total.sends for total in totals if total.flags & flag.value)

        return DataQualityCounts(
            unknown_template=self._unknown_templates(selection),
            joined=flagged(DataFlag.JOINED),
            implied=flagged(DataFlag.IMPLIED),
            conflicts=flagged(DataFlag.CONFLICT),
            unknown_contacts=flagged(DataFlag.UNKNOWN_CONTACT),
        )

    def _unknown_templates(self, selection: Selection) -> int:
        dimensions = selection.dimensions
        if dimensions.templates is not None and UNKNOWN_ID not in dimensions.templates:
            return 0
        of_unknown = dimensions.replace(templates=frozenset((UNKNOWN_ID,)))
        return sum(day.sends for day in self.day_counts(selection.with_dimensions(of_unknown)))

    def signed_ids(self, dimensions: Dimensions) -> tuple[SignedIds, SignedIds]:
        """The lines and the templates whose counters add up to what is selected."""
        # The catalog reads its lines and templates when first asked: only a filter that names some needs them.
        return (
            signed_ids(dimensions.lines, set() if dimensions.lines is None else self.catalog.lines),
            signed_ids(dimensions.templates, set() if dimensions.templates is None else self.catalog.templates),
        )
