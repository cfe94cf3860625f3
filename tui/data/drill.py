"""From a number of a panel to the filter of its starts (drilling down). Knows no widget and no database."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import NamedTuple, TypeVar

from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.language.texts import _
from tui.words.numbers import number

UNANSWERED = frozenset((StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ))
# The sends that reached each step, this far or further.
AT_LEAST = {
    StartStatus.SENT: frozenset((StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)),
    StartStatus.DELIVERED: frozenset((StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)),
    StartStatus.READ: frozenset((StartStatus.READ, StartStatus.ANSWERED)),
    StartStatus.ANSWERED: frozenset((StartStatus.ANSWERED,)),
}
ARRIVED = frozenset(StartStatus) - {StartStatus.FAILED}

T = TypeVar("T")


class CountedUsers(NamedTuple):
    """The users that a panel counts, if a filter can only select the starts of these and some other users.

    Attributes:
        users: how many users the panel counts.
        label: follows their number, such as "never answered".
        others_label: follows the number of the other users, such as "answered another time".
    """

    users: int
    label: str
    others_label: str

    def explanation(self, users: int) -> str:
        """Why the table shows starts of more users than the panel counts; empty if it does not.

        Args:
            users: how many users have starts in the table.
        """
        others = users - self.users
        if others <= 0:
            return ""
        return _("{count} {label}, {others} {others_label}").format(
            count=number(self.users), label=self.label, others=number(others), others_label=self.others_label
        )


def narrowed(
    filter: Filter,
    statuses: Set[StartStatus] = frozenset(),
    origins: Set[Origin] = frozenset(),
    user_type: UserType | None = None,
) -> Filter | None:
    """The filter with further restrictions; None if no start can meet both the old and the new ones.

    Args:
        filter: the filter that is narrowed.
        statuses: only starts with one of these; empty restricts nothing.
        origins: only starts with one of these; empty restricts nothing.
        user_type: only starts of such users; None restricts nothing.
    """
    both_statuses = _intersection(filter.statuses, statuses)
    both_origins = _intersection(filter.origins, origins)
    contradicts = None not in (user_type, filter.user_type) and user_type is not filter.user_type
    if both_statuses is None or both_origins is None or contradicts:
        return None
    return replace(filter, statuses=both_statuses, origins=both_origins, user_type=user_type or filter.user_type)


def _intersection(first: frozenset[T], second: Set[T]) -> frozenset[T] | None:
    """The values in both sets, where an empty set stands for all values; None if there are none."""
    if not first or not second:
        return frozenset(second or first)
    return first & second or None
