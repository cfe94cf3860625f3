"""The evidence of one message as a flat row, and back: what the reading half of an import hands to the writing half,
and what the database keeps of it. Knows no database.

A row is a tuple of plain values, so that it goes through a pipe as it is. It begins with the names that the database
keeps as numbers, and ends with what hardly any message has; the rest is written as it stands.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from storage.domain.events import Failure
from storage.messages.message import Direction, Exported, Message, error_evidence, failure_of

COLUMNS = (
    "line_id",  # in the row: the line's text
    "contact_id",  # in the row: (kind, text) of the contact
    "template",  # in the row: the template's name
    "key",
    "direction",
    "hash",
    "sources",
    "at",
    "timed",
    "given_origin",
    '"group"',
    "flags",
    "accepted_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "kind",
    "category",
    "language",
    "campaign",
    "failed_at",
    "given_answered_at",
    "session_start",
    "error_code",
    "error_text",
    "error_detail",
    "error_rank",
    "given_new",
    "exported",
    "evidence",
    "context",
    "channel_id",
    "agent_groups",
)
(LINE, CONTACT, TEMPLATE, KEY, DIRECTION, HASH, SOURCES, AT, TIMED, ORIGIN, GROUP, FLAGS) = range(12)
(ACCEPTED_AT, SENT_AT, DELIVERED_AT, READ_AT, KIND, CATEGORY, LANGUAGE, CAMPAIGN) = range(12, 20)
(FAILED_AT, ANSWERED_AT, SESSION_START, ERROR_CODE, ERROR_TEXT, ERROR_DETAIL, ERROR_RANK) = range(20, 27)
(NEW, EXPORTED, EVIDENCE, CONTEXT, CHANNEL_ID, AGENT_GROUPS) = range(27, 33)
NAMES = 3  # columns that hold names in place of numbers
USUAL = FAILED_AT  # columns before those that hardly any message has
NOTHING_UNUSUAL = (None,) * (len(COLUMNS) - USUAL)
Row = tuple[Any, ...]  # the values of COLUMNS

_DIRECTIONS = tuple(Direction)
_NO_FAILURE = (None, None, None)


def hash_of(key: str) -> int:
    """The number by which a key is found; two keys may share it, so the key is compared as well."""
    return zlib.crc32(key.encode() if key.isascii() else key.encode("utf-8", "surrogatepass"))


def row_of(message: Message) -> Row:
    """The row of a message."""
    fields, times = message.fields.get, message.times.get
    line, contact, template = fields("line"), fields("contact"), fields("template")
    origin, kind, category, context = fields("origin"), fields("kind"), fields("category"), fields("context")
    language, campaign, error, exported = fields("language"), fields("campaign"), fields("error"), message.exported
    own = times("any")
    at = message.times["session"] if own is None else own
    failure = None if error is None else failure_of(error)
    return (
        None if line is None else line[2],
        None if contact is None else contact[2],
        None if template is None else template[2],
        message.key,
        int(message.direction),
        hash_of(message.key),
        message.sources,
        at,
        0 if own is None else 1,
        None if origin is None else origin[2],
        1 if message.group else 0,
        message.flags,
        times("accepted"),
        times("sent"),
        times("delivered"),
        times("read"),
        None if kind is None else kind[2],
        None if category is None else category[2],
        None if language is None else language[2],
        None if campaign is None else campaign[2],
        None if error is None else error[1],
        times("answered"),
        times("session"),
        *(_NO_FAILURE if failure is None else (failure.code, failure.text, failure.detail)),
        None if error is None else error[0] % 10,
        message.value("new"),
        None
        if exported is None
        else json.dumps((exported.flags, *(exported.new or (None, None)), exported.answered_at)),
        _exceptions(message, at),
        None if context is None else context[2],
        message.value("channel_id"),
        message.value("agent_groups"),
    )


def message_of_row(row: Row) -> Message:
    """The message that a row was made of."""
    line, contact, template, key, direction, _, sources, at, timed, origin, group, flags = row[:ACCEPTED_AT]
    accepted, sent, delivered, read, kind, category, language, campaign = row[ACCEPTED_AT:USUAL]
    failed, answered, session, error_code, error_text, error_detail, error_rank = row[USUAL:NEW]
    new, exported, exceptions, context, channel_id, agent_groups = row[NEW:]
    times = {}
    if timed:
        times["any"] = at
    if accepted is not None:
        times["accepted"] = accepted
    if sent is not None:
        times["sent"] = sent
    if delivered is not None:
        times["delivered"] = delivered
    if read is not None:
        times["read"] = read
    if answered is not None:
        times["answered"] = answered
    if session is not None:
        times["session"] = session
    rank = _usual_rank(sources)
    fields: dict[str, Any] = {}
    if line is not None:
        fields["line"] = rank, at, line
    if contact is not None:
        fields["contact"] = rank, at, contact
    if template is not None:
        fields["template"] = rank, at, template
    if origin is not None:
        fields["origin"] = rank, at, origin
    if kind is not None:
        fields["kind"] = rank, at, kind
    if category is not None:
        fields["category"] = 1, at if sent is None else sent, category
    if language is not None:
        fields["language"] = rank, at, language
    if campaign is not None:
        fields["campaign"] = rank, at, campaign
    if context is not None:
        fields["context"] = rank, at, context
    if channel_id is not None:
        fields["channel_id"] = rank, at, channel_id
    if agent_groups is not None:
        fields["agent_groups"] = rank, at, agent_groups
    if new is not None:
        fields["new"] = rank, at, new
    if exceptions:
        for name, (its_rank, time) in json.loads(exceptions).items():
            fields[name] = its_rank, time, fields[name][2]
    if failed is not None:
        fields["error"] = error_evidence(error_rank, failed, Failure(error_code, error_text, error_detail))
    told = None
    if exported:
        told = exported_of(exported)
    return Message(key, _DIRECTIONS[direction], sources, fields, times, flags, bool(group), told)


def exported_of(text: str) -> Exported:
    """The derived columns of our own TSV, of the text that a row keeps of them."""
    flags, new_at, new, answered_at = json.loads(text)
    return Exported(flags, None if new is None else (new_at, new), answered_at)


def _usual_rank(sources: int) -> int:
    return 0 if sources & 1 else 1 if sources & 2 else 2


def _exceptions(message: Message, at: int) -> str | None:
    """Rank and time of the evidence that has others than `message_of_row` takes for granted, as JSON: those of a
    category are a webhook's of when the message was sent, all others those of the best source at the message's own
    time."""
    rank = _usual_rank(message.sources)
    unusual: dict[str, tuple[int, int]] = {}
    for name, evidence in message.fields.items():
        if name == "category":
            if evidence[0] != 1 or evidence[1] != message.times.get("sent", at):
                unusual[name] = evidence[:2]
        elif (evidence[1] != at or evidence[0] != rank) and name != "error":
            unusual[name] = evidence[:2]
    return json.dumps(unusual, separators=(",", ":"), sort_keys=True) if unusual else None
