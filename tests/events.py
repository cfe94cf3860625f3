"""Events of tests: what one person and one line exchange at noon, unless a test says otherwise. Knows no database."""

from __future__ import annotations

from typing import Any

from storage.domain.events import ContactIds, Inbound, LineIds, Rank, Send, Status, Step
from tests.databases import ANA, LINE, NOON


def send(
    key: str = "w1",
    at: int = NOON,
    contact: ContactIds = ANA,
    line: LineIds = LINE,
    rank: Rank = Rank.SEND_LOG,
    **more: Any,
) -> Send:
    """A template that was sent with a key, from the send log unless `rank` says otherwise."""
    fields: dict[str, Any] = {"kind": "template", "template": "promo", "accepted_at": at, **more}
    return Send(key, rank, at, line, contact, **fields)


def row(key: str = "r1", at: int = NOON, contact: ContactIds = ANA, line: LineIds = LINE, **more: Any) -> Send:
    """A template in a row of the platform's table, which has no message key."""
    fields: dict[str, Any] = {"kind": "template", "template": "promo", "sent_at": at, "keyless": True, **more}
    return Send(key, Rank.PLATFORM, at, line, contact, **fields)


def status(
    step: Step, at: int = NOON, key: str = "w1", contact: ContactIds = ANA, line: LineIds = LINE, **more: Any
) -> Status:
    """A webhook that says how far a message came."""
    return Status(key, step, at, line, contact, **more)


def inbound(
    key: str = "i1", at: int = NOON, contact: ContactIds = ANA, line: LineIds = LINE, kind: str = "text", **more: Any
) -> Inbound:
    """A message that the person wrote."""
    return Inbound(key, kind, at, line, contact, **more)
