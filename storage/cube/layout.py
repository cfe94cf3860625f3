"""The layout of the cube: special ids, kinds of user sets, and blocks of days. Knows no bytes and no SQL.

storage/database/schema.py has the tables, storage/cube/start_classes.py the slices of user sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ALL = 0  # as a line or template: the roll-up over all of them
# As a template: what a row of `users` holds instead of one set.
PACKED_LINE = -9  # packed leaf sets of the line
MULTIPLICITY = -10  # in how many templates each contact of the line occurs
PACKED_BLOCK = -11  # as line and template: all leaf sets of a block that has little data

# Kinds of user sets: all starts; failed sends, by failure; sends without an answer, by step.
USERS, FAILED, STEPS = 0, 1, 2
KINDS = (USERS, FAILED, STEPS)

SHIFTS = (0, 3, 5, 7)  # by level: block = day >> shift, so blocks have 1, 8, 32 and 128 days

Block = tuple[int, int]  # level, number


def has_multiplicity(kind: int, level: int) -> bool:
    """Whether the blocks of a level store multiplicities.

    Days do not: it would save too little. STEPS does not: it is read for few templates, not for all but a few.
    """
    return kind != STEPS and level > 0


def days_of(block: Block) -> range:
    """The days that a block covers."""
    level, number = block
    return range(number << SHIFTS[level], (number + 1) << SHIFTS[level])


def children_of(block: Block) -> range:
    """The numbers of the blocks one level below that make up a block."""
    level, number = block
    bits = SHIFTS[level] - SHIFTS[level - 1]
    return range(number << bits, (number + 1) << bits)


def parent_of(block: Block) -> Block | None:
    """The block one level above that contains a block; None at the top level."""
    level, number = block
    return (level + 1, number >> (SHIFTS[level + 1] - SHIFTS[level])) if level + 1 < len(SHIFTS) else None


def ancestors_of(block: Block) -> Iterator[Block]:
    """The blocks of all levels above that contain a block, finest first."""
    ancestor = parent_of(block)
    while ancestor is not None:
        yield ancestor
        ancestor = parent_of(ancestor)


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
