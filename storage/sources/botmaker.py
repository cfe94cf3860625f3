"""The platform's own download (`sessionStartingCauses-*.tsv`) and saludo's TSV, as Send events. Touches no database.

Columns are found by their whole names, never by a part: "No Enviado" contains "enviado".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.domain.events import REFERRED, ContactIds, Failure, Flags, LineIds, Origin, Rank, Send
from storage.sources.fields import (
    Unreadable,
    boolean_of,
    code_of,
    header_of,
    keyless_key,
    number_of,
    text_of,
    time_of,
)
from storage.sources.format import Context, Format, RowReader

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
_BY_HEADER = {header: name for name, headers in COLUMNS.items() for header in headers}
_ORIGINS = {
    **{origin.value: origin for origin in Origin},
    "plantilla": Origin.TEMPLATE,
    "notificacion": Origin.NOTIFICATION,
    "whatsapptemplate": Origin.TEMPLATE,
    "campana": Origin.CAMPAIGN,
}
_IN_CHANNEL = re.compile(r"-(?:whatsapp|wa)-\+?(\d[\d*]*)$", re.IGNORECASE)
_NUMBERED = re.compile(r"\+(\d[\d* ]*)")
_ESCAPED = re.compile(r"'+[=+\-@]")


@dataclass(frozen=True, slots=True)
class Header:
    """The place of each known column."""

    places: Mapping[str, int]


def header_in(cells: Sequence[str]) -> Header | None:
    """The header; None where it is not the platform's or saludo's."""
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = _BY_HEADER.get(header_of(cell))
        if name is not None:
            places.setdefault(name, place)
    known = {"contact", "customer"} & places.keys() and {"session_start", "sent_at"} & places.keys()
    return Header(places) if known and len(places) >= 5 else None


def table(cells: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below a header; None for a header of another format."""
    header = header_in(cells)
    return None if header is None else DownloadRowReader(header, context)


class DownloadRowReader(RowReader):
    """Reads the rows of a download."""

    def __init__(self, header: Header, context: Context) -> None:
        options = context.options
        self._header, self._zone = header, options.time_zone
        self._default_origin, self._default_line = options.origin, options.line
        self._keyless_key = context.keyless_key

    def is_description(self, cells: Sequence[str]) -> bool:
        """Whether a row describes the columns: it has texts where times and booleans belong."""
        return self._wrong(cells, "session_start", "sent_at") and self._wrong(cells, "sent", "delivered", "not_sent")

    def _wrong(self, cells: Sequence[str], *names: str) -> bool:
        """Whether at least one of these columns is filled and none of the filled ones can be read."""
        wrong = 0
        for name in names:
            value = self._cell(cells, name)
            if value is None:
                continue
            try:
                _ = time_of(value, self._zone) if name.endswith(("start", "_at")) else boolean_of(value)
            except Unreadable:
                wrong += 1
            else:
                return False
        return wrong > 0

    def _cell(self, cells: Sequence[str], name: str) -> str | None:
        place = self._header.places.get(name)
        value = cells[place].strip() if place is not None and place < len(cells) else ""
        if value in ("", "-"):
            return None
        if _ESCAPED.match(value):
            value = value[1:]
        return text_of(value)

    def item(self, cells: Sequence[str]) -> Send:
        """The send of one row."""

        def cell(name: str) -> str | None:
            return self._cell(cells, name)

        def time(name: str) -> int | None:
            return time_of(cell(name), self._zone)

        session_start, sent_at = time("session_start"), time("sent_at")
        times = [session_start, sent_at, time("delivered_at"), time("read_at"), time("answered_at")]
        at = sent_at if sent_at is not None else next((moment for moment in times if moment is not None), None)
        if at is None:
            raise Unreadable("no time")
        flags = Flags(
            *(boolean_of(cell(name)) for name in ("new", "not_sent", "sent", "delivered", "read", "answered"))
        )
        reason, detail, code = cell("reason"), cell("detail"), code_of(cell("code"))
        failed = bool(flags.not_sent) or any(part is not None for part in (reason, detail, code))
        key = cell("key")
        line = self._line(cell("line"), cell("channel"))
        origin = _origin(cell("origin"))
        return Send(
            key or self._keyless(cell),
            Rank.PLATFORM,
            at,
            line,
            _contact(cell("customer"), cell("contact")),
            keyless=key is None or self._keyless_key.fullmatch(key) is not None,
            derived=key is not None,
            kind=None if origin in REFERRED else "template",
            template=cell("template"),
            language=cell("language"),
            origin=origin,
            default_origin=None if origin else self._default_origin,
            default_line=None if line != LineIds() else self._default_line,
            session_start=session_start,
            sent_at=sent_at,
            delivered_at=times[2],
            read_at=times[3],
            answered_at=times[4],
            failed_at=at if failed else None,
            failure=Failure(code, reason, detail) if failed else None,
            flags=flags,
            channel_id=cell("channel"),
            agent_groups=cell("groups"),
        )

    def _keyless(self, cell: object) -> str:
        assert callable(cell)
        when = cell("sent_at") or cell("session_start")
        names = ("channel", "line", "customer", "contact", "template")
        return keyless_key(NAME, *(cell(name) for name in names), when)

    def _line(self, line: str | None, channel: str | None) -> LineIds:
        if line is not None and (digits := _NUMBERED.fullmatch(line)) is not None:
            return LineIds(number=digits[1].replace(" ", ""))
        if line is not None:
            return LineIds(identifier=line) if line.isdigit() else LineIds(name=line)
        found = _IN_CHANNEL.search(channel or "")
        return LineIds(number=found[1]) if found else LineIds()


def _contact(customer: str | None, contact: str | None) -> ContactIds:
    number = number_of(contact)
    return ContactIds((number,) if number else (), None if number else contact, customer)


def _origin(text: str | None) -> Origin | None:
    if text is None:
        return None
    origin = _ORIGINS.get(header_of(text).replace(" ", ""))
    if origin is None:
        raise Unreadable(f"{text[:40]!r} is not an origin")
    return origin


FORMAT = Format(NAME, "the platform's download, and saludo's own TSV", table=table, keyless=True)
