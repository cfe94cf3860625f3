"""Any table with one row a message, of whatever program: columns are found by name, or given with `--map`.

A table of messages has a time and a recipient, and it names a message id, a template or campaign, or the steps of a
message. Any other table is refused: of a list of customers or orders each row would become a start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import (
    NO_FLAGS,
    ContactIds,
    Flags,
    Inbound,
    Item,
    LineIds,
    Rank,
    Send,
)
from storage.domain.sends import Sends
from storage.language.texts import _
from storage.sources.column_dates import WITHIN_HOUR, ColumnTimes, DateOrders
from storage.sources.column_names import COLUMNS, TIMES, Columns, columns_of, squashed
from storage.sources.fields import Unreadable, keyless_key
from storage.sources.format import Context, RowReader
from storage.sources.identity import is_placeholder, number_of, row_contact
from storage.sources.message_columns import MessageColumns, RowParts
from storage.sources.message_row_parts import (
    CONTENT_COLUMNS,
    LINE_COLUMNS,
    OUTCOME_COLUMNS,
    Cells,
    Content,
    Line,
    Result,
    content_of,
    line_of,
    result_of,
)
from storage.sources.send_log_values import NAME
from storage.sources.status_words import outcome_of
from storage.sources.table_cells import LostCells, cell_text, message_id_of

_KEPT = 20_000  # combinations of cells that repeat
_STEPS = ("delivered", "read", "answered", "failed")
_EVIDENCE = ("message id", "template", "campaign", "status", *_STEPS)
# What a table of messages does not have, but lists of orders, payments and leads do.
_OTHER_TABLES = re.compile(
    r"(?:order|pedido|orden|invoice|factura|fatura|product|producto|produto|sku|total|subtotal|amount|monto|importe|"
    r"quantity|cantidad|quantidade|price|precio|preco|valor|tracking|ad|adset|form|lead)(?:no|nr|number|numero|id|name|nombre|status|nro)?"
)
_MESSAGE_ID = re.compile(r"(?:wamid\.|gBG|gBE|ABG|ABE).+|(?:SM|MM)[0-9a-fA-F]{32}")


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below a header; None for a table that is not one of messages."""
    columns = columns_of(header, context.options.columns)
    return MessageRows(columns, context) if not _missing(columns, context.sample) else None


def refusal(header: Sequence[str], context: Context) -> str | None:
    """What a header lacks to be one of messages, and which of its columns are understood; None where none are."""
    columns = columns_of(header, context.options.columns)
    meanings = columns.understood()
    if columns.bare_id and not _has_message_ids(columns, context.sample):
        meanings[columns.places["message id"]] = _("number of the row")
    understood = ", ".join(
        _("'{column}' as {field}").format(column=" ".join(header[place].split()), field=meanings[place])
        for place in sorted(meanings)
    )
    if not understood:
        return None
    message = _("as a table of messages it has no column for {what}; understood: {columns}")
    return message.format(what=_(" and for ").join(_missing(columns, context.sample)), columns=understood)


def _missing(columns: Columns, sample: Sequence[Sequence[str]]) -> list[str]:
    missing = []
    if not columns.has("recipient", "customer id", "user id"):
        missing.append(_("the recipient"))
    if not columns.has(*TIMES):
        missing.append(_("the time"))
    if not _speaks_of_messages(columns, sample):
        missing.append(_("a message id, a template or campaign, or a status"))
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


_DELIVERED, _FAILED = TIMES.index("delivered"), TIMES.index("failed")
_SEND_LOG, _PLATFORM = Rank.SEND_LOG, Rank.PLATFORM
_NO_LINE, _NOBODY = LineIds(), ContactIds()
_Times = list[int | bool | None]
_Made = TypeVar("_Made")


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
        self._line_cells, self._content_cells, self._result_cells = (
            itemgetter(*(places[meaning] for meaning in meanings))
            for meanings in (LINE_COLUMNS, CONTENT_COLUMNS, OUTCOME_COLUMNS)
        )
        self._lost = LostCells(columns.names)
        self._lines = BoundedCache(self._checked(LINE_COLUMNS, line_of), _KEPT)
        self._contents = BoundedCache(self._checked(CONTENT_COLUMNS, self.content_of), _KEPT)
        self._results = BoundedCache(self._checked(OUTCOME_COLUMNS, result_of), _KEPT)
        self._only_recipient = not columns.has("name", "customer id", "user id")
        self._texts = BoundedCache(cell_text, _KEPT)
        present = [(index, meaning) for index, meaning in enumerate(TIMES) if columns.has(meaning)]
        dates = context.dates or DateOrders()
        dates.watch({places[meaning]: columns.names[places[meaning]] for _, meaning in present})
        self._times = [
            (
                index,
                places[meaning],
                columns.clocks.get(meaning),
                _times_of(columns, meaning, context.options.time_zone, dates, self._lost),
            )
            for index, meaning in present
        ]
        parts = RowParts(
            places,
            self._lines,
            self._contents,
            self._results,
            self._times,
            self._contact,
            self._bare_id,
            self._default_line,
        )
        self._in_columns = MessageColumns(parts, empty)

    def _checked(self, meanings: Sequence[str], make: Callable[[Cells], _Made]) -> Callable[[Cells], _Made]:
        """The same function, which looks for lost cells first."""
        places = [self._columns.places.get(meaning) for meaning in meanings]

        def checked(cells: Cells) -> _Made:
            for place, cell in zip(places, cells, strict=True):
                if place is not None:
                    self._lost.look_at(place, cell)
            return make(cells)

        return checked

    def notes(self) -> list[str]:
        """The columns whose names stand twice, and those with values that a spreadsheet made unusable."""
        return [*self._columns.notes(), *self._lost.notes()]

    def understood(self) -> dict[int, str]:
        """The meaning of each known column, by its place."""
        return self._columns.understood()

    def content_of(self, cells: Cells) -> Content:
        """What the cells of `CONTENT_COLUMNS` say was sent."""
        return content_of(cells)

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, Sequence[int]]:
        """The usual sends of many rows, and the places of the other rows."""
        return self._in_columns.together(rows)

    def item(self, cells: Sequence[str]) -> Item:
        """The message of one row."""
        cells = [*cells, ""]
        content, result = self._contents[self._content_cells(cells)], self._results[self._result_cells(cells)]
        if not content.inbound and result.unknown is not None:
            raise Unreadable(f"unknown status {result.unknown[:40]!r}")
        ignored = content.ignored or (None if content.inbound else result.ignored)
        if ignored is not None:
            return ignored
        times, words = self._read_times(cells)
        line = self._lines[self._line_cells(cells)]
        if content.inbound:
            return self._inbound(cells, line, content, times)
        return self._send(cells, line, content, _with_words(result, times) if words else result, times)

    def _read_times(self, cells: list[str]) -> tuple[_Times, bool]:
        """The times of a row, in the order of `TIMES`, and whether some of them are "yes" or "no"."""
        times: _Times = [None, None, None, None, None, None, None]
        words = False
        for index, place, clock, column in self._times:
            if text := cells[place]:
                if clock is not None and cells[clock] and ":" not in text:
                    text = f"{text} {cells[clock]}"
                # Looked up here, since a call for each cell takes as long as everything else in this loop.
                head, _, tail = text.partition(":")
                if tail in WITHIN_HOUR and (start := column.hours[head]) is not None:
                    times[index] = start + WITHIN_HOUR[tail]
                else:
                    times[index] = found = column[text]
                    words = words or type(found) is bool
        return times, words

    def _send(self, cells: list[str], line: Line, content: Content, result: Result, times: _Times) -> Send:
        _, sent, delivered, read, answered, failed, changed = times
        at, accepted = (sent, sent) if type(sent) is int else _own_times(times)
        flags, is_failed = result.flags, result.failed or failed is not None
        if changed is not None and flags is not NO_FLAGS:
            # The time of the status is the time of the step that it names, where no column gives one.
            delivered = changed if flags.delivered and delivered is None else delivered
            read = changed if flags.read and read is None else read
        if not is_failed:
            failed = None
        elif type(failed) is not int:
            failed = at if changed is None else changed
        key = message_id_of(cells[self._key], bare=self._bare_id)
        contact, ids = self._contact(cells, cells[self._to]), line.ids
        keyless = key is None
        if keyless and not is_failed and contact == _NOBODY and not cells[self._to].strip():
            raise Unreadable("no message id and no recipient")
        return Send(
            self._keyless(cells, line, content, contact, at) if key is None else key,
            _PLATFORM if keyless else _SEND_LOG,
            at,
            ids,
            contact,
            keyless=keyless,
            kind=content.kind,
            template=content.template,
            language=content.language,
            campaign=content.campaign,
            origin=content.origin,
            accepted_at=accepted,
            delivered_at=delivered,
            read_at=read,
            answered_at=answered,
            failed_at=failed,
            failure=result.failure if is_failed else None,
            flags=flags,
            default_line=None if ids != _NO_LINE else self._default_line,
        )

    def _inbound(self, cells: list[str], line: Line, content: Content, times: _Times) -> Inbound:
        """A message from a person: where the columns are "from" and "to", these two change places."""
        at, _ = _own_times(times)
        person, ids = cells[self._to], line.ids
        if self._swaps:
            person, ids = cells[self._from], LineIds(ids.identifier, number_of(cells[self._to]))
        contact = self._contact(cells, person)
        key = message_id_of(cells[self._key], bare=self._bare_id)
        if key is None and contact == _NOBODY:
            raise Unreadable("no message id and no sender")
        return Inbound(
            self._keyless(cells, line, content, contact, at) if key is None else key,
            "text" if content.kind in (None, "template") else content.kind,
            at,
            ids,
            contact,
            default_line=None if ids != _NO_LINE else self._default_line,
        )

    def _contact(self, cells: list[str], to: str) -> ContactIds:
        if self._only_recipient and to.isdigit() and to[-5:] != "00000" and number_of(to) == to:
            return ContactIds((to,))
        name = self._texts[cells[self._person_name]]
        user, customer = cells[self._user], cells[self._customer]
        contact = row_contact(to, user or None, customer or None, name)
        if not contact.wa_ids and not contact.user_id and cell_text(to) is None:
            self._lost.look_at(self._to, to)
        elif not contact.wa_ids and not contact.user_id and not is_placeholder(to):
            self._lost.add(self._to, to)
        if customer and contact.customer_id is None:
            self._lost.look_at(self._customer, customer)
        return contact

    def _keyless(self, cells: list[str], line: Line, content: Content, contact: ContactIds, at: int) -> str:
        """The key of a row without one. Where nobody is named, only the whole row tells it from others."""
        self._lost.look_at(self._key, cells[self._key])
        who = contact.wa_ids[0] if contact.wa_ids else contact.user_id or contact.customer_id
        if who is None:
            return keyless_key(self._name, *cells)
        return keyless_key(self._name, line.text, who, content.template, content.campaign, str(at))

    def people(self, cells: Sequence[str]) -> tuple[str, str]:
        """The texts of recipient and sender."""
        return self._cell(cells, self._to), self._cell(cells, self._from)

    def _cell(self, cells: Sequence[str], place: int) -> str:
        return cells[place] if place < len(cells) else ""


def _times_of(columns: Columns, meaning: str, time_zone: ZoneInfo, dates: DateOrders, lost: LostCells) -> ColumnTimes:
    """How the cells of a column of times are read; a column of a step may hold "yes" and "no" as well."""
    place = columns.places[meaning]
    zone = ZoneInfo("UTC") if meaning in columns.utc else time_zone
    return ColumnTimes(
        zone, lambda: dates.of(place), words=meaning in ("sent", *_STEPS), empty=lambda text: lost.look_at(place, text)
    )


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


def _with_words(result: Result, times: _Times) -> Result:
    """How far a message got where columns of steps hold "yes" and "no", which this takes out of the times."""
    _, sent, delivered, read, answered, failed, _ = times
    flags = Flags(
        not_sent=failed is True or (sent is False and not any(times[_DELIVERED:_FAILED])) or None,
        sent=sent is True or None,
        delivered=result.flags.delivered or delivered is True or None,
        read=result.flags.read or read is True or None,
        answered=result.flags.answered or answered is True or None,
    )
    times[:] = [None if type(time) is bool else time for time in times]
    return result._replace(flags=flags, failed=result.failed or failed is True)
