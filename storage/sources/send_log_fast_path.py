"""Fast path of `send_log`: a line with the request and the response of one accepted send, in their usual form.

msgspec checks while it decodes what the plain rule does in Python. `SendLogReader.items` is that rule, and
`test_fast_paths` compares the two. A record with any other member fails to decode and is left to the rule.
"""

from __future__ import annotations

import msgspec

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import ContactIds, LineIds, Origin, Rank, Send
from storage.sources.fields import Text, Unreadable, text_of, time_of
from storage.sources.format import Context
from storage.sources.identity import number_of, person
from storage.sources.send_log_values import kind_of

LINE_START = b"{"
_LINES_KEPT = _TEXTS_KEPT = 10_000


class _Struct(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """Refuses a member that is not listed: it may mean anything."""


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


class _Record(_Struct):
    """The bodies of a request and of its response."""

    request: _Request
    response: _Response
    at: Text = None
    timestamp: Text = None
    sent_at: Text = None
    time: Text = None
    phone_number_id: Text = None


_NOBODY = _Recipient()
_NO_IDS = ContactIds()
# Looking a member up in its enum takes longer than everything else that is done with it.
_SEND_LOG, _NOTIFICATION = Rank.SEND_LOG, Origin.NOTIFICATION


class AcceptedSendReader:
    """Reads the line of one accepted send."""

    def __init__(self, context: Context) -> None:
        self._zone, self._default_line = context.options.time_zone, context.options.line
        self._lines = BoundedCache(_line_of, _LINES_KEPT)
        self._texts = BoundedCache(text_of, _TEXTS_KEPT)
        self._decode = msgspec.json.Decoder(_Record).decode

    def read(self, line: bytes) -> Send | None:
        """The send that `SendLogReader.items` gives for the line; None for any other line."""
        try:
            return self._send(self._decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unreadable):
            return None

    def _send(self, record: _Record) -> Send | None:
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
            kind="template" if request.type == "template" else kind_of(request.type, template is not None),
            group=group,
            template=None if template is None else texts[template.name],
            language=None if template is None or template.language is None else texts[template.language.code],
            campaign=campaign,
            origin=_NOTIFICATION if campaign else None,
            accepted_at=at,
            default_line=None if line.identifier else self._default_line,
        )


def _line_of(identifier: Text) -> LineIds:
    return LineIds(text_of(identifier))


def _recipient(to: Text, response: _Response) -> ContactIds:
    """The recipient; without further work where everything names the same number."""
    known = response.contacts[0] if response.contacts else _NOBODY
    number, typed = number_of(to), known.input
    if number is not None and number == to == known.wa_id and (typed is None or typed == to) and known.user_id is None:
        return ContactIds((number,))
    return person(known.wa_id, known.input, to, known.user_id)
