"""Which of day and month comes first in a date of a table. Knows no format."""

from __future__ import annotations

from enum import StrEnum


class DateOrder(StrEnum):
    """Which of day and month comes first in a date that is written in numbers."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"
