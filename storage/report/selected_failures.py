"""Which failures a filter selects, by code, by reason or by both: the rule in Python and in SQL.

A value of the filter is a code (`131026`), a reason (`number_gone`) or both (`number_gone/131026`; `other/none` for
failures without a code). Knows no cell and no row.
"""

from __future__ import annotations

import json
from collections.abc import Set

from storage.domain.failures import NO_CODE, failure_value


def is_selected(values: Set[str], code: int | None, reason: str) -> bool:
    """Whether one of the values means failures of this code and reason."""
    return not values.isdisjoint((reason, str(code), failure_value(reason, code)))


def condition(values: Set[str]) -> tuple[str, dict[str, str | int]]:
    """`is_selected` as an SQL condition on `messages AS m`, with its parameters."""
    codes = [int(value) for value in values if value.isdigit()]
    reasons = [value for value in values if not value.isdigit()]
    either = f"m.failure_reason || '/' || ifnull(m.failure_code, '{NO_CODE}')"
    return (
        "(m.failure_code IN (SELECT value FROM json_each(:codes))"
        " OR m.failure_reason IN (SELECT value FROM json_each(:reasons))"
        f" OR {either} IN (SELECT value FROM json_each(:reasons)))"
    ), {"codes": json.dumps(sorted(codes)), "reasons": json.dumps(sorted(reasons))}
