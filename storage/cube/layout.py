"""How the cube is laid out: the ids that stand for "all" and "unknown", blocks of days, and the slices of a bitmap.

The tables are in schema.py. A cell belongs to (line, template, block of days); ALL in a dimension is the roll-up over
it. The bitmaps of a cell are of three kinds, and a contact stands in the slice that its start has in that kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES
from storage.domain.vocabulary import StartStatus

ALL = 0
PACK = -9  # in the place of a template: the row holds a pack of the line's templates
REPEATED = -10  # likewise: in how many of the line's templates each user stands (storage/cube/multiplicity.py)
SPARSE = -11  # in the place of line and template: the row holds all sets of a block with little in it

USERS, FAILED, STEPS = (
    0,
    1,
    2,
)  # kinds of bitmaps: everyone; failed ones by failure; by how far it got short of an answer
KINDS = (USERS, FAILED, STEPS)

SHIFTS = (0, 3, 5, 7)  # levels: blocks of 1, 8, 32 and 128 days, by the bits that the day's number loses

FAILURE, SENT, READ, ANSWER, RECEIVED = (
    STATUSES.index(status)
    for status in (
        StartStatus.FAILED,
        StartStatus.SENT,
        StartStatus.READ,
        StartStatus.ANSWERED,
        StartStatus.RECEIVED,
    )
)
STEP_STATUSES = frozenset(range(SENT, READ + 1))

# The slices of the three kinds, and those of USERS in SQL.
_FAILED_CLASS, _REACHED_CLASS, _ANSWERED_CLASS = range(3)
USERS_SLICE = f"""
CASE WHEN origin >= {REFERRED_FROM} THEN 8 + 2 * origin + user_type
     ELSE 6 * origin + 3 * user_type
          + CASE status WHEN {FAILURE} THEN {_FAILED_CLASS} WHEN {ANSWER} THEN {_ANSWERED_CLASS}
                        ELSE {_REACHED_CLASS} END
END"""

Slice = tuple[int, int, int, int]  # its number, origin, user type, status (of the reached ones: SENT)

_SEND_ORIGINS = range(REFERRED_FROM)
_REFERRED_ORIGINS = range(REFERRED_FROM, len(ORIGINS))
USERS_SLICES: tuple[Slice, ...] = (
    *(
        (6 * origin + 3 * user_type + number, origin, user_type, status)
        for origin, user_type, (number, status) in product(
            _SEND_ORIGINS, (0, 1), ((_FAILED_CLASS, FAILURE), (_REACHED_CLASS, SENT), (_ANSWERED_CLASS, ANSWER))
        )
    ),
    *(
        (8 + 2 * origin + user_type, origin, user_type, RECEIVED)
        for origin, user_type in product(_REFERRED_ORIGINS, (0, 1))
    ),
)
FAILED_SLICES: tuple[Slice, ...] = tuple(
    (2 * origin + user_type, origin, user_type, FAILURE) for origin, user_type in product(_SEND_ORIGINS, (0, 1))
)
STEPS_SLICES: tuple[Slice, ...] = tuple(
    (6 * origin + 3 * user_type + status - SENT, origin, user_type, status)
    for origin, user_type, status in product(_SEND_ORIGINS, (0, 1), sorted(STEP_STATUSES))
)


def users_slice(origin: int, user_type: int, status: int) -> int:
    """The slice of USERS that a start's contact stands in."""
    wanted = origin, user_type, SENT if status in STEP_STATUSES else status
    return next(number for number, *of in USERS_SLICES if (*of,) == wanted)


def has_repeated(kind: int, level: int) -> bool:
    """Whether the blocks of a level tell who stands in several templates: of a day it would save too little, and how
    far a start got is asked of few templates rather than of all but a few."""
    return kind != STEPS and level > 0


Block = tuple[int, int]  # level, number


def days_of(block: Block) -> range:
    """The days that a block covers."""
    level, number = block
    return range(number << SHIFTS[level], (number + 1) << SHIFTS[level])


def children_of(block: Block) -> range:
    """The numbers of the blocks of the level below that a block is made of."""
    level, number = block
    bits = SHIFTS[level] - SHIFTS[level - 1]
    return range(number << bits, (number + 1) << bits)


def parent_of(block: Block) -> Block | None:
    """The block of the next level that a block is part of, None for the coarsest."""
    level, number = block
    return (level + 1, number >> (SHIFTS[level + 1] - SHIFTS[level])) if level + 1 < len(SHIFTS) else None


def ancestors_of(block: Block) -> Iterator[Block]:
    """The coarser blocks that a block is part of."""
    above = parent_of(block)
    while above is not None:
        yield above
        above = parent_of(above)


def cover(first: int, end: int, dirty: Iterable[Block]) -> list[Block]:
    """The fewest blocks that make up the days [first, end), none of them dirty in any part; dirty days are left out."""
    unusable: set[Block] = set()
    for block in dirty:
        unusable |= {block, *ancestors_of(block)}
    blocks = []
    day = first
    while day < end:
        for level in reversed(range(len(SHIFTS))):
            candidate = (level, day >> SHIFTS[level])
            days = days_of(candidate)
            if days.start == day and days.stop <= end and candidate not in unusable:
                blocks.append(candidate)
                day = days.stop
                break
        else:
            day += 1
    return blocks
