"""What is known of one message, and the rules by which pieces of evidence become one (DESIGN 2.2).

`merge` is commutative, associative and idempotent, so any order, split or repetition of events ends the same. Knows no
database and nothing of what follows from a contact's other messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from storage.domain.events import Failure


class Direction(IntEnum):
    """OUT and IN are keyed; a ROW has no key of its own, and is a referred start or a send by its origin."""

    OUT = 0
    IN = 1
    ROW = 2


class Sources(IntFlag):
    """What kinds of source gave evidence of a message; EXPORT is a row of our own TSV with a message key."""

    SEND_LOG = 1
    WEBHOOK = 2
    PLATFORM = 4
    EXPORT = 8


class Stated(IntFlag):
    """What a platform's row says without a time."""

    NOT_SENT = 1
    SENT = 2
    DELIVERED = 4
    READ = 8
    ANSWERED = 16


@dataclass(frozen=True, slots=True, order=True)
class Exported:
    """The derived columns of our own TSV: they count only where nothing else is known of the message."""

    flags: int = 0
    new: tuple[int, int] | None = None  # (at, 0 or 1)
    answered_at: int | None = None

    def with_(self, other: Exported) -> Exported:
        """What both rows say."""
        times = [time for time in (self.answered_at, other.answered_at) if time is not None]
        news = [new for new in (self.new, other.new) if new is not None]
        return Exported(self.flags | other.flags, min(news, default=None), min(times, default=None))


# (rank, at, value): the smaller wins. The value of `error` is (code, text, detail) in a form that can be compared.
RankedValue = tuple[int, int, Any]

_NO_CODE = 1 << 62


@dataclass(slots=True)
class Message:
    """All evidence of one message.

    fields: name -> winning Evidence, for line, contact, kind, category, template, language, campaign, context, origin,
    new, channel_id, agent_groups and error. times: status -> earliest ms (accepted, sent, delivered, read, answered,
    session; `any` is the earliest of all that are evidence of the message's own time).
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
        """The message's own time, ms: the earliest of a sent request or any status, else the session's start."""
        own = self.times.get("any")
        return own if own is not None else self.times["session"]

    @property
    def identity(self) -> tuple[str, int]:
        """What makes two pieces of evidence one message."""
        return self.key, self.direction

    def value(self, name: str) -> Any:
        """The winning value of a field, None where none is known."""
        evidence = self.fields.get(name)
        return None if evidence is None else evidence[2]

    @property
    def failure(self) -> Failure | None:
        """The winning error, None where nothing says that the message failed."""
        evidence = self.fields.get("error")
        return None if evidence is None else failure_of(evidence)

    def merge(self, other: Message) -> None:
        """Takes in what another piece of evidence of the same message knows."""
        self.sources |= other.sources
        self.flags |= other.flags
        self.group = self.group or other.group
        mine = self.fields
        for name, evidence in other.fields.items():
            known = mine.get(name)
            if known is None or evidence < known:
                mine[name] = evidence
        times = self.times
        for name, time in other.times.items():
            known_time = times.get(name)
            if known_time is None or time < known_time:
                times[name] = time
        if other.exported is not None:
            self.exported = other.exported if self.exported is None else self.exported.with_(other.exported)

    def copy(self) -> Message:
        """An independent copy, to merge a joined row into."""
        return Message(
            self.key,
            self.direction,
            self.sources,
            dict(self.fields),
            dict(self.times),
            self.flags,
            self.group,
            self.exported,
        )


def error_evidence(rank: int, at: int, failure: Failure) -> RankedValue:
    """An error as evidence: one that says nothing loses to any other; no code comes after any code."""
    known = failure.code is not None or bool(failure.text) or bool(failure.detail)
    code = _NO_CODE if failure.code is None else failure.code
    return rank if known else rank + 10, at, (code, failure.text or "", failure.detail or "")


def failure_of(evidence: RankedValue) -> Failure:
    """The failure that `error_evidence` made evidence of."""
    code, text, detail = evidence[2]
    return Failure(None if code == _NO_CODE else code, text or None, detail or None)
