"""How many starts of a selection each line and each template has. From the cube; dirty days from the messages.

A filter of a single contact is counted from the messages alone. Returns ids, and knows no name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from storage.cube.layout import ALL
from storage.database.codes import ORIGINS
from storage.database.queries import Queries
from storage.database.unknown_ids import LINE_ID, TEMPLATE_ID
from storage.domain.dimension import Dimension
from storage.report.counter_sql import send_origins, sum_of_sends
from storage.report.cube_metrics import Cube
from storage.report.leaf_cells import ALL_STATUSES, counters_of, details_condition, leaf_cells, of_sends
from storage.report.read_session import ReadSession
from storage.report.selection import Dimensions, Selection
from storage.report.session import Session

_FAILURES_BY = """
SELECT {column}, {sends}
FROM json_each(:blocks) AS b CROSS JOIN details AS d ON d.level = b.value ->> 0 AND d.block = b.value ->> 1
    AND d.line IN (SELECT value FROM json_each(:of_lines))
    AND d.template IN (SELECT value FROM json_each(:of_templates))
WHERE failure IN (SELECT value FROM json_each(:failures)) AND {dimensions}
GROUP BY 1"""
_STARTS_OF_MESSAGES = """
SELECT {id}, count(*) FROM messages AS m
WHERE {condition} AND m.origin IN (SELECT value FROM json_each(:of_origins))
GROUP BY 1
"""


GroupBy = Literal["line", "template"]


def pairs_with_starts(cube: Cube, selection: Selection) -> tuple[list[tuple[int, int]], int]:
    """The pairs of line and template that have a selected start, and how many starts of any kind these pairs have.

    No day of the selection may be dirty.
    """
    condition, parameters = leaf_cells(cube.catalog, selection, selection.dimensions)
    any_start = " + ".join(counters_of(Dimensions(), ALL_STATUSES))
    rows = cube.connection.execute(
        f"SELECT line, template, sum({any_start}) {condition} GROUP BY line, template", parameters
    ).fetchall()
    return [(line, template) for line, template, _ in rows], sum(count for _, _, count in rows)


def counts_by_line(session: Session, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each line has, by its id."""
    return _starts_by(session, selection, selection.dimensions, "line")


def counts_by_template(session: Session, selection: Selection) -> dict[int, int]:
    """How many sends of the selection each template has, by its id; a referred start usually has none."""
    return _starts_by(session, selection, of_sends(selection.dimensions), "template")


def starts_by_template(session: Session, selection: Selection) -> dict[int, int]:
    """How many starts of the selection each template has, by its id."""
    return _starts_by(session, selection, selection.dimensions, "template")


def _starts_by(session: Session, selection: Selection, dimensions: Dimensions, by: GroupBy) -> dict[int, int]:
    """Counts starts by line or template.

    Args:
        dimensions: what to count, in place of the dimensions of the selection.
    """
    if (known := session.starts_by(selection.with_dimensions(dimensions), Dimension(by))) is not None:
        return known
    counts: Counter[int] = Counter()
    if dimensions.needs_recount or not isinstance(session, ReadSession):
        from_messages: Iterable[Selection] = (selection,)
    else:
        from_messages = session.cube.catalog.dirty_parts(selection)
        counts.update(_starts_of_cells(session.cube, selection, dimensions, by))
        for one in session.cube.excluded.starts(selection.with_dimensions(dimensions)):
            counts[one.line if by == "line" else one.template] -= one.starts
    for part in from_messages:
        counts.update(_starts_of_messages(session.connection, part, dimensions, by))
    return {id: count for id, count in counts.items() if count}


def _starts_of_cells(cube: Cube, selection: Selection, dimensions: Dimensions, by: GroupBy) -> dict[int, int]:
    """The starts on days that are not dirty, with those of excluded contacts."""
    if dimensions.excludes_failures:
        left_out = dimensions.of_excluded_failures()
        counts = Counter(_starts_of_cells(cube, selection, dimensions.without_exclusions(), by))
        counts.subtract(_starts_of_cells(cube, selection, left_out, by))
        return counts
    condition, parameters = leaf_cells(cube.catalog, selection, dimensions)
    # The roll-up over all of the other dimension, unless the filter names some of it.
    if by == "line" and dimensions.templates is None:
        parameters["of_templates"] = json.dumps([ALL])
    if by == "template" and dimensions.lines is None:
        parameters["of_lines"] = json.dumps([ALL])
    if dimensions.failures is None:
        starts = " + ".join(counters_of(dimensions, ALL_STATUSES)) or "0"
        statement = f"SELECT {by}, sum({starts}) {condition} GROUP BY 1"
    else:
        parameters["blocks"] = json.dumps(cube.catalog.clean_blocks(selection))
        sends = " + ".join(sum_of_sends(origin, dimensions.user_type) for origin in send_origins(dimensions)) or "0"
        statement = _FAILURES_BY.format(column=by, sends=sends, dimensions=details_condition(dimensions))
    return dict(cube.connection.execute(statement, parameters))


def _starts_of_messages(
    connection: Queries, selection: Selection, dimensions: Dimensions, by: GroupBy
) -> dict[int, int]:
    id = LINE_ID if by == "line" else TEMPLATE_ID
    origins = range(len(ORIGINS)) if dimensions.origins is None else dimensions.origins
    parameters = selection.parameters | {"of_origins": json.dumps(sorted(origins))}
    return dict(
        connection.execute(_STARTS_OF_MESSAGES.format(id=id, condition=selection.condition), parameters).fetchall()
    )
