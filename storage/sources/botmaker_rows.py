"""The rows of the platform's own download (`sessionStartingCauses-*.tsv`) and of saludo's TSV, as Send events.

Columns are found by their whole names, because "enviado" is also a part of "No Enviado". Touches no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import NamedTuple

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import REFERRED, Failure, Flags, LineIds, Origin, Rank, Send
from storage.domain.sends import Sends
from storage.language.catalogue import texts_of
from storage.language.languages import ENGLISH, LANGUAGES
from storage.sources.botmaker import NAME
from storage.sources.botmaker_columns import OUTCOME_COLUMNS, SENT_COLUMNS, PlatformColumns, PlatformParts
from storage.sources.column_dates import WITHIN_HOUR, ColumnTimes, DateOrders
from storage.sources.column_names import squashed
from storage.sources.fields import (
    Unreadable,
    boolean_of,
    code_of,
    header_of,
    keyless_key,
    text_of,
)
from storage.sources.format import Context, RowReader
from storage.sources.formula_guard import unguarded
from storage.sources.identity import row_contact
from storage.sources.table_cells import LostCells, cell_text, is_lost, is_rounded_id, is_scientific

COLUMNS = {
    "customer": ("id usuario", "user id"),  # Portuguese differs by its accents only, as in other columns
    "contact": ("id contacto numero", "contact id number", "id contato numero"),
    "session_start": ("fecha tiempo inicio sesion", "session start", "data hora inicio sessao"),
    "channel": ("id canal", "channel id"),
    "new": ("usuario nuevo", "new user", "usuario novo"),
    "template": ("nombre plantilla notificacion", "template notification", "nome modelo notificacao"),
    "not_sent": ("no enviado", "not sent", "nao enviada"),
    "sent": ("enviado", "sent", "enviada"),
    "delivered": ("entregado", "delivered", "entregue"),
    "read": ("leida", "leido", "read", "lida"),
    "answered": ("respondida", "respondido", "answered"),
    "reason": ("razon falla envio", "failure reason", "motivo falha envio"),
    "detail": ("detalle falla envio", "failure detail", "detalhe falha envio"),
    "sent_at": ("fecha tiempo envio", "sent at", "data hora envio"),
    "delivered_at": ("fecha tiempo entrega", "delivered at", "data hora entrega"),
    "read_at": ("fecha hora de lectura", "fecha tiempo lectura", "read at", "data hora leitura"),
    "answered_at": ("fecha tiempo respuesta", "answered at", "data hora resposta"),
    "groups": ("grupos agente", "agent groups"),
    "origin": ("origen", "origin", "origem"),
    "line": ("linea", "line", "linha"),
    "language": ("idioma", "language"),
    "status": ("estado", "status"),
    "code": ("codigo error", "error code", "codigo erro"),
    "link": ("enlace conversacion", "chat link", "link conversa"),
    "key": ("id mensaje", "message key", "id mensagem"),
}
_COLUMN_OF = {squashed(name): column for column, names in COLUMNS.items() for name in names}
# Columns that other tables of messages do not have; the other names are anybody's.
_DISTINCTIVE = frozenset(("contact", "session_start", "channel", "new", "groups", "link", "not_sent"))
_TIMES = ("session_start", "sent_at", "delivered_at", "read_at", "answered_at")
_KEPT = 20_000  # combinations of cells that repeat
_PLATFORM, _NO_LINE = Rank.PLATFORM, LineIds()
_ORIGINS = {
    **{origin.value: origin for origin in Origin},
    "plantilla": Origin.TEMPLATE,
    "notificacion": Origin.NOTIFICATION,
    "whatsapptemplate": Origin.TEMPLATE,
    "campana": Origin.CAMPAIGN,
}
_LINE_IN_CHANNEL = re.compile(r"-(?:whatsapp|wa)-\+?(\d[\d*]*)$", re.IGNORECASE)
_PLUS_NUMBER = re.compile(r"\+(\d[\d* ]*)")
_OWN_COLUMNS = frozenset(("origin", "line", "language", "status", "code", "link", "key"))
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@]")


def platform_rows(header: Sequence[str], context: Context) -> PlatformRows | None:
    """The reader of the rows below the platform's header or saludo's; None for another header."""
    columns = columns_of(header)
    return None if columns is None else PlatformRows(header, columns, context)


def columns_of(header: Sequence[str]) -> dict[str, int] | None:
    """The index of each known column in a header; None where it is not the platform's or saludo's."""
    columns: dict[str, int] = {}
    for index, name in enumerate(header):
        column = column_of(name)
        if column is not None:
            columns.setdefault(column, index)
    known = {"contact", "customer"} & columns.keys() and {"session_start", "sent_at"} & columns.keys()
    return columns if known and len(columns) >= 5 and len(_DISTINCTIVE & columns.keys()) >= 2 else None


def column_of(name: str) -> str | None:
    """Which of COLUMNS a column of this name is; None if it is none of them."""
    plain = squashed(name)
    return _COLUMN_OF.get(plain) or _columns_in_other_languages().get(plain)


@cache
def _columns_in_other_languages() -> dict[str, str]:
    """The columns by the headers that saludo writes in its languages; only read where a name is not known otherwise."""
    return {
        squashed(translation): column
        for language in LANGUAGES.keys() - {ENGLISH}
        for english, translation in texts_of(language, "export_starts").items()
        if (column := _COLUMN_OF.get(squashed(english))) is not None
    }


class Sent(NamedTuple):
    """What was sent, and from where, as many rows say; texts: channel, line and template, for the key of a row."""

    texts: tuple[str | None, str | None, str | None]
    line: LineIds
    origin: Origin | None
    language: str | None
    groups: str | None


class Outcome(NamedTuple):
    """How far a message got: its columns of "yes" and "no", and why it failed; None if it did not."""

    flags: Flags
    failure: Failure | None


class PlatformRows(RowReader):
    """Reads the rows of a download."""

    def __init__(self, header: Sequence[str], columns: dict[str, int], context: Context) -> None:
        self._columns, self._keyless_key = columns, context.keyless_key
        options = context.options
        self._lost = LostCells(header)
        self._times = self._time_columns(header, context)
        self._is_own = not _OWN_COLUMNS.isdisjoint(columns)
        self._default_origin, self._default_line = options.origin, options.line
        empty = len(header)  # an empty cell is added to each row: the place of every missing column
        self._key, self._customer, self._contact = (
            columns.get(column, empty) for column in ("key", "customer", "contact")
        )
        self._sent_at, self._session_start = (columns.get(column, empty) for column in ("sent_at", "session_start"))
        # Values that are no texts of people: what a spreadsheet puts around them or in their place is no part of them.
        self._exact = {columns[column] for column in ("contact", "code") if column in columns}
        self._sent_cells, self._outcome_cells = (
            itemgetter(*(columns.get(column, empty) for column in names)) for names in (SENT_COLUMNS, OUTCOME_COLUMNS)
        )
        self._sent_of = BoundedCache(self._sent, _KEPT)
        self._outcome_of = BoundedCache(self._outcome, _KEPT)
        names = (*SENT_COLUMNS, *OUTCOME_COLUMNS, "customer", "contact", "key", "sent_at", "session_start")
        parts = PlatformParts(
            {name: columns.get(name, empty) for name in names},
            self._sent_of,
            self._outcome_of,
            self._times,
            context.keyless_key,
            self._default_origin,
            self._default_line,
        )
        self._in_columns = PlatformColumns(parts, empty)

    def _time_columns(self, header: Sequence[str], context: Context) -> list[tuple[int, int, ColumnTimes]]:
        """The index in `_TIMES`, the place and the reader of each column of times."""
        dates, zone = context.dates or DateOrders(), context.options.time_zone
        watched = [(index, self._columns[name]) for index, name in enumerate(_TIMES) if name in self._columns]
        dates.watch({place: header[place] for _, place in watched})
        return [
            (index, place, ColumnTimes(zone, partial(dates.of, place), empty=partial(self._lost.look_at, place)))
            for index, place in watched
        ]

    def understood(self) -> dict[int, str]:
        """The meaning of each known column, by its place."""
        return {place: column.replace("_", " ") for column, place in self._columns.items()}

    def notes(self) -> list[str]:
        """The columns with values that a spreadsheet made unusable."""
        return self._lost.notes()

    def is_description(self, cells: Sequence[str]) -> bool:
        """Whether a row describes the columns: neither its times nor its flags can be read."""
        starts = [(cells[place], reader.__getitem__) for index, place, reader in self._times if index < 2]
        flags = [self._columns[column] for column in ("sent", "delivered", "not_sent") if column in self._columns]
        return _all_unreadable(starts) and _all_unreadable([(cells[place], boolean_of) for place in flags])

    def _value(self, place: int, cell: str) -> str | None:
        value = cell.strip()
        if value in ("", "-"):
            return None
        if value[0] == "#" or "E+" in value:
            self._lost.look_at(place, value)
            if place in self._exact and is_lost(value):
                return None
        if place in self._exact:
            return cell_text(value)
        if value[0] == "'":  # a platform's own value keeps its apostrophe, except before what is surely a formula
            if self._is_own:
                value = unguarded(value)
            elif _ESCAPED_FORMULA.match(value):
                value = value[1:]
        return text_of(value)

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, Sequence[int]]:
        """The usual sends of many rows, and the places of the other rows."""
        return self._in_columns.together(rows)

    def item(self, cells: Sequence[str]) -> Send:
        """The send of one row. Raises Unreadable."""
        cells = [*cells, ""]
        outcome = self._outcome_of[self._outcome_cells(cells)]
        what = self._sent_of[self._sent_cells(cells)]
        session_start, sent, delivered, read, answered = times = self._read_times(cells)
        at = sent if sent is not None else next((time for time in times if time is not None), None)
        if at is None:
            raise Unreadable("no time")
        key, customer, contact = (
            self._value(place, cells[place]) for place in (self._key, self._customer, self._contact)
        )
        origin, line = what.origin, what.line
        key = None if key is None or is_rounded_id(key) or is_lost(key) else key
        return Send(
            key or self._keyless(cells, what, customer, contact),
            _PLATFORM,
            at,
            line,
            row_contact(contact, customer=customer),
            keyless=key is None or self._keyless_key.fullmatch(key) is not None,
            derived=key is not None,
            kind=None if origin in REFERRED else "template",
            template=what.texts[2],
            language=what.language,
            origin=origin,
            default_origin=None if origin else self._default_origin,
            default_line=None if line != _NO_LINE else self._default_line,
            session_start=session_start,
            sent_at=sent,
            delivered_at=delivered,
            read_at=read,
            answered_at=answered,
            failed_at=None if outcome.failure is None else at,
            failure=outcome.failure,
            flags=outcome.flags,
            channel_id=what.texts[0],
            agent_groups=what.groups,
        )

    def _read_times(self, cells: list[str]) -> list[int | None]:
        """The times of a row, in the order of `_TIMES`."""
        times: list[int | None] = [None] * len(_TIMES)
        for index, place, column in self._times:
            if (text := cells[place]) and text != "-":
                head, _, tail = text.partition(":")
                if tail in WITHIN_HOUR and (start := column.hours[head]) is not None:
                    times[index] = start + WITHIN_HOUR[tail]
                else:
                    times[index] = column[text]
        return times

    def _values(self, names: Sequence[str], cells: tuple[str, ...]) -> list[str | None]:
        return [self._value(self._columns.get(name, -1), cell) for name, cell in zip(names, cells, strict=True)]

    def _sent(self, cells: tuple[str, ...]) -> Sent:
        channel, line, template, groups, origin, language = self._values(SENT_COLUMNS, cells)
        return Sent((channel, line, template), _line(line, channel), _origin(origin), language, groups)

    def _outcome(self, cells: tuple[str, ...]) -> Outcome:
        reason, detail, code, *flags = self._values(OUTCOME_COLUMNS, cells)
        stated, number = Flags(*map(boolean_of, flags)), code_of(code)
        if number == 0 and not stated.not_sent and reason is None:
            number = None  # 0 means that there was no error
        failed = bool(stated.not_sent) or any(part is not None for part in (reason, detail, number))
        return Outcome(stated, Failure(number, reason, detail) if failed else None)

    def _keyless(self, cells: list[str], what: Sent, customer: str | None, contact: str | None) -> str:
        channel, line, template = what.texts
        when = self._value(self._sent_at, cells[self._sent_at])
        if when is None:
            when = self._value(self._session_start, cells[self._session_start])
        return keyless_key(NAME, channel, line, customer, contact, template, when)


def _all_unreadable(cells: Sequence[tuple[str, Callable[[str], object]]]) -> bool:
    """Whether at least one of these cells is filled, and none of the filled ones can be read."""
    filled = [(cell, read) for cell, read in cells if cell.strip() not in ("", "-")]
    for cell, read in filled:
        try:
            read(cell)
        except Unreadable:
            continue
        return False
    return bool(filled)


def _line(line: str | None, channel: str | None) -> LineIds:
    if line is not None and (number := _PLUS_NUMBER.fullmatch(line)) is not None:
        return LineIds(number=number[1].replace(" ", ""))
    if line is not None and not is_scientific(line):
        return LineIds(identifier=line) if line.isdigit() else LineIds(name=line)
    found = _LINE_IN_CHANNEL.search(channel or "")
    return LineIds(number=found[1]) if found else LineIds()


def _origin(text: str | None) -> Origin | None:
    if text is None:
        return None
    origin = _ORIGINS.get(header_of(text).replace(" ", ""))
    if origin is None:
        raise Unreadable(f"unknown origin {text[:40]!r}")
    return origin
