"""The SQL that adds up the counters of cells: which of them are chosen, and how many of them one number carries.
Knows no database.
"""

from __future__ import annotations

from functools import cache

from storage.cube_layout import ANSWER, FAILURE, RECEIVED
from storage.schema import COUNTERS, ORIGINS, REFERRED_FROM
from storage.selection import Chosen

MOST_BITS = 62  # of a number in SQLite that may be added to
_STATUSES = ANSWER + 1 - FAILURE  # of a send; that many sums each origin has
_REFERRED = REFERRED_FROM * _STATUSES  # sums before those of referred starts


@cache
def sums_of(origins: frozenset[int] | None, user_type: int | None, statuses: frozenset[int] | None) -> list[str]:
    """The chosen counters by origin and status, of both user types."""
    chosen = Chosen(origins=origins, user_type=user_type, statuses=statuses)
    counters = [
        (origin, status, f"c.{column}")
        for (origin, user_type, status), column in COUNTERS.items()
        if chosen.takes(origin, user_type) and (statuses is None or status in statuses)
    ]
    sums = []
    for origin in range(len(ORIGINS)):
        for status in range(FAILURE, ANSWER + 1) if origin < REFERRED_FROM else (RECEIVED,):
            names = [name for of, counted, name in counters if (of, counted) == (origin, status)]
            sums.append(" + ".join(names) or "0")
    return sums


def packed_sums(columns: list[str], bits: int) -> tuple[list[str], list[str]]:
    """The columns with several in one number, as many as fit, and what each of them is in the sums p0, p1 and so on of
    those; no sum has more than so many bits. To group many rows, SQLite sorts them: that takes as long as there is to
    carry."""
    at_once = max(1, MOST_BITS // bits)
    packed, sums = [], []
    for start in range(0, len(columns), at_once):
        some = columns[start : start + at_once]
        packed.append(" + ".join(f"(({column}) << {bits * place})" for place, column in enumerate(some)))
        whole = f"p{start // at_once}"
        sums += [f"(({whole} >> {bits * place}) & {(1 << bits) - 1})" for place in range(len(some))]
    return packed, sums


def row_of_sums(before: str) -> str:
    """The columns of a row of figures but its day, from the sums by origin and status."""
    sums = [f"{before}{index}" for index in range(_REFERRED + len(ORIGINS) - REFERRED_FROM)]
    by_origin = [sums[start : start + _STATUSES] for start in range(0, _REFERRED, _STATUSES)]
    by_status = [" + ".join(of_status) for of_status in zip(*by_origin, strict=True)]
    return ", ".join((*by_status, *(" + ".join(of_origin) for of_origin in by_origin), *sums[_REFERRED:]))
