"""Twilio's message log: the console's CSV, and message resources of the REST API and of bulk exports as JSON.

Source: Twilio's reference of the Message resource and its list of error codes. The log has messages of all channels;
those of WhatsApp have addresses that begin with `whatsapp:`. It names no template, and only the last status of a
message, without its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storage.domain.events import NO_FLAGS, Failure, Ignored, Inbound, Item, LineIds, Rank, Send
from storage.domain.sends import Sends
from storage.sources.column_dates import ColumnTimes, DateOrder
from storage.sources.column_names import columns_of, squashed
from storage.sources.fields import Unreadable, code_of, reject, text_of
from storage.sources.format import Context, Format, JsonReader, RowReader
from storage.sources.identity import number_of, person
from storage.sources.message_row_parts import CONTENT_COLUMNS, STEP_FLAGS, UNSENT, Content
from storage.sources.message_table import MessageRows
from storage.sources.status_words import Outcome, is_inbound, outcome_of

NAME = "twilio"
_REPLY = "outbound-reply"  # a text that answers a message; other messages out may be templates
_CSV_COLUMNS = frozenset(("sid", "from", "to", "status"))
_OWN_COLUMNS = frozenset(("accountsid", "apiversion", "numsegments", "messagingservicesid"))
_PREFIX = "whatsapp:"
_SMS = Ignored("message of another channel than WhatsApp")


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below the header of a message log; None for another header."""
    names = {squashed(name) for name in header}
    if not names >= _CSV_COLUMNS or names.isdisjoint(_OWN_COLUMNS):
        return None
    return LogRows(columns_of(header, context.options.columns), context, NAME)


class LogRows(MessageRows):
    """Reads the rows of a message log."""

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, Sequence[int]]:
        """The usual sends of many rows, and the places of the other rows; SMS are among these."""
        own = [place for place, cells in enumerate(rows) if self._is_of_whatsapp(cells)]
        sends, odd = super().together([rows[place] for place in own])
        return sends, sorted({*range(len(rows))}.difference(own).union(own[place] for place in odd))

    def item(self, cells: Sequence[str]) -> Item:
        """The message of one row; SMS are ignored."""
        return super().item(cells) if self._is_of_whatsapp(cells) else _SMS

    def _is_of_whatsapp(self, cells: Sequence[str]) -> bool:
        return any(text.strip().lower().startswith(_PREFIX) for text in self.people(cells))

    def content_of(self, cells: tuple[str, ...]) -> Content:
        """What was sent; its type only where it was surely no template."""
        direction = cells[CONTENT_COLUMNS.index("direction")]
        return super().content_of(cells)._replace(kind="text" if direction.strip() == _REPLY else None)


class ResourceReader(JsonReader):
    """Reads message resources: alone, one a line, or a page of them."""

    signs = (b"sid", b"page_size")

    def __init__(self, context: Context) -> None:
        self._default_line = context.options.line
        self._times = ColumnTimes(context.options.time_zone, lambda: DateOrder.DAY_FIRST)

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The messages of one decoded value; None where it has none of Twilio."""
        if not isinstance(value, dict):
            return None
        if _is_message(value):
            return [self._item(value, text, where)]
        messages = value.get("messages")
        if isinstance(messages, list) and ("page_size" in value or any(map(_is_message, messages))):
            return [self._item(one, text, where) for one in messages]
        return None

    def _item(self, resource: Any, text: bytes, where: str) -> Item:
        try:
            if not _is_message(resource):
                raise Unreadable("unrecognised message")
            return self._message({squashed(name): value for name, value in resource.items()})
        except Unreadable as error:
            return reject(where, str(error), text)

    def _message(self, resource: Mapping[str, Any]) -> Item:
        to, sender = text_of(resource.get("to")) or "", text_of(resource.get("from")) or ""
        if not any(address.lower().startswith(_PREFIX) for address in (to, sender)):
            return _SMS
        key = text_of(resource.get("sid"))
        at = self._time(resource.get("datesent")) or self._time(resource.get("datecreated"))
        if key is None or at is None:
            raise Unreadable("no message id" if key is None else "no time")
        direction = text_of(resource.get("direction")) or ""
        if (inbound := is_inbound(direction)) is None:
            raise Unreadable(f"unknown direction {direction[:40]!r}")
        line = LineIds(number=number_of(to if inbound else sender))
        default_line = None if line != LineIds() else self._default_line
        if inbound:
            return Inbound(key, "text", at, line, person(sender), default_line=default_line)
        status = text_of(resource.get("status")) or ""
        if (outcome := outcome_of(status)) is None:
            raise Unreadable(f"unknown status {status[:40]!r}")
        if outcome is Outcome.UNSENT:
            return UNSENT
        code = code_of(resource.get("errorcode")) or None
        failed = outcome is Outcome.FAILED or (outcome not in STEP_FLAGS and code is not None)
        return Send(
            key,
            Rank.SEND_LOG,
            at,
            line,
            person(to),
            kind="text" if direction == _REPLY else None,
            accepted_at=at,
            failed_at=at if failed else None,
            failure=Failure(code, text_of(resource.get("errormessage"))) if failed else None,
            flags=STEP_FLAGS.get(outcome, NO_FLAGS),
            default_line=default_line,
        )

    def _time(self, value: Any) -> int | None:
        text = text_of(value)
        return None if text is None else self._times[text] or None


def _is_message(value: Any) -> bool:
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("sid"), str)
        or not value["sid"].startswith(("SM", "MM"))
    ):
        return False
    return "status" in value and ("direction" in value or "account_sid" in value or "accountSid" in value)


FORMAT = Format(
    NAME,
    "Twilio's message log: CSV of the console, JSON of the API and of bulk exports",
    table=table,
    json=ResourceReader,
    keyless=True,
)
