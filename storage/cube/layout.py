"""The layout of the cube: special ids, kinds of user sets, and blocks of days. Knows no bytes and no SQL.

Blocks follow the calendar, so that an ISO week is one or two blocks, a month and a quarter one: these are the periods
that people ask for, and the groups of a breakdown by week or month. storage/database/schema.py has the tables,
storage/cube/start_classes.py the slices of user sets.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from functools import lru_cache

from storage.domain.calendar import date_of

ALL = 0  # as a line or template: the roll-up over all of them
# As a template, or a line: what a row of `users` holds instead of one set.
PACKED_LINE = -9  # packed leaf sets of the line
MULTIPLICITY = -10  # in how many leaf sets of the line, or of the template, each contact occurs
PACKED_BLOCK = -11  # as line and template: all leaf sets of a block that has little data

# Kinds of user sets: all starts; failed sends, by failure; sends without an answer, by step.
USERS, FAILED, STEPS = 0, 1, 2
KINDS = (USERS, FAILED, STEPS)

LEVELS = (0, 1, 2, 3)  # days, weeks cut where a month ends, months, quarters
TOP = LEVELS[-1]
_MONTHS = (1, 3)  # of a block, by level from 2 on

Block = tuple[int, int]  # level, first day


def has_multiplicity(kind: int, level: int) -> bool:
    """Whether the blocks of a level store multiplicities.

    Days do not: it would save too little. STEPS does not: it is read for few templates, not for all but a few.
    """
    return kind != STEPS and level > 0


def block_of(level: int, day: int) -> Block:
    """The block of a level that a day is in."""
    return (level, _days_around(level, day).start) if level else (0, day)


def days_of(block: Block) -> range:
    """The days that a block covers."""
    level, first = block
    return _days_around(level, first) if level else range(first, first + 1)


@lru_cache(maxsize=4_096)
def _days_around(level: int, day: int) -> range:
    """The days of the block of a level above 0 that a day is in."""
    date = date_of(day)
    first_of_month = day - date.day + 1
    if level == 1:
        monday = day - date.weekday()
        end_of_month = first_of_month + monthrange(date.year, date.month)[1]
        return range(max(monday, first_of_month), min(monday + 7, end_of_month))
    months = _MONTHS[level - 2]
    first_month = date.month - (date.month - 1) % months
    lengths = [monthrange(date.year, month)[1] for month in range(first_month, first_month + months)]
    first = first_of_month - sum(lengths[: date.month - first_month])
    return range(first, first + sum(lengths))


def children_of(block: Block) -> list[Block]:
    """The blocks one level below that make up a block, in order; their first days are within its days."""
    days = days_of(block)
    children = []
    day = days.start
    while day < days.stop:
        children.append((block[0] - 1, day))
        day = days_of(children[-1]).stop
    return children


def parent_of(block: Block) -> Block | None:
    """The block one level above that contains a block; None at the top level."""
    level, first = block
    return block_of(level + 1, first) if level < TOP else None


def ancestors_of(block: Block) -> Iterator[Block]:
    """The blocks of all levels above that contain a block, finest first."""
    level, first = block
    return (block_of(above, first) for above in LEVELS[level + 1 :])


def cover(first: int, end: int, dirty: Iterable[Block]) -> list[Block]:
    """The fewest clean blocks that make up the days [first, end), without dirty days.

    Args:
        dirty: Blocks with a dirty mark; they and their ancestors are not used.
    """
    unusable: set[Block] = set()
    for block in dirty:
        unusable |= {block, *ancestors_of(block)}
    blocks = []
    day = first
    while day < end:
        for level in reversed(LEVELS):
            days = days_of((level, day))
            if days.start == day and days.stop <= end and (level, day) not in unusable:
                blocks.append((level, day))
                day = days.stop
                break
        else:
            day += 1
    return blocks
