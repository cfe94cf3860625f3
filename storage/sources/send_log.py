"""What was sent: POST /messages requests with their responses as JSON, or CSV with one row a send. Touches no database.

Format: the Cloud API's reference of POST /{phone_number_id}/messages, and its error object.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import ContactIds, Failure, Ignored, Item, LineIds, Origin, Rank, Send
from storage.sources.cloud_api import failure_of
from storage.sources.fields import (
    Unreadable,
    header_of,
    identifier_of,
    keyless_key,
    number_of,
    reject,
    text_of,
    time_of,
)
from storage.sources.json_scanner import decode

NAME = "send_log"

_TIMES = ("at", "timestamp", "sent_at", "time", "date", "created_at", "ts", "datetime", "@timestamp")
_URLS = ("url", "path", "uri", "endpoint")
_IN_URL = re.compile(r"/(\d{6,20})/messages")
_LINES_KEPT = _TEXTS_KEPT = 10_000
Text = str | int | float | None


class _Struct(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A member that stands nowhere here may mean anything: such a record is read the general way."""


class _Language(_Struct):
    code: Text = None
    policy: Text = None


class _Template(_Struct):
    name: Text = None
    language: _Language | None = None
    components: msgspec.Raw = msgspec.Raw()
    namespace: Text = None


class _Request(_Struct):
    messaging_product: Text = None
    recipient_type: Text = None
    to: Text = None
    type: Text = None
    template: _Template | None = None
    biz_opaque_callback_data: Text = None


class _Recipient(_Struct):
    input: Text = None
    wa_id: Text = None
    user_id: Text = None


class _Accepted(_Struct):
    id: Text = None
    message_status: Text = None


class _Response(_Struct):
    messages: list[_Accepted]
    messaging_product: Text = None
    contacts: list[_Recipient] | None = None


class Accepted(_Struct):
    """The usual record: the body of a request and of its answer, with nothing unusual about them."""

    request: _Request
    response: _Response
    at: Text = None
    timestamp: Text = None
    sent_at: Text = None
    time: Text = None
    phone_number_id: Text = None


_NOBODY = _Recipient()
_NO_IDS = ContactIds()
# To look a member up in its class takes longer than all else that is done with it.
_SEND_LOG, _NOTIFICATION = Rank.SEND_LOG, Origin.NOTIFICATION


class SendLog:
    """Turns JSON values and CSV rows into Send events."""

    def __init__(self, zone: ZoneInfo, default_line: LineIds | None) -> None:
        self._zone, self._default_line = zone, default_line
        self._lines = BoundedCache(_identified, _LINES_KEPT)
        self._texts = BoundedCache(text_of, _TEXTS_KEPT)

    def items_of(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The items of one decoded JSON value; None where it is no send."""
        request = _request(value)
        if request is None:
            return None
        if "status" in request and "to" not in request and "recipient" not in request:
            return [Ignored("request that marks a message as read")]
        try:
            return [self._send(value, request)]
        except Unreadable as error:
            return [reject(where, str(error), text)]

    def accepted(self, record: Accepted) -> Send | None:
        """The same send that `items_of` reads from the usual record of one that was accepted; None where it is not
        that after all. Raises Unreadable."""
        request, response = record.request, record.response
        key = text_of(response.messages[0].id) if response.messages else None
        if request.messaging_product != "whatsapp" or key is None:
            return None
        raw_time = record.at or record.timestamp or record.sent_at or record.time
        at = time_of(raw_time, self._zone)
        if at is None:
            return None
        template = request.template
        group = request.recipient_type == "group"
        line, texts = self._lines[record.phone_number_id], self._texts
        campaign = texts[request.biz_opaque_callback_data]
        return Send(
            key,
            _SEND_LOG,
            at,
            line,
            _NO_IDS if group else _recipient(request.to, response),
            kind="template" if request.type == "template" else _kind(request.type, template is not None),
            group=group,
            template=None if template is None else texts[template.name],
            language=None if template is None or template.language is None else texts[template.language.code],
            campaign=campaign,
            origin=_NOTIFICATION if campaign else None,
            accepted_at=at,
            default_line=None if line.identifier else self._default_line,
        )

    def _send(self, record: dict[str, Any], request: dict[str, Any]) -> Send:
        response = _object(record, "response") or (record if request is record else {})
        raw_time = next((record[name] for name in _TIMES if record.get(name) not in (None, "")), None)
        raw_time = raw_time if raw_time is not None else next((request[n] for n in _TIMES if n in request), None)
        at = time_of(raw_time, self._zone)
        if at is None:
            raise Unreadable("without a time")
        template = _dict(request.get("template"))
        kind = _kind(request.get("type"), bool(template))
        failure = _failure(record, response)
        to = text_of(request.get("to")) or text_of(request.get("recipient"))
        line = _line(record, request)
        key = _id(record, response)
        if key is None and failure is None:
            raise Unreadable("neither a message id nor an error")
        campaign = text_of(request.get("biz_opaque_callback_data")) or text_of(record.get("campaign"))
        name = text_of(template.get("name"))
        keyless = key is None
        group = request.get("recipient_type") == "group"
        return Send(
            key or keyless_key(NAME, line.identifier or line.number, to, name, str(raw_time)),
            Rank.SEND_LOG,
            at,
            line,
            ContactIds() if group else _contact(to, response),
            keyless=keyless,
            kind=kind,
            group=group,
            template=name,
            language=text_of(_dict(template.get("language")).get("code")) or text_of(template.get("language")),
            campaign=campaign,
            origin=Origin.NOTIFICATION if campaign else None,
            accepted_at=at,
            failed_at=at if failure else None,
            failure=failure,
            default_line=None if line != LineIds() else self._default_line,
        )

    def row(self, row: dict[str, str], columns: dict[str, str]) -> Send:
        """The send of one CSV row; `columns` maps what is known to the file's own header. Raises Unreadable."""

        def cell(name: str) -> str | None:
            value = row.get(columns.get(name, ""), "").strip()
            return None if value in ("", "-", "null", "NULL", "None") else text_of(value)

        at = time_of(cell("at"), self._zone)
        if at is None:
            raise Unreadable("without a time")
        code, text = cell("error_code"), cell("error")
        status = (cell("status") or "").lower()
        failed = code is not None or text is not None or status in _FAILED
        to, campaign, template, key = cell("to"), cell("campaign"), cell("template"), cell("id")
        if key is None and not failed and to is None:
            raise Unreadable("neither a message id nor a recipient")
        number = number_of(to)
        line = LineIds(identifier_of(cell("phone_number_id")), number_of(cell("line_number")), cell("line_name"))
        language, raw_line = cell("language"), line.identifier or line.number or line.name
        kind = (cell("kind") or "template").lower()
        return Send(
            key or keyless_key(NAME, raw_line, to, template, cell("at")),
            Rank.SEND_LOG,
            at,
            line,
            ContactIds((number,) if number else (), cell("user_id") or (None if number else to), name=cell("name")),
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


_FAILED = frozenset(("failed", "error", "rejected", "undelivered", "fallido", "fallida"))

_ALIASES = {
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


def columns_of(header: Sequence[str]) -> dict[str, str] | None:
    """What each known column is called in this header, None where it is no send log's."""
    names = {header_of(name): name for name in header}
    found = {
        known: next(names[alias] for alias in aliases if alias in names)
        for known, aliases in _ALIASES.items()
        if any(alias in names for alias in aliases)
    }
    return found if "at" in found and "to" in found and ("id" in found or "template" in found) else None


def _origin(text: str | None, campaign: str | None) -> Origin | None:
    if campaign:
        return Origin.NOTIFICATION
    if text is None:
        return None
    try:
        return Origin(text.lower())
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is no origin") from None


def _identified(identifier: Text) -> LineIds:
    return LineIds(text_of(identifier))


def _kind(type: Any, with_template: bool) -> str:
    return (text_of(type) or ("template" if with_template else "text")).lower()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object, or the JSON text of one."""
    value = record.get(name)
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = decode(value)
        except ValueError:
            return {}
    found = _dict(value)
    # HTTP clients log the answer's body beside its status and headers.
    for inner in ("body", "data", "json"):
        if "messages" not in found and "error" not in found and isinstance(found.get(inner), (dict, str)):
            return _object(found, inner)
    return found


def _request(value: Any) -> dict[str, Any] | None:
    """The body of POST /messages in a record, None where there is none."""
    if not isinstance(value, dict):
        return None
    for candidate in (_object(value, "request"), _object(value, "body"), _object(value, "payload"), value):
        if candidate.get("messaging_product") == "whatsapp" or (
            ("to" in candidate or "recipient" in candidate) and ("type" in candidate or "template" in candidate)
        ):
            return candidate
    return None


def recognises(value: Any) -> bool:
    """Whether a decoded JSON value is a send."""
    return _request(value) is not None


def _id(record: dict[str, Any], response: dict[str, Any]) -> str | None:
    messages = response.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], dict):
        return text_of(messages[0].get("id"))
    return text_of(record.get("wamid")) or text_of(record.get("message_id"))


def _line(record: dict[str, Any], request: dict[str, Any]) -> LineIds:
    identifier = text_of(record.get("phone_number_id")) or text_of(request.get("phone_number_id"))
    if identifier is None:
        for name in _URLS:
            for holder in (record, _dict(record.get("request"))):
                if (found := _IN_URL.search(text_of(holder.get(name)) or "")) is not None:
                    identifier = found[1]
    number = number_of(record.get("display_phone_number")) or number_of(record.get("from"))
    return LineIds(identifier, number)


def _contact(to: str | None, response: dict[str, Any]) -> ContactIds:
    contacts = response.get("contacts")
    known = _dict(contacts[0]) if isinstance(contacts, list) and contacts else {}
    return _contact_of(known.get("wa_id"), known.get("input"), to, known.get("user_id"))


def _recipient(to: Text, response: _Response) -> ContactIds:
    """The contact of a usual record; at once where all that it says of them is one number."""
    known = response.contacts[0] if response.contacts else _NOBODY
    number, typed = number_of(to), known.input
    if number is not None and number == to == known.wa_id and (typed is None or typed == to) and known.user_id is None:
        return ContactIds((number,))
    return _contact_of(known.wa_id, known.input, text_of(to), known.user_id)


def _contact_of(wa_id: Any, typed: Any, to: str | None, user_id: Any) -> ContactIds:
    numbers: list[str] = []
    for value in (wa_id, typed, to):
        number = number_of(value)
        if number is not None and number not in numbers:
            numbers.append(number)
    user = text_of(user_id)
    if user is None and to is not None and number_of(to) is None:
        user = to
    return ContactIds(tuple(numbers), user)


def _failure(record: dict[str, Any], response: dict[str, Any]) -> Failure | None:
    error = response.get("error") or record.get("error")
    if not error and isinstance(response.get("errors"), list) and response["errors"]:
        error = response["errors"][0]
    if not error:
        return None
    if not isinstance(error, dict):
        return failure_of(None, error, None)
    if isinstance(error.get("error"), dict):
        error = error["error"]
    details = _dict(error.get("error_data")).get("details") or error.get("error_user_msg") or error.get("details")
    return failure_of(error.get("code"), error.get("message") or error.get("title"), details)
