"""The SQL of the cube's leaf cells, which are those of a single line and a single template.

Shared by the counts of each line and template and by the groups of sends. Runs no statement itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from storage.database.codes import REFERRED_FROM, STATUS_FAILED, STATUSES
from storage.report.counter_sql import has_sends, packed_counters, selected_counters, send_origins, sum_of_sends
from storage.report.cube_catalog import CubeCatalog
from storage.report.selection import Dimensions, Selection

ALL_STATUSES = range(len(STATUSES))
_SENDS = frozenset(range(REFERRED_FROM))

# The cells of single lines and templates in the selection's days; `leaf_cells` adds what is selected.
_CELLS = """
FROM cells AS c
WHERE line IN (SELECT value FROM json_each(:of_lines)) AND template IN (SELECT value FROM json_each(:of_templates))
  AND day >= :since AND day < :until"""
# The same of listed lines, each with the templates that can have a selected start in these days.
_LISTED_CELLS = """
FROM json_each(:cells) AS one CROSS JOIN cells AS c
    ON c.line = one.value ->> 0 AND c.template IN (SELECT value FROM json_each(one.value ->> 1))
   AND c.day >= :since AND c.day < :until
WHERE 1"""
_WITH_FAILURES = """
  AND (day, line, template) IN (
      SELECT block, line, template FROM details
      WHERE level = 0 AND block >= :since AND block < :until AND failure IN (SELECT value FROM json_each(:failures))
        AND {dimensions})"""

_FAILURES_LEFT_OUT = """
ifnull((SELECT {sends} FROM details AS d
        WHERE d.level = 0 AND d.block = c.day AND d.line = c.line AND d.template = c.template
          AND d.failure IN (SELECT value FROM json_each(:other_failures))), 0)"""

Parameters = dict[str, str | int]


def of_sends(dimensions: Dimensions) -> Dimensions:
    """What is selected, without referred starts."""
    return dimensions.replace(origins=_SENDS if dimensions.origins is None else dimensions.origins & _SENDS)


def counters_of(dimensions: Dimensions, statuses: Iterable[int]) -> list[str]:
    """The selected counters of some statuses."""
    wanted = frozenset(statuses)
    counters = selected_counters(dimensions, packed_counters(dimensions.user_type))
    return [counter for (_, status), counter in counters.items() if status in wanted]


def leaf_cells(
    catalog: CubeCatalog,
    selection: Selection,
    dimensions: Dimensions,
    cells: Mapping[int, Collection[int]] | None = None,
) -> tuple[str, Parameters]:
    """FROM and WHERE of the cells of single lines and templates with a selected start, on days that are not dirty.

    Args:
        cells: the lines that can have a selected start, with their templates; None: not known.
    """
    condition = f"{_CELLS if cells is None else _LISTED_CELLS} AND ({_has_starts(dimensions)})"
    if catalog.is_dirty(selection):
        condition += " AND day NOT IN (SELECT block FROM dirty WHERE level = 0)"
    parameters: Parameters = dict(selection.parameters)
    if cells is None:
        lines = catalog.lines if dimensions.lines is None else dimensions.lines
        templates = catalog.templates if dimensions.templates is None else dimensions.templates
        parameters |= {"of_lines": json.dumps(sorted(lines)), "of_templates": json.dumps(sorted(templates))}
    else:
        parameters["cells"] = json.dumps([(line, sorted(templates)) for line, templates in cells.items()])
    if dimensions.excludes_failures:
        parameters["other_failures"] = json.dumps(catalog.other_failure_ids(dimensions))
    if dimensions.failures is not None:
        condition += _WITH_FAILURES.format(dimensions=details_condition(dimensions))
        parameters["failures"] = json.dumps(catalog.failure_ids(dimensions))
        parameters["of_statuses"] = json.dumps(sorted(dimensions.statuses or ()))
    return condition, parameters


def _has_starts(dimensions: Dimensions) -> str:
    """The condition that a cell has a selected start; failures that a filter names are left to `_WITH_FAILURES`."""
    if not dimensions.excludes_failures:
        return " OR ".join(counters_of(dimensions, ALL_STATUSES)) or "0"
    # Most cells have a start that did not fail, so the failures of few are looked up.
    others = counters_of(dimensions, [status for status in ALL_STATUSES if status != STATUS_FAILED])
    failed = " + ".join(counters_of(dimensions, (STATUS_FAILED,))) or "0"
    left_out = " + ".join(sum_of_sends(origin, dimensions.user_type) for origin in send_origins(dimensions)) or "0"
    return f"{' OR '.join(others) or '0'} OR {failed} > {_FAILURES_LEFT_OUT.format(sends=left_out)}"


def details_condition(dimensions: Dimensions) -> str:
    """The condition on `details` for everything selected but lines, templates and failures.

    Its parameters are among those of `leaf_cells`.
    """
    condition = has_sends(dimensions)
    if dimensions.statuses is not None:
        condition += " AND status IN (SELECT value FROM json_each(:of_statuses))"
    return condition
