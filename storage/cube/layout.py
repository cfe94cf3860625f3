"""How the cube is laid out: the ids that stand for "all" and "unknown", blocks of days, and the slices of a bitmap.

The tables are in schema.py. A cell belongs to (line, template, block of days); ALL in a dimension is the roll-up over
it. The bitmaps of a cell are of three kinds, and a contact stands in the slice that its start has in that kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ALL = 0
PACKED_LINE = -9  # in the place of a template: the row holds a pack of the line's templates
MULTIPLICITY = -10  # likewise: in how many of the line's templates each user stands (storage/cube/multiplicity.py)
PACKED_BLOCK = -11  # in the place of line and template: the row holds all sets of a block with little in it

USERS, FAILED, STEPS = (
    0,
    1,
    2,
)  # kinds of bitmaps: everyone; failed ones by failure; by how far it got short of an answer
KINDS = (USERS, FAILED, STEPS)

SHIFTS = (0, 3, 5, 7)  # levels: blocks of 1, 8, 32 and 128 days, by the bits that the day's number loses


def has_multiplicity(kind: int, level: int) -> bool:
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
