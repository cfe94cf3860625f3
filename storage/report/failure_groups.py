"""The failures of a report, grouped by their reason. Knows no filter and no screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage.report.metrics import FailureCount


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """The failures of one reason.

    Attributes:
        reason: why these sends failed.
        sends: how many failed.
        codes: their codes in the order of the report, the most frequent first.
    """

    reason: str
    sends: int
    codes: tuple[FailureCount, ...]


def failure_groups(failures: Iterable[FailureCount]) -> tuple[FailureGroup, ...]:
    """The failures by reason: the reason of most sends first, of equal ones the one whose code comes first."""
    groups: dict[str, list[FailureCount]] = {}
    for failure in failures:
        groups.setdefault(failure.reason, []).append(failure)
    found = [FailureGroup(reason, sum(one.count for one in codes), tuple(codes)) for reason, codes in groups.items()]
    return tuple(sorted(found, key=lambda group: -group.sends))
