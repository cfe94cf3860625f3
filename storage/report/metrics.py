"""The plain figures that a report is made of, and where they may come from: the cube, or a recount of the messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from storage.report.selection import Selection

# A day; its sends that failed, were sent, delivered, read, answered; its starts from templates, notifications, web
# chats and campaigns.
Row = tuple[int, int, int, int, int, int, int, int, int, int]


class DataQualityCounts(NamedTuple):
    """How many of the sends have something that a person should know."""

    unknown_template: int = 0
    joined: int = 0
    implied: int = 0
    conflicts: int = 0


class UserCounts(NamedTuple):
    """Distinct contacts: all, sent to, reached, answered; with a start that did not fail, and of those the new ones."""

    users: int = 0
    sent: int = 0
    reached: int = 0
    answered: int = 0
    eligible: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Sends that failed for one reason and code, and how many users they were meant for."""

    code: int | None
    reason: str
    count: int
    users: int


class Figures(Protocol):
    """Where a report takes its figures from, all of one moment."""

    def rows(self, selection: Selection) -> list[Row]:
        """The starts of each day that has any."""

    def data_quality(self, selection: Selection) -> DataQualityCounts:
        """What a person should know of the sends."""

    def users(self, selection: Selection) -> UserCounts:
        """All that is a count of distinct contacts."""

    def failures(self, selection: Selection) -> tuple[FailureCount, ...]:
        """By count, then code (none last), then reason."""
