"""Rows of many sends at once, column by column: what merging each send into a message of its own gives.

The plain path makes a `Message` of each send (`take_in`, storage/messages/from_events.py) and a row of that (`row_of`,
storage/messages/message_row.py); tests/storage/messages/test_column_rows.py compares the two. For the rows of a table
this way takes a tenth of the time, because nearly all of it is done by functions in C that get a whole column.

Knows no merge rule: it takes only sends that are ranked by their own time, and gives the others back.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple, TypeVar

from storage.domain.events import Flags, LineIds, Origin, Rank
from storage.domain.sends import Sends
from storage.messages.from_events import SOURCE_OF_RANK, contact_reference, line_reference, stated_bits
from storage.messages.message import Direction, Sources
from storage.messages.message_row import COLUMNS, Row, hash_of

_Value = TypeVar("_Value")
_Made = TypeVar("_Made")
_Times = Sequence["int | None"]

_OUT, _ROW = int(Direction.OUT), int(Direction.ROW)
_FROM_EXPORT = Sources.EXPORT.value
_OPTION = Rank.OPTION.value
_NOTHING: Iterable[None] = repeat(None)


class MadeRows(NamedTuple):
    """Sends, the row of each, and the sends that the plain path has to merge; None if there are none."""

    sends: Sends
    rows: list[Row]
    others: Sends | None


def rows_of(sends: Sends) -> MadeRows:
    """The rows of sends of whose messages nothing else is known."""
    steps, others = _earliest_steps(sends), None
    if steps is not sends.at and steps != sends.at:
        usual = _are_usual(sends, steps)
        if not all(usual):
            others = sends.only([not one for one in usual])
            sends, steps = sends.only(usual), [time for time, one in zip(steps, usual, strict=True) if one]
    if not len(sends):
        return MadeRows(sends, [], others)
    columns = _columns(sends, steps)
    return MadeRows(sends, list(zip(*[columns.get(name, _NOTHING) for name in COLUMNS], strict=False)), others)


def _are_usual(sends: Sends, steps: _Times) -> list[bool]:
    """Whether the time of each message is the one that its values are ranked by."""
    if None not in steps:
        return [step == at for step, at in zip(steps, sends.at, strict=True)]
    sessions = _NOTHING if sends.session_start is None else sends.session_start
    return [
        step == at if step is not None else session is None or session == at
        for step, session, at in zip(steps, sessions, sends.at, strict=False)
    ]


def references(sends: Sends) -> list[tuple[int, str] | None]:
    """The id of each contact by which its message names it."""
    if sends.numbers is not None:
        return list(zip(repeat(0), sends.numbers, strict=False))
    return [
        (0, numbers[0]) if (numbers := contact.wa_ids) and numbers[0] else contact_reference(contact)
        for contact in sends.contacts or ()
    ]


def _earliest_steps(sends: Sends) -> _Times:
    """The earliest time of a step of each message, None where no step has one; `sends.at` itself if it is certain."""
    at = sends.at
    own: _Times = at if sends.accepted_at is at else sends.accepted_at or [None] * len(sends)
    for times in (sends.failed_at, sends.sent_at, sends.delivered_at, sends.read_at):
        if times is not None and times is not own:
            own = [
                time if known is None or (time is not None and time < known) else known
                for known, time in zip(own, times, strict=True)
            ]
    return own


def _columns(sends: Sends, steps: _Times) -> dict[str, Iterable[Any]]:
    """The columns of the rows that hold something, by their names; steps: the earliest step of each."""
    untimed = None in steps
    started: Iterable[int | None] | None = sends.session_start
    if untimed:
        # A send without the time of a step has that of its session.
        sessions = _NOTHING if started is None else started
        started = [
            at if session is None and time is None else session
            for session, time, at in zip(sessions, steps, sends.at, strict=False)
        ]
    columns = {
        "contact_id": references(sends),
        "key": sends.keys,
        "direction": repeat(_ROW if sends.keyless else _OUT),
        "hash": _hashes(sends.keys),
        "sources": repeat(_FROM_EXPORT if sends.derived else SOURCE_OF_RANK[sends.rank]),
        "at": sends.at,
        "timed": [0 if time is None else 1 for time in steps] if untimed else repeat(1),
        '"group"': repeat(0),
        "flags": repeat(0),
        "template": sends.templates,
        "kind": sends.kinds,
        "language": sends.languages,
        "campaign": sends.campaigns,
        "channel_id": sends.channel_ids,
        "agent_groups": sends.agent_groups,
        "accepted_at": sends.accepted_at,
        "session_start": started,
        "sent_at": sends.sent_at,
        "delivered_at": sends.delivered_at,
        "read_at": sends.read_at,
        **_lines_and_origins(sends),
        **_failures(sends),
        **(_exported(sends) if sends.derived else _statements(sends)),
    }
    return {name: column for name, column in columns.items() if column is not None}


def _lines_and_origins(sends: Sends) -> dict[str, Iterable[Any]]:
    """Lines and origins, with those that an option gives and the evidence for these."""
    names = {line: _text_of_line(line) for line in set(sends.lines)}
    lines = list(map(names.__getitem__, sends.lines))
    origins: Sequence[str | None] | None = None
    if sends.origins is not None and any(sends.origins):
        origins = _each(sends.origins, _text_of_origin)
    line = None if sends.default_line is None else line_reference(sends.default_line)
    evidence: list[list[str]] = []
    if line is not None and None in lines:
        evidence.append(
            [f'"line":[{_OPTION},{at}]' if text is None else "" for text, at in zip(lines, sends.at, strict=True)]
        )
        lines = [line[1] if text is None else text for text in lines]
    if sends.default_origin is not None and (origins is None or None in origins):
        given = [None] * len(sends) if origins is None else origins
        evidence.append(
            [f'"origin":[{_OPTION},{at}]' if text is None else "" for text, at in zip(given, sends.at, strict=True)]
        )
        default = sends.default_origin.value
        origins = [default if text is None else text for text in given]
    columns: dict[str, Iterable[Any]] = {"line_id": lines}
    if origins is not None:
        columns["given_origin"] = origins
    if evidence:
        columns["evidence"] = [
            f"{{{','.join(filter(None, parts))}}}" if any(parts) else None for parts in zip(*evidence, strict=True)
        ]
    return columns


def _failures(sends: Sends) -> dict[str, Iterable[Any]]:
    """When and why messages failed, as few of a table do."""
    if sends.failed_at is None or sends.failures is None:
        return {}
    codes: list[int | None] = [None] * len(sends)
    texts: list[str | None] = codes.copy()  # type: ignore[assignment]
    details, ranks = texts.copy(), codes.copy()
    for place, failure in enumerate(sends.failures):
        if failure is not None:
            codes[place], ranks[place] = failure.code, int(sends.rank)
            texts[place], details[place] = failure.text or None, failure.detail or None
    return {
        "failed_at": sends.failed_at,
        "error_code": codes,
        "error_text": texts,
        "error_detail": details,
        "error_rank": ranks,
    }


def _statements(sends: Sends) -> dict[str, Iterable[Any]]:
    """What rows state without a time, and their answers."""
    columns: dict[str, Iterable[Any]] = {}
    if sends.answered_at is not None:
        columns["given_answered_at"] = sends.answered_at
    if sends.flags is not None:
        columns["flags"], columns["given_new"] = zip(*_each(sends.flags, _stated_and_new), strict=True)
    return columns


def _exported(sends: Sends) -> dict[str, Iterable[Any]]:
    """The derived columns of our own TSV, as `message_row.exported_of` reads them."""
    flags = repeat((0, None)) if sends.flags is None else _each(sends.flags, _stated_and_new)
    answers = _NOTHING if sends.answered_at is None else sends.answered_at
    return {
        "exported": [
            f"[{bits}, {'null, null' if new is None else f'{at}, {new}'}, {'null' if answered is None else answered}]"
            for at, (bits, new), answered in zip(sends.at, flags, answers, strict=False)
        ]
    }


def _stated_and_new(flags: Flags) -> tuple[int, int | None]:
    return stated_bits(flags), None if flags.new is None else int(flags.new)


def _text_of_line(line: LineIds) -> str | None:
    return line.identifier or line.number or line.name or None


def _text_of_origin(origin: Origin | None) -> str | None:
    return None if origin is None else origin.value


def _each(values: Sequence[_Value], make: Callable[[_Value], _Made]) -> list[_Made]:
    """What `make` makes of each value, once for each object: rows of a table share them."""
    ids = list(map(id, values))
    made = {id: make(value) for id, value in dict(zip(ids, values, strict=True)).items()}
    return list(map(made.__getitem__, ids))


def _hashes(keys: Sequence[str]) -> list[int]:
    """`hash_of` of each key."""
    if "".join(keys).isascii():
        return list(map(zlib.crc32, map(str.encode, keys)))
    return list(map(hash_of, keys))
