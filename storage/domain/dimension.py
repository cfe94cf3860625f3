"""What a breakdown groups starts by. Values only: the command line needs them, and no report."""

from __future__ import annotations

from enum import StrEnum


class Dimension(StrEnum):
    """What a breakdown has a row for each value of."""

    TEMPLATE = "template"
    LINE = "line"
    ORIGIN = "origin"
    USER_TYPE = "user_type"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    REASON = "reason"
    CODE = "code"


OF_TIME = frozenset((Dimension.DAY, Dimension.WEEK, Dimension.MONTH))
OF_FAILURES = frozenset((Dimension.REASON, Dimension.CODE))  # only failed sends have a value of these
