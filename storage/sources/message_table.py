"""Any table with one row a message, of whatever program: columns are found by name, or given with `--map`.

A table of messages has a time and a recipient, and it names a message id, a template or campaign, or the steps of a
message. Any other table is refused: of a list of customers or orders each row would become a start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import (
    NO_FLAGS,
    ContactIds,
    Failure,
    Flags,
    Ignored,
    Inbound,
    Item,
    LineIds,
    Origin,
    Rank,
    Send,
)
from storage.sources.column_dates import ColumnTimes
from storage.sources.column_names import COLUMNS, TIMES, Columns, columns_of, squashed
from storage.sources.fields import Unreadable, code_of, header_of, identifier_of, keyless_key
from storage.sources.format import Context, RowReader
from storage.sources.identity import number_of, row_contact
from storage.sources.send_log_values import NAME
from storage.sources.status_words import Outcome, is_inbound, outcome_of
from storage.sources.table_cells import cell_text, is_scientific, message_id_of

_SHARED_KEPT = 20_000  # combinations of what many rows have in common
_STEPS = ("delivered", "read", "answered", "failed")
_EVIDENCE = ("message id", "template", "campaign", "status", *_STEPS)
# What a table of messages does not have, but lists of orders, payments and leads do.
_OTHER_TABLES = re.compile(
    r"(?:order|pedido|orden|invoice|factura|fatura|product|producto|produto|sku|total|subtotal|amount|monto|importe|"
    r"quantity|cantidad|quantidade|price|precio|preco|valor|tracking|ad|adset|form|lead)(?:no|nr|number|numero|id|name|nombre|status|nro)?"
)
_MESSAGE_ID = re.compile(r"(?:wamid\.|gBG|gBE|ABG|ABE).+|(?:SM|MM)[0-9a-fA-F]{32}")
_NO_ERROR = frozenset(("0", "ok", "no error", "none", "success", "sin error", "sem erro", "ninguno", "nenhum", "no"))
_OTHER_CHANNELS = frozenset(
    ("sms", "mms", "rcs", "email", "mail", "correo", "voice", "voz", "call", "push", "telegram", "instagram", "viber")
) | frozenset(("messenger", "facebook", "facebook messenger", "webchat", "web", "line", "apple", "twitter"))
_TEMPLATES = frozenset(
    ("template", "hsm", "plantilla", "modelo", "marketing", "utility", "authentication", "notification", "utilidad")
) | frozenset(("notificacion", "notificacao", "autenticacion", "utilidade", "autenticacao", "whatsapp template"))


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below a header; None for a table that is not one of messages."""
    columns = columns_of(header, context.options.columns)
    return MessageRows(columns, context) if not _missing(columns, context.sample) else None


def refusal(header: Sequence[str], context: Context) -> str | None:
    """What a header lacks to be one of messages, and which of its columns are understood; None where none are."""
    columns = columns_of(header, context.options.columns)
    meanings = columns.understood()
    if columns.bare_id and not _has_message_ids(columns, context.sample):
        meanings[columns.places["message id"]] = "number of the row"
    understood = ", ".join(f"'{' '.join(header[place].split())}' as {meanings[place]}" for place in sorted(meanings))
    if not understood:
        return None
    missing = _missing(columns, context.sample)
    return f"as a table of messages it has no column for {' and for '.join(missing)}; understood: {understood}"


def _missing(columns: Columns, sample: Sequence[Sequence[str]]) -> list[str]:
    missing = []
    if not columns.has("recipient", "customer id", "user id"):
        missing.append("the recipient")
    if not columns.has(*TIMES):
        missing.append("the time")
    if not _speaks_of_messages(columns, sample):
        missing.append("a message id, a template or campaign, or a status")
    return missing


def _speaks_of_messages(columns: Columns, sample: Sequence[Sequence[str]]) -> bool:
    """Whether a table names a message id, a template or campaign, or the steps of a message."""
    if columns.has("template") or (columns.has("message id") and not columns.bare_id):
        return True
    if _has_message_ids(columns, sample):
        return True
    if any(_OTHER_TABLES.fullmatch(squashed(name)) for name in columns.names):
        return False
    if columns.has("campaign", *_STEPS):
        return True
    words = _texts(columns, "status", sample)
    return columns.has("status") and (not words or any(outcome_of(word) is not None for word in words))


def _has_message_ids(columns: Columns, sample: Sequence[Sequence[str]]) -> bool:
    """Whether a column that is only called "id" holds ids of WhatsApp's or a provider's messages."""
    return any(_MESSAGE_ID.fullmatch(text) for text in _texts(columns, "message id", sample))


def _texts(columns: Columns, meaning: str, sample: Sequence[Sequence[str]]) -> list[str]:
    place = columns.places.get(meaning)
    if place is None:
        return []
    return [text for row in sample if place < len(row) and (text := cell_text(row[place])) is not None]


class _Shared(NamedTuple):
    """What a row says beside its key, its times and its person: the same for many rows.

    Attributes:
        raw_line: The text of the line, for the key of a row without one.
        failure: The error; what it says counts only if the message failed.
        failed: Whether status or error say that it failed.
        flags: The step that the status names.
        ignored: Why the row holds nothing for the report.
    """

    line: LineIds
    raw_line: str | None
    default_line: LineIds | None
    template: str | None
    language: str | None
    campaign: str | None
    kind: str | None
    origin: Origin | None
    inbound: bool
    failure: Failure
    failed: bool
    flags: Flags
    ignored: Ignored | None


_SHARED = (
    *("template", "campaign", "language", "status", "direction", "error code", "error", "error detail", "status text"),
    *("line id", "line number", "line name", "type", "origin", "channel"),
)
_DELIVERED, _FAILED = TIMES.index("delivered"), TIMES.index("failed")
_SEND_LOG, _PLATFORM = Rank.SEND_LOG, Rank.PLATFORM
_NO_LINE, _NOBODY = LineIds(), ContactIds()
_FLAGS_OF = {
    Outcome.DELIVERED: Flags(delivered=True),
    Outcome.READ: Flags(read=True),
    Outcome.ANSWERED: Flags(answered=True),
}
_Times = list[int | bool | None]


class MessageRows(RowReader):
    """Reads the rows of a table of messages."""

    def __init__(self, columns: Columns, context: Context, name: str = NAME) -> None:
        self._columns, self._name, self._swaps = columns, name, columns.swaps
        self._default_line = context.options.line
        empty = len(columns.names)  # an empty cell is added to each row: the place of every missing column
        places = {meaning: columns.places.get(meaning, empty) for meaning in COLUMNS}
        self._bare_id = columns.bare_id
        self._key, self._to, self._from = places["message id"], places["recipient"], places["line number"]
        self._person_name, self._customer, self._user = places["name"], places["customer id"], places["user id"]
        self._shared_cells = itemgetter(*(places[meaning] for meaning in _SHARED))
        self._shared_of = BoundedCache(self._shared, _SHARED_KEPT)
        self._texts = BoundedCache(cell_text, _SHARED_KEPT)
        present = [(index, meaning) for index, meaning in enumerate(TIMES) if columns.has(meaning)]
        context.dates.watch({places[meaning]: columns.names[places[meaning]] for _, meaning in present})
        self._times = [
            (index, places[meaning], columns.clocks.get(meaning, empty), _times_of(columns, meaning, context))
            for index, meaning in present
        ]

    def understood(self) -> dict[int, str]:
        """The meaning of each known column, by its place."""
        return self._columns.understood()

    def item(self, cells: Sequence[str]) -> Item:
        """The message of one row."""
        cells = [*cells, ""]
        shared = self._shared_of[self._shared_cells(cells)]
        if shared.ignored is not None:
            return shared.ignored
        times: _Times = [None, None, None, None, None, None, None]
        for index, place, clock, column in self._times:
            if text := cells[place]:
                if cells[clock] and ":" not in text:
                    text = f"{text} {cells[clock]}"
                times[index] = column[text]
        if shared.inbound:
            return self._inbound(cells, shared, times)
        return self._send(cells, shared, times)

    def _send(self, cells: list[str], shared: _Shared, times: _Times) -> Send:
        _, _, delivered, read, answered, failed, changed = times
        at, accepted = _own_times(times)
        flags = shared.flags
        if True in times or False in times:
            flags = _flags_of(flags, times)
        if type(changed) is int and flags is not NO_FLAGS:
            # The time of the status is the time of the step that it names, where no column gives one.
            delivered = changed if flags.delivered and type(delivered) is not int else delivered
            read = changed if flags.read and type(read) is not int else read
        is_failed = shared.failed or bool(failed)
        if is_failed and type(failed) is not int:
            failed = changed if type(changed) is int else at
        key, to = message_id_of(cells[self._key], bare=self._bare_id), cells[self._to]
        contact = self._contact(cells, to)
        if key is None and not is_failed and contact == _NOBODY and not to.strip():
            raise Unreadable("no message id and no recipient")
        return Send(
            self._keyless(cells, shared, contact, at) if key is None else key,
            _SEND_LOG if key is not None else _PLATFORM,
            at,
            shared.line,
            contact,
            keyless=key is None,
            kind=shared.kind,
            template=shared.template,
            language=shared.language,
            campaign=shared.campaign,
            origin=shared.origin,
            accepted_at=accepted,
            delivered_at=delivered if type(delivered) is int else None,
            read_at=read if type(read) is int else None,
            answered_at=answered if type(answered) is int else None,
            failed_at=failed if is_failed and type(failed) is int else None,
            failure=shared.failure if is_failed else None,
            flags=flags,
            default_line=shared.default_line,
        )

    def _inbound(self, cells: list[str], shared: _Shared, times: _Times) -> Inbound:
        """A message from a person: where the columns are "from" and "to", these two change places."""
        at, _ = _own_times(times)
        person, line = cells[self._to], shared.line
        if self._swaps:
            person, line = cells[self._from], LineIds(shared.line.identifier, number_of(cells[self._to]))
        contact = self._contact(cells, person)
        key = message_id_of(cells[self._key], bare=self._bare_id)
        if key is None and contact == _NOBODY:
            raise Unreadable("no message id and no sender")
        return Inbound(
            self._keyless(cells, shared, contact, at) if key is None else key,
            "text" if shared.kind in (None, "template") else shared.kind,
            at,
            line,
            contact,
            default_line=None if line != _NO_LINE else self._default_line,
        )

    def _contact(self, cells: list[str], to: str) -> ContactIds:
        name = self._texts[cells[self._person_name]]
        user, customer = cells[self._user], cells[self._customer]
        return row_contact(to, user or None, customer or None, name)

    def _keyless(self, cells: list[str], shared: _Shared, contact: ContactIds, at: int) -> str:
        """The key of a row without one. Where nobody is named, only the whole row tells it from others."""
        who = contact.wa_ids[0] if contact.wa_ids else contact.user_id or contact.customer_id
        if who is None:
            return keyless_key(self._name, *cells)
        return keyless_key(self._name, shared.raw_line, who, shared.template, shared.campaign, str(at))

    def direction_and_kind(self, cell: Mapping[str, str | None]) -> tuple[bool, str | None]:
        """Whether a message came from a person, and its type; some tables say both in one column.

        Args:
            cell: The cells that are not about the person, the key and the times, by their meaning.
        """
        direction, kind = cell["direction"], cell["type"]
        inbound = None if direction is None else is_inbound(direction)
        if direction is not None and inbound is None:
            raise Unreadable(f"unknown direction {direction[:40]!r}")
        if direction is None and kind is not None and (inbound := is_inbound(kind)) is not None:
            kind = None
        if kind is None or cell["template"] is not None or header_of(kind) in _TEMPLATES:
            return bool(inbound), "template"
        return bool(inbound), kind.lower()

    def people(self, cells: Sequence[str]) -> tuple[str, str]:
        """The texts of recipient and sender."""
        return self._cell(cells, self._to), self._cell(cells, self._from)

    def _cell(self, cells: Sequence[str], place: int) -> str:
        return cells[place] if place < len(cells) else ""

    def _shared(self, cells: tuple[str, ...]) -> _Shared:
        cell = dict(zip(_SHARED, map(cell_text, cells), strict=True))
        line = _line(cell["line id"], cell["line number"], cell["line name"])
        outcome = None
        if (word := cell["status"]) is not None and (outcome := outcome_of(word)) is None:
            raise Unreadable(f"unknown status {word[:40]!r}")
        code, text = code_of(cell["error code"]), cell["error"]
        text = cell["error code"] if code is None and text is None else text
        text = None if text is None or header_of(text) in _NO_ERROR else text
        code = code or None  # 0 means that there was no error
        failed = outcome is Outcome.FAILED or (outcome not in _FLAGS_OF and (code is not None or text is not None))
        inbound, kind = self.direction_and_kind(cell)
        return _Shared(
            line,
            cell["line id"] or cell["line number"] or cell["line name"],
            None if line != _NO_LINE else self._default_line,
            cell["template"],
            cell["language"],
            cell["campaign"],
            kind,
            _origin(cell["origin"], cell["campaign"]),
            inbound,
            Failure(code, text or (cell["status text"] if failed else None), cell["error detail"]),
            failed,
            NO_FLAGS if outcome is None else _FLAGS_OF.get(outcome, NO_FLAGS),
            _ignored(None if inbound else outcome, cell["channel"]),
        )


def _times_of(columns: Columns, meaning: str, context: Context) -> ColumnTimes:
    """How the cells of a column of times are read; a column of a step may hold "yes" and "no" as well."""
    place, dates = columns.places[meaning], context.dates
    zone = ZoneInfo("UTC") if meaning in columns.utc else context.options.time_zone
    return ColumnTimes(zone, lambda: dates.of(place), words=meaning in ("sent", *_STEPS))


def _own_times(times: _Times) -> tuple[int, int | None]:
    """The time of a row, and that of the request to send it."""
    time, sent, *steps, changed = times
    if type(sent) is int:
        return sent, sent
    if type(time) is int:
        return time, time
    known = [step for step in steps if type(step) is int]
    if known:
        return min(known), None
    if type(changed) is int:
        return changed, changed
    raise Unreadable("no time")


def _flags_of(flags: Flags, times: _Times) -> Flags:
    """The flags of a row whose columns of steps hold "yes" and "no"."""
    _, sent, delivered, read, answered, failed, _ = times
    return Flags(
        not_sent=failed is True or (sent is False and not any(times[_DELIVERED:_FAILED])) or None,
        sent=sent is True or None,
        delivered=flags.delivered or delivered is True or None,
        read=flags.read or read is True or None,
        answered=flags.answered or answered is True or None,
    )


def _line(identifier: str | None, number: str | None, name: str | None) -> LineIds:
    digits = number_of(number)
    if name is None and digits is None and number is not None and not is_scientific(number):
        name = number
    return LineIds(None if identifier is None or is_scientific(identifier) else identifier_of(identifier), digits, name)


def _origin(text: str | None, campaign: str | None) -> Origin | None:
    if campaign:
        return Origin.NOTIFICATION
    if text is None:
        return None
    try:
        return Origin(text.lower())
    except ValueError:
        raise Unreadable(f"unknown origin {text[:40]!r}") from None


def _ignored(outcome: Outcome | None, channel: str | None) -> Ignored | None:
    if outcome is Outcome.UNSENT:
        return Ignored("row of a message that was not sent")
    if channel is not None and header_of(channel) in _OTHER_CHANNELS:
        return Ignored("row of another channel")
    return None
