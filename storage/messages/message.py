"""What is known of one message, and the rule that merges several records of it.

The merge rule is defined in docs/definitions.md ("One message from many records"); `Message.merge` is the rule in code.
It is commutative, associative and idempotent, so any order, split or repetition of events gives the same message. Two
faster ways are tested equal to it: `take_in` (storage/messages/from_events.py) and `UsualOutbound`
(storage/messages/fast_path.py). Knows no database and no other message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

from storage.domain.events import Failure


class Direction(IntEnum):
    """Out, in, or a keyless row of a platform: a send or a referred start, which its origin says."""

    OUT = 0
    IN = 1
    ROW = 2


class Sources(IntFlag):
    """The kinds of source that named a message; EXPORT is a row of our own TSV with a message key."""

    SEND_LOG = 1
    WEBHOOK = 2
    PLATFORM = 4
    EXPORT = 8


class Stated(IntFlag):
    """What a platform's row states without a time."""

    NOT_SENT = 1
    SENT = 2
    DELIVERED = 4
    READ = 8
    ANSWERED = 16


@dataclass(frozen=True, slots=True, order=True)
class Exported:
    """The derived columns of our own TSV; used only if nothing else is known of the message.

    flags: bits of `Stated`. new: (time in ms, 0 or 1). answered_at: ms.
    """

    flags: int = 0
    new: tuple[int, int] | None = None
    answered_at: int | None = None

    def merged_with(self, other: Exported) -> Exported:
        """What both rows state: all flags, and the smaller of two values."""
        times = [time for time in (self.answered_at, other.answered_at) if time is not None]
        news = [new for new in (self.new, other.new) if new is not None]
        return Exported(self.flags | other.flags, min(news, default=None), min(times, default=None))


# (rank, time in ms, value): of two, the smaller wins. The rank is that of the source (events.Rank). Errors are made by
# `ranked_error`.
RankedValue = tuple[int, int, Any]
_Comparable = TypeVar("_Comparable", int, RankedValue)

_NO_CODE = 1 << 62
_NOTHING_SAID = 10  # added to the rank of an error without code and text


def keep_smaller(values: dict[str, _Comparable], name: str, value: _Comparable) -> None:
    """The merge rule for one ranked value or time: a known one beats an unknown, then the smaller wins."""
    known = values.get(name)
    if known is None or value < known:
        values[name] = value


@dataclass(slots=True)
class Message:
    """Everything that is known of one message.

    key: its id, or the hash of a keyless row. sources: bits of `Sources`. flags: bits of `Stated`. group: whether it
    was sent to or from a group.

    fields: name -> winning value, for line, contact, kind, category, template, language, campaign, context, origin,
    new, channel_id, agent_groups and error.

    times: name -> earliest ms, for accepted, sent, delivered, read, answered, session, and `any`: the message's own
    time, the earliest of a request and any status.
    """

    key: str
    direction: Direction
    sources: int = 0
    fields: dict[str, RankedValue] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    flags: int = 0
    group: bool = False
    exported: Exported | None = None

    @property
    def at(self) -> int:
        """The message's own time, ms; the session's start only if no other time is known."""
        own = self.times.get("any")
        return own if own is not None else self.times["session"]

    @property
    def identity(self) -> tuple[str, int]:
        """Two records with the same identity are of one message."""
        return self.key, self.direction

    def value(self, name: str) -> Any:
        """The winning value of a field, None if it is unknown."""
        ranked = self.fields.get(name)
        return None if ranked is None else ranked[2]

    @property
    def failure(self) -> Failure | None:
        """The winning error, None if no record says that the message failed."""
        error = self.fields.get("error")
        return None if error is None else failure_of(error)

    def merge(self, other: Message) -> None:
        """Merges in what another record of the same message says."""
        self.sources |= other.sources
        self.flags |= other.flags
        self.group = self.group or other.group
        for name, ranked in other.fields.items():
            keep_smaller(self.fields, name, ranked)
        for name, time in other.times.items():
            keep_smaller(self.times, name, time)
        if other.exported is not None:
            self.exported = other.exported if self.exported is None else self.exported.merged_with(other.exported)


def ranked_error(rank: int, at: int, failure: Failure) -> RankedValue:
    """An error as a ranked value: one that says nothing loses to any other, one without a code to one with a code.

    Args:
        rank: Of the source.
        at: Time of the failure, ms.
        failure: Code, text and detail; they stay together.
    """
    is_said = failure.code is not None or bool(failure.text) or bool(failure.detail)
    code = _NO_CODE if failure.code is None else failure.code
    return rank if is_said else rank + _NOTHING_SAID, at, (code, failure.text or "", failure.detail or "")


def failure_of(error: RankedValue) -> Failure:
    """The failure that `ranked_error` was given."""
    code, text, detail = error[2]
    return Failure(None if code == _NO_CODE else code, text or None, detail or None)


def rank_of_error(error: RankedValue) -> int:
    """The rank of the source that `ranked_error` was given."""
    return error[0] % _NOTHING_SAID
