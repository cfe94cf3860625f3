"""What stands behind a number of a panel: the filter of its starts, and who else has some of them. Knows no widget."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import NamedTuple, TypeVar

from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin, StartStatus, UserType
from tui.words.wording import number

UNANSWERED = frozenset((StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ))
ARRIVED = frozenset(StartStatus) - {StartStatus.FAILED}

T = TypeVar("T")


class Pressed(NamedTuple):
    """A count of users whose starts belong to others as well, with words for these users and for the others."""

    users: int
    are: str
    others: str

    def words(self, users: int) -> str:
        """Why the starts behind it are of more users; nothing where they are not."""
        more = users - self.users
        return f"{number(self.users)} {self.are}, {number(more)} {self.others}" if more > 0 else ""


def narrowed(
    filter: Filter,
    statuses: Set[StartStatus] = frozenset(),
    origins: Set[Origin] = frozenset(),
    user_type: UserType | None = None,
) -> Filter | None:
    """The filter with these restrictions besides its own (empty: none); None where no start meets both."""
    wanted_statuses = _both(filter.statuses, statuses)
    wanted_origins = _both(filter.origins, origins)
    contrary = None not in (user_type, filter.user_type) and user_type is not filter.user_type
    if wanted_statuses is None or wanted_origins is None or contrary:
        return None
    return replace(filter, statuses=wanted_statuses, origins=wanted_origins, user_type=user_type or filter.user_type)


def _both(there: frozenset[T], wanted: Set[T]) -> frozenset[T] | None:
    if not there or not wanted:
        return frozenset(wanted or there)
    return there & wanted or None
