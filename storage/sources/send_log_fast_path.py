"""Fast path of `send_log`: a line with the request and the response of one accepted send, in their usual form.

msgspec checks while it decodes what the plain rule does in Python. `SendLogReader.items` is that rule, and
`test_fast_paths` compares the two. A record with any other member fails to decode and is left to the rule.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import ContactIds, LineIds, Origin, Rank, Send
from storage.domain.log_lines import Sink
from storage.sources.fields import EARLIEST, LATEST, Text, Unreadable, text_of, time_of
from storage.sources.format import Context
from storage.sources.identity import PEOPLE_OF_ONE, person
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

    def into(self, sink: Sink) -> Callable[[bytes], bool]:
        """As `Shortcut.into`."""
        read, add = self.read, sink.add_send

        def take(line: bytes) -> bool:
            send = read(line)
            if send is None:
                return False
            add(send)
            return True

        return take

    def read(self, line: bytes) -> Send | None:
        """The send that `SendLogReader.items` gives for the line; None for any other line."""
        try:
            record = self._decode(line)
            request, response = record.request, record.response
            key = text_of(response.messages[0].id) if response.messages else None
            if request.messaging_product != "whatsapp" or key is None:
                return None
            at = record.at
            if type(at) is not int or not EARLIEST <= at < LATEST:
                at = time_of(at or record.timestamp or record.sent_at or record.time, self._zone)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unreadable):
            return None
        if at is None:
            return None
        template, texts = request.template, self._texts
        if template is None:
            kind = kind_of(request.type, False)
            name = language = None
        else:
            kind = "template" if request.type == "template" else kind_of(request.type, True)
            name = texts[template.name]
            language = None if template.language is None else texts[template.language.code]
        line_ids, campaign = self._lines[record.phone_number_id], texts[request.biz_opaque_callback_data]
        group = request.recipient_type == "group"
        # Positional: keywords make it slower by a tenth of this function.
        return Send(
            key,
            _SEND_LOG,
            at,
            line_ids,
            _NO_IDS if group else self._recipient(request.to, response),
            False,
            False,
            kind,
            group,
            name,
            language,
            campaign,
            _NOTIFICATION if campaign else None,
            None,
            None if line_ids.identifier else self._default_line,
            at,
        )

    def _recipient(self, to: Text, response: _Response) -> ContactIds:
        """The recipient; without further work where everything names the same number."""
        known = response.contacts[0] if response.contacts else _NOBODY
        typed = known.input
        if to == known.wa_id and (typed is None or typed == to) and known.user_id is None:
            number = PEOPLE_OF_ONE[to]
            if number.wa_ids and number.wa_ids[0] == to:
                return number
        return person(known.wa_id, typed, to, known.user_id)


def _line_of(identifier: Text) -> LineIds:
    return LineIds(text_of(identifier))
