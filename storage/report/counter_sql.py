"""The SQL of the cube's counters: which of them a filter selects, and how to unpack two counters from one integer.

`cells` and `details` hold two counters in each integer (COUNTER_COLUMNS, COUNTER_BITS in schema.py). SQL adds up the
integers as they are, both halves at once, and unpacks the sums; signed sums work too, as long as no half of the total
is below 0. Knows no connection.
"""

from __future__ import annotations

from functools import cache

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, STATUS_RECEIVED, USER_TYPES
from storage.database.schema import COUNTER_BITS, COUNTER_COLUMNS, NEW_USERS_PREFIX
from storage.domain.vocabulary import UserType
from storage.report.selection import Dimensions

_NEW_USERS = USER_TYPES.index(UserType.NEW)
# Of `details`: one integer an origin. Its halves are the user types, in the order of codes.USER_TYPES.
_SENDS = ("template_sends", "notification_sends")


@cache
def packed_counters(user_type: int | None) -> list[str]:
    """The integers of a row of `cells AS c`, in the order of COUNTER_COLUMNS; None: starts of all user types."""
    if user_type is None:
        return [f"c.{column}" for column in COUNTER_COLUMNS]
    of_new = [f"c.{NEW_USERS_PREFIX}{column}" for column in COUNTER_COLUMNS]
    if user_type == _NEW_USERS:
        return of_new
    return [f"c.{column} - {new}" for column, new in zip(COUNTER_COLUMNS, of_new, strict=True)]


def _half(packed: str, upper: int) -> str:
    """One of the two counters in an integer."""
    return f"(({packed}) >> {COUNTER_BITS})" if upper else f"(({packed}) & {(1 << COUNTER_BITS) - 1})"


def selected_counters(dimensions: Dimensions, packed: list[str]) -> dict[tuple[int, int], str]:
    """The selected counters, by origin and status, unpacked from a cell's integers or sums of them."""
    return {
        (origin, status): _half(integer, upper)
        for integer, pair in zip(packed, COUNTER_COLUMNS.values(), strict=True)
        for upper, (origin, status) in enumerate(pair)
        if (dimensions.origins is None or origin in dimensions.origins)
        and (dimensions.statuses is None or status in dimensions.statuses)
    }


def day_counts_columns(dimensions: Dimensions, packed: list[str]) -> str:
    """The columns of DayCounts but its day, from a cell's integers or sums of them."""
    counters = selected_counters(dimensions, packed)

    def total(origins: range, statuses: range) -> str:
        return " + ".join(counters.get((origin, status), "0") for origin in origins for status in statuses)

    sends, of_send = range(REFERRED_FROM), range(STATUS_FAILED, STATUS_ANSWERED + 1)
    by_status = [total(sends, range(status, status + 1)) for status in of_send]
    by_origin = [total(range(origin, origin + 1), of_send) for origin in sends]
    received = range(STATUS_RECEIVED, STATUS_RECEIVED + 1)
    referred = [total(range(origin, origin + 1), received) for origin in range(REFERRED_FROM, len(ORIGINS))]
    return ", ".join((*by_status, *by_origin, *referred))


def send_origins(dimensions: Dimensions) -> list[int]:
    """The selected origins of sends."""
    return [origin for origin in range(REFERRED_FROM) if dimensions.origins is None or origin in dimensions.origins]


def sum_of_sends(origin: int, user_type: int | None, factor: str = "") -> str:
    """The sum of an origin's sends in `details AS d`, each multiplied by `factor`; user_type None: to all users."""
    packed = f"sum({factor}d.{_SENDS[origin]})"
    return " + ".join(_half(packed, half) for half in range(len(USER_TYPES)) if user_type in (None, half))


def has_sends(dimensions: Dimensions) -> str:
    """The condition that a row of `details` has a selected send."""
    packed = [_SENDS[origin] for origin in send_origins(dimensions)]
    sends = packed if dimensions.user_type is None else [_half(integer, dimensions.user_type) for integer in packed]
    return f"({' OR '.join(sends) or '0'})"
