"""Whom a new try can reach: the plain rule for one person, from their sends. Knows no filter and no database.

docs/definitions.md, "Try again", states it in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from storage.database.codes import STATUS_ANSWERED, STATUS_DELIVERED, STATUS_FAILED, STATUS_READ, STATUS_SENT
from storage.domain.failures import Explanation, Reason, explain_kind, is_limit_of_person, is_stop_of_person

_ARRIVED = frozenset((STATUS_DELIVERED, STATUS_READ, STATUS_ANSWERED))


class Since(StrEnum):
    """What keeps a person out of the list although their failure could be tried again."""

    REACHED = "reached"
    WAITING = "waiting"
    STOPPED = "stopped"


class Sent(NamedTuple):
    """One send to a person.

    Attributes:
        at: its time in ms.
        key: decides between sends of the same time: the greater one is the later.
        status: a position in `codes.STATUSES`.
        failed_at: of a failed send: when it failed, in ms.
        code: of a failed send: the error code.
        reason: of a failed send: a value of `Reason`.
        line: the row id of its line.
    """

    at: int
    key: str
    status: int
    failed_at: int
    code: int | None
    reason: str | None
    line: int | None

    @property
    def explanation(self) -> Explanation:
        """What its failure means."""
        return explain_kind(self.reason or Reason.OTHER, self.code)


class Wish(NamedTuple):
    """A person stopped or resumed the marketing of one line.

    Attributes:
        at: when, in ms.
        stop: whether they stopped it; of two wishes of the same time, the stop counts.
        line: the row id of the line.
    """

    at: int
    stop: bool
    line: int | None


class Again(NamedTuple):
    """A person can be tried again.

    Attributes:
        not_before: the earliest time, in ms.
        decided_by: the failed send that decides that time.
    """

    not_before: int
    decided_by: Sent


def try_again(failed: Sent, sends: Sequence[Sent], wishes: Sequence[Wish] = ()) -> Again | Reason | Since:
    """Whether and when a person can be tried again.

    Args:
        failed: the failed send in question.
        sends: every send to the person, `failed` too, in any order.
        wishes: everything that the person said about marketing, in any order.

    Returns:
        When they can be tried; else why not: the reason of a failure, or what happened since.
    """
    if not failed.explanation.retry.can_help:
        return Reason(failed.reason or Reason.OTHER)
    later = [one.status for one in sends if _time(one) > _time(failed)]
    if not _ARRIVED.isdisjoint(later):
        return Since.REACHED
    if STATUS_SENT in later:
        return Since.WAITING
    last_wishes = {wish.line: wish for wish in sorted(wishes, key=lambda wish: wish[:2])}
    if any(wish.stop for wish in last_wishes.values()):
        return Since.STOPPED
    failures = [one for one in sends if one.status == STATUS_FAILED]
    arrived = max((_time(one) for one in sends if one.status in _ARRIVED), default=(0, ""))
    stops = [
        one
        for one in failures
        if (one.reason == Reason.OPTED_OUT and not _is_taken_back(one, last_wishes.get(one.line)))
        or (one.reason == Reason.NUMBER_GONE and _time(one) > arrived)
    ]
    if stops:
        return Reason(max(stops, key=_time).reason or Reason.OTHER)
    binding = [failed, *(one for one in failures if is_limit_of_person(one.reason or "", one.code))]
    decided_by = max(binding, key=lambda one: (_not_before(one), _time(one)))
    return Again(_not_before(decided_by), decided_by)


def _is_taken_back(failed: Sent, last: Wish | None) -> bool:
    """Whether a person who had stopped marketing, as a failed send says, resumed it on that line since."""
    return last is not None and last.at > failed.failed_at and is_stop_of_person(failed.reason or "", failed.code)


def _time(send: Sent) -> tuple[int, str]:
    return send.at, send.key


def _not_before(send: Sent) -> int:
    return send.failed_at + int(send.explanation.wait.total_seconds() * 1000)
