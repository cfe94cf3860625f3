"""What was sent: requests of POST /messages with their responses, as JSON. Touches no database.

Format: the Cloud API's reference of POST /{phone_number_id}/messages, and its error object.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from storage.domain.events import ContactIds, Failure, Ignored, Item, LineIds, Origin, Rank, Send
from storage.language.texts import mark
from storage.sources.fields import Unreadable, failure_of, keyless_key, reject, text_of, time_of
from storage.sources.format import Context, Format, JsonReader, RowReader, Shortcut
from storage.sources.identity import number_of, person
from storage.sources.json_scanner import decode
from storage.sources.send_log_fast_path import LINE_START, AcceptedSendReader
from storage.sources.send_log_values import NAME, kind_of

_TIMES = ("at", "timestamp", "sent_at", "time", "date", "created_at", "ts", "datetime", "@timestamp")
_URLS = ("url", "path", "uri", "endpoint")
_BODIES = ("request", "body", "payload")
_REQUEST_MEMBERS = frozenset((*_BODIES, "messaging_product", "to", "recipient"))
_IN_URL = re.compile(r"/(\d{6,20})/(?:marketing_)?messages\b")


class SendLogReader(JsonReader):
    """Reads the requests of sends with their responses."""

    hints = (b"messaging_product",)
    signs = (b'"to"', b"to\\", b"recipient")  # also where a body is JSON text
    tolerant = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone, self._default_line = context.options.time_zone, context.options.line

    def shortcut(self) -> Shortcut:
        """Reads the line of one accepted send."""
        return Shortcut(LINE_START, AcceptedSendReader(self._context).into)

    def looks_like(self, sample: bytes) -> bool:
        """Whether the sample has the members of a request."""
        return b'"messaging_product"' in sample and (b'"to"' in sample or b'"recipient"' in sample)

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The item of one decoded record; None where it is not a send."""
        request = _request(value)
        if request is None:
            return None
        if "status" in request and "to" not in request and "recipient" not in request:
            return [Ignored("request that marks a message as read")]
        try:
            return [self._send(value, request)]
        except Unreadable as error:
            return [reject(where, str(error), text)]

    def _send(self, record: dict[str, Any], request: dict[str, Any]) -> Send:
        response = _object(record, "response") or (record if request is record else {})
        raw_time = next((record[name] for name in _TIMES if record.get(name) not in (None, "")), None)
        raw_time = raw_time if raw_time is not None else next((request[n] for n in _TIMES if n in request), None)
        at = time_of(raw_time, self._zone)
        if at is None:
            raise Unreadable("no time")
        template = _dict(request.get("template"))
        kind = kind_of(request.get("type"), bool(template))
        failure = _failure(record, response)
        to = text_of(request.get("to")) or text_of(request.get("recipient"))
        line = _line(record, request)
        key = _id(record, response)
        if key is None and failure is None:
            raise Unreadable("no message id and no error")
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


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that is an object or the JSON text of one, without the envelope of an HTTP client; else empty."""
    value = record.get(name)
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = decode(value)
        except ValueError:
            return {}
    found = _dict(value)
    # HTTP clients log the response's body beside its status and headers.
    for inner in ("body", "data", "json"):
        if "messages" not in found and "error" not in found and isinstance(found.get(inner), (dict, str)):
            return _object(found, inner)
    return found


def _request(value: Any) -> dict[str, Any] | None:
    """The body of POST /messages in a record; None where it has none."""
    if not isinstance(value, dict) or _REQUEST_MEMBERS.isdisjoint(value):
        return None
    for candidate in (*(_object(value, name) for name in _BODIES), value):
        if candidate.get("messaging_product") == "whatsapp" or (
            ("to" in candidate or "recipient" in candidate) and ("type" in candidate or "template" in candidate)
        ):
            return candidate
    return None


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
    ids = (known.get(name) for name in ("wa_id", "input"))
    return person(*ids, to, known.get("user_id"), known.get("parent_user_id"))


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


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows of any table of messages; loaded only where a file may be a table."""
    from storage.sources import message_table

    return message_table.table(header, context)


def refusal(header: Sequence[str], context: Context) -> str | None:
    """What a header lacks to be one of messages."""
    from storage.sources import message_table

    return message_table.refusal(header, context)


FORMAT = Format(
    NAME,
    mark("what was sent: JSON lines of requests and responses, or a table"),
    table=table,
    refusal=refusal,
    json=SendLogReader,
    keyless=True,
)
