"""What is remarkable about the data of a start, as bits of a column. Apart from `timeline`, which finds it out."""

from __future__ import annotations

from enum import IntFlag


class Marks(IntFlag):
    """What the data of a start has that a person should know."""

    IMPLIED = 1
    CONFLICT = 2
    JOINED = 4
