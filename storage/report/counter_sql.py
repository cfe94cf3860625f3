"""The SQL of the counters of cells and details: which are chosen, and how the two in a number come apart again. Knows
no database.

Numbers are added up as they are, both halves at once; with weights as well, as long as no half of the whole is below 0.
"""

from __future__ import annotations

from functools import cache

from storage.cube.layout import ANSWER, FAILURE, RECEIVED
from storage.database.schema import COUNTERS, HALF, NEW, ORIGINS, REFERRED_FROM, USER_TYPES
from storage.domain.vocabulary import UserType
from storage.report.selection import Dimensions

_NEW_USERS = USER_TYPES.index(UserType.NEW)
_SENDS = ("template_sends", "notification_sends")  # of details, by origin; user types are their halves, in order


@cache
def numbers_of(user_type: int | None) -> list[str]:
    """The numbers of a cell, in the order of COUNTERS, as counted of users of that type (None: of all)."""
    if user_type is None:
        return [f"c.{column}" for column in COUNTERS]
    of_new = [f"c.{NEW}{column}" for column in COUNTERS]
    if user_type == _NEW_USERS:
        return of_new
    return [f"c.{column} - {new}" for column, new in zip(COUNTERS, of_new, strict=True)]


def _half(number: str, upper: int) -> str:
    """One of the two counters in a number."""
    return f"(({number}) >> {HALF})" if upper else f"(({number}) & {(1 << HALF) - 1})"


def chosen_counters(chosen: Dimensions, numbers: list[str]) -> dict[tuple[int, int], str]:
    """Those counters that are chosen, by origin and status, of the numbers of a cell or of sums of them."""
    return {
        (origin, status): _half(number, upper)
        for number, pair in zip(numbers, COUNTERS.values(), strict=True)
        for upper, (origin, status) in enumerate(pair)
        if (chosen.origins is None or origin in chosen.origins)
        and (chosen.statuses is None or status in chosen.statuses)
    }


def row_of(chosen: Dimensions, numbers: list[str]) -> str:
    """The columns of a row of figures but its day, from the numbers of a cell or sums of them."""
    counters = chosen_counters(chosen, numbers)

    def total(origins: range, statuses: range) -> str:
        return " + ".join(counters.get((one, status), "0") for one in origins for status in statuses)

    sends, of_send = range(REFERRED_FROM), range(FAILURE, ANSWER + 1)
    by_status = [total(sends, range(status, status + 1)) for status in of_send]
    by_origin = [total(range(one, one + 1), of_send) for one in sends]
    referred = [total(range(one, one + 1), range(RECEIVED, RECEIVED + 1)) for one in range(REFERRED_FROM, len(ORIGINS))]
    return ", ".join((*by_status, *by_origin, *referred))


def send_origins(chosen: Dimensions) -> list[int]:
    """The origins of sends that are chosen."""
    return [origin for origin in range(REFERRED_FROM) if chosen.origins is None or origin in chosen.origins]


def sends_of(origin: int, user_type: int | None, factor: str = "") -> str:
    """The sum of the sends of an origin to users of that type (None: to all) in details, each behind a factor."""
    both = f"sum({factor}d.{_SENDS[origin]})"
    return " + ".join(_half(both, one) for one in range(len(USER_TYPES)) if user_type in (None, one))


def has_sends(chosen: Dimensions) -> str:
    """The condition that a row of details has a send that is chosen."""
    numbers = [_SENDS[origin] for origin in send_origins(chosen)]
    sends = numbers if chosen.user_type is None else [_half(number, chosen.user_type) for number in numbers]
    return f"({' OR '.join(sends) or '0'})"
