"""What the starts of a group have in common, and what is counted of them. Knows no database and no words."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from storage.domain.calendar import date_of, number_of
from storage.domain.dimension import Dimension
from storage.domain.period import week_start
from storage.domain.proportions import Rate

# What a group has in common, as stored: the cube's id of a line or template, the integer of an origin or user type, the
# first day of a day, week or month as days since 1970-01-01, a reason, or an error code (None: without one).
GroupKey = int | str | None


class GroupRates(NamedTuple):
    """The rates of a group, with the denominators of rates.py.

    Attributes:
        failed: failed sends, of all sends.
    """

    delivered: Rate
    read: Rate
    answered: Rate
    failed: Rate


class GroupCounts(NamedTuple):
    """The counts of one group.

    Attributes:
        sends: the starts that are notifications.
        users: distinct contacts of the starts; they do not add up over groups, everything else does.
        failed: sends that failed.
        delivered: sends that were delivered or got further.
        read: sends that were read or answered.
        answered: sends that were answered.
    """

    starts: int = 0
    sends: int = 0
    users: int = 0
    failed: int = 0
    delivered: int = 0
    read: int = 0
    answered: int = 0

    def negative(self) -> GroupCounts:
        """The counts with the other sign, to be left out of others."""
        return GroupCounts(*(-count for count in self))

    @property
    def rates(self) -> GroupRates:
        """Its rates."""
        return GroupRates(
            delivered=Rate(self.delivered, self.sends),
            read=Rate(self.read, self.delivered),
            answered=Rate(self.answered, self.delivered),
            failed=Rate(self.failed, self.sends),
        )

    def plus(self, other: GroupCounts) -> GroupCounts:
        """The sums of two groups; `users` is only right if no contact is in both."""
        return GroupCounts(*(one + another for one, another in zip(self, other, strict=True)))


@lru_cache(maxsize=4_096)  # a breakdown asks for every day of its period
def first_day(day: int, dimension: Dimension, first_weekday: int = 0) -> int:
    """The first day of the day, week or month that a day belongs to; days since 1970-01-01.

    Args:
        first_weekday: the day that weeks begin on, 0 for Monday.
    """
    if dimension is Dimension.WEEK:
        return number_of(week_start(date_of(day), first_weekday))
    if dimension is Dimension.MONTH:
        return number_of(date_of(day).replace(day=1))
    return day


def end_day(first: int, dimension: Dimension) -> int:
    """The day after the last one of a day, week or month, by its first day; days since 1970-01-01."""
    if dimension is Dimension.WEEK:
        return first + 7
    if dimension is Dimension.MONTH:
        return first_day(first + 31, dimension)
    return first + 1
