"""A send log as a table with one row a send. Columns are found by their names in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage.domain.events import LineIds, Origin, Rank, Send
from storage.sources.fields import (
    Unreadable,
    failure_of,
    header_of,
    identifier_of,
    keyless_key,
    text_of,
    time_of,
)
from storage.sources.format import Context, RowReader
from storage.sources.identity import number_of, row_contact
from storage.sources.send_log_values import NAME

_FAILED = frozenset(("failed", "error", "rejected", "undelivered", "fallido", "fallida"))

COLUMNS = {
    "id": ("wamid", "message id", "id mensaje", "whatsapp message id", "wa message id", "external id", "id"),
    "to": (
        "to",
        "phone",
        "recipient",
        "phone number",
        "telefono",
        "numero",
        "destinatario",
        "wa id",
        "celular",
        "contact",
    ),
    "template": ("template", "template name", "plantilla", "nombre plantilla"),
    "language": ("language", "lang", "idioma", "language code"),
    "campaign": ("campaign", "campaign id", "campaign name", "campana", "biz opaque callback data"),
    "at": ("at", "sent at", "timestamp", "date", "time", "created at", "fecha", "fecha envio", "enviado"),
    "phone_number_id": ("phone number id", "line id"),
    "line_number": ("from", "line", "line number", "display phone number", "linea", "remitente"),
    "line_name": ("line name", "nombre linea"),
    "error_code": ("error code", "code", "codigo error", "codigo"),
    "error": ("error", "error message", "error title", "failure reason", "motivo", "razon"),
    "error_detail": ("error details", "error detail", "details", "detalle"),
    "user_id": ("user id", "bsuid"),
    "status": ("status", "estado", "result"),
    "kind": ("type", "kind", "tipo"),
    "origin": ("origin", "origen"),
    "name": ("name", "contact name", "nombre"),
}


def columns_of(header: Sequence[str]) -> dict[str, int] | None:
    """The place of each known column in a header; None where the header is not a send log's."""
    places = {header_of(name): place for place, name in enumerate(header)}
    found = {
        known: next(places[alias] for alias in aliases if alias in places)
        for known, aliases in COLUMNS.items()
        if any(alias in places for alias in aliases)
    }
    return found if "at" in found and "to" in found and ("id" in found or "template" in found) else None


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below a header; None for a header of another format."""
    columns = columns_of(header)
    return None if columns is None else SendRowReader(columns, context)


class SendRowReader(RowReader):
    """Reads the rows of a send log."""

    def __init__(self, columns: Mapping[str, int], context: Context) -> None:
        self._columns = columns
        self._zone, self._default_line = context.options.time_zone, context.options.line

    def item(self, cells: Sequence[str]) -> Send:
        """The send of one row."""

        def cell(name: str) -> str | None:
            place = self._columns.get(name)
            value = "" if place is None else cells[place].strip()
            return None if value in ("", "-", "null", "NULL", "None") else text_of(value)

        at = time_of(cell("at"), self._zone)
        if at is None:
            raise Unreadable("no time")
        code, text = cell("error_code"), cell("error")
        status = (cell("status") or "").lower()
        failed = code is not None or text is not None or status in _FAILED
        to, campaign, template, key = cell("to"), cell("campaign"), cell("template"), cell("id")
        if key is None and not failed and to is None:
            raise Unreadable("no message id and no recipient")
        line = LineIds(identifier_of(cell("phone_number_id")), number_of(cell("line_number")), cell("line_name"))
        language, raw_line = cell("language"), line.identifier or line.number or line.name
        kind = (cell("kind") or "template").lower()
        return Send(
            key or keyless_key(NAME, raw_line, to, template, cell("at")),
            Rank.SEND_LOG,
            at,
            line,
            row_contact(to, cell("user_id"), name=cell("name")),
            keyless=key is None,
            kind=kind,
            template=template,
            language=language,
            campaign=campaign,
            origin=_origin(cell("origin"), campaign),
            accepted_at=at,
            failed_at=at if failed else None,
            failure=failure_of(code, text, cell("error_detail")) if failed else None,
            default_line=None if line != LineIds() else self._default_line,
        )


def _origin(text: str | None, campaign: str | None) -> Origin | None:
    if campaign:
        return Origin.NOTIFICATION
    if text is None:
        return None
    try:
        return Origin(text.lower())
    except ValueError:
        raise Unreadable(f"unknown origin {text[:40]!r}") from None
