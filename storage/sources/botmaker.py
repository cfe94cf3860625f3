"""The platform's own download (`sessionStartingCauses-*.tsv`) and saludo's TSV, as Send events. Touches no database.

Columns are found by their whole names, because "enviado" is also a part of "No Enviado".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from storage.domain.events import REFERRED, Failure, Flags, LineIds, Origin, Rank, Send
from storage.sources.column_dates import ColumnTimes
from storage.sources.column_names import squashed
from storage.sources.fields import (
    Unreadable,
    boolean_of,
    code_of,
    header_of,
    keyless_key,
    text_of,
)
from storage.sources.format import Context, Format, RowReader
from storage.sources.formula_guard import unguarded
from storage.sources.identity import row_contact
from storage.sources.table_cells import is_rounded_id, is_scientific

NAME = "botmaker"

COLUMNS = {
    "customer": ("id usuario", "user id"),
    "contact": ("id contacto numero", "contact id number"),
    "session_start": ("fecha tiempo inicio sesion", "session start"),
    "channel": ("id canal", "channel id"),
    "new": ("usuario nuevo", "new user"),
    "template": ("nombre plantilla notificacion", "template notification"),
    "not_sent": ("no enviado", "not sent"),
    "sent": ("enviado", "sent"),
    "delivered": ("entregado", "delivered"),
    "read": ("leida", "leido", "read"),
    "answered": ("respondida", "respondido", "answered"),
    "reason": ("razon falla envio", "failure reason"),
    "detail": ("detalle falla envio", "failure detail"),
    "sent_at": ("fecha tiempo envio", "sent at"),
    "delivered_at": ("fecha tiempo entrega", "delivered at"),
    "read_at": ("fecha hora de lectura", "fecha tiempo lectura", "read at"),
    "answered_at": ("fecha tiempo respuesta", "answered at"),
    "groups": ("grupos agente", "agent groups"),
    "origin": ("origen", "origin"),
    "line": ("linea", "line"),
    "language": ("idioma", "language"),
    "status": ("estado", "status"),
    "code": ("codigo error", "error code"),
    "link": ("enlace conversacion", "chat link"),
    "key": ("id mensaje", "message key"),
}
_COLUMN_OF = {squashed(name): column for column, names in COLUMNS.items() for name in names}
# Columns that other tables of messages do not have; the other names are anybody's.
_DISTINCTIVE = frozenset(("contact", "session_start", "channel", "new", "groups", "link", "not_sent"))
_TIMES = ("session_start", "sent_at", "delivered_at", "read_at", "answered_at")
_FLAGS = ("new", "not_sent", "sent", "delivered", "read", "answered")
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
        column = _COLUMN_OF.get(squashed(name))
        if column is not None:
            columns.setdefault(column, index)
    known = {"contact", "customer"} & columns.keys() and {"session_start", "sent_at"} & columns.keys()
    return columns if known and len(columns) >= 5 and len(_DISTINCTIVE & columns.keys()) >= 2 else None


class PlatformRows(RowReader):
    """Reads the rows of a download."""

    def __init__(self, header: Sequence[str], columns: dict[str, int], context: Context) -> None:
        self._columns, self._keyless_key = columns, context.keyless_key
        options = context.options
        dates = context.dates
        watched = {column: columns[column] for column in _TIMES if column in columns}
        dates.watch({place: header[place] for place in watched.values()})
        self._times = {
            column: ColumnTimes(options.time_zone, partial(dates.of, place)) for column, place in watched.items()
        }
        self._is_own = not _OWN_COLUMNS.isdisjoint(columns)
        self._default_origin, self._default_line = options.origin, options.line

    def understood(self) -> dict[int, str]:
        """The meaning of each known column, by its place."""
        return {place: column.replace("_", " ") for column, place in self._columns.items()}

    def is_description(self, cells: Sequence[str]) -> bool:
        """Whether a row describes the columns: neither its times nor its flags can be read."""
        return self._all_unreadable(cells, "session_start", "sent_at") and self._all_unreadable(
            cells, "sent", "delivered", "not_sent"
        )

    def _all_unreadable(self, cells: Sequence[str], *columns: str) -> bool:
        """Whether at least one of these columns is filled, and none of the filled ones can be read."""
        unreadable = 0
        for column in columns:
            value = self._cell(cells, column)
            if value is None:
                continue
            try:
                _ = self._time(column, value) if column in _TIMES else boolean_of(value)
            except Unreadable:
                unreadable += 1
            else:
                return False
        return unreadable > 0

    def _cell(self, cells: Sequence[str], column: str) -> str | None:
        index = self._columns.get(column)
        value = cells[index].strip() if index is not None and index < len(cells) else ""
        if value in ("", "-"):
            return None
        if value[0] == "'":  # a platform's own value keeps its apostrophe, except before what is surely a formula
            if self._is_own:
                value = unguarded(value)
            elif _ESCAPED_FORMULA.match(value):
                value = value[1:]
        return text_of(value)

    def _time(self, column: str, text: str | None) -> int | None:
        if text is None or column not in self._times:
            return None
        at = self._times[column][text]
        return None if at is None else int(at)

    def item(self, cells: Sequence[str]) -> Send:
        """The send of one row. Raises Unreadable."""
        row = {column: self._cell(cells, column) for column in self._columns}
        times = {column: self._time(column, row.get(column)) for column in _TIMES}
        at = next((at for at in (times["sent_at"], *times.values()) if at is not None), None)
        if at is None:
            raise Unreadable("no time")
        flags = Flags(*(boolean_of(row.get(column)) for column in _FLAGS))
        reason, detail, code = row.get("reason"), row.get("detail"), code_of(row.get("code"))
        failed = bool(flags.not_sent) or any(part is not None for part in (reason, detail, code))
        key, line, origin = (
            _key(row.get("key")),
            _line(row.get("line"), row.get("channel")),
            _origin(row.get("origin")),
        )
        return Send(
            key or _keyless(row),
            Rank.PLATFORM,
            at,
            line,
            row_contact(row.get("contact"), customer=row.get("customer")),
            keyless=key is None or self._keyless_key.fullmatch(key) is not None,
            derived=key is not None,
            kind=None if origin in REFERRED else "template",
            template=row.get("template"),
            language=row.get("language"),
            origin=origin,
            default_origin=None if origin else self._default_origin,
            default_line=None if line != LineIds() else self._default_line,
            session_start=times["session_start"],
            sent_at=times["sent_at"],
            delivered_at=times["delivered_at"],
            read_at=times["read_at"],
            answered_at=times["answered_at"],
            failed_at=at if failed else None,
            failure=Failure(code, reason, detail) if failed else None,
            flags=flags,
            channel_id=row.get("channel"),
            agent_groups=row.get("groups"),
        )


def _key(text: str | None) -> str | None:
    return None if text is None or is_rounded_id(text) else text


def _keyless(row: dict[str, str | None]) -> str:
    columns = ("channel", "line", "customer", "contact", "template")
    when = row.get("sent_at") or row.get("session_start")
    return keyless_key(NAME, *(row.get(column) for column in columns), when)


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


FORMAT = Format(NAME, "the platform's download, and saludo's own TSV", table=platform_rows, keyless=True)
