"""Message resources of Twilio as events (storage/sources/twilio.py says where they come from). Knows no table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.domain.events import NO_FLAGS, Failure, Inbound, Item, LineIds, Rank, Send
from storage.sources.column_dates import ColumnTimes
from storage.sources.column_names import squashed
from storage.sources.date_order import DateOrder
from storage.sources.fields import Unreadable, code_of, reject, text_of
from storage.sources.identity import number_of, person
from storage.sources.message_row_parts import STEP_FLAGS, UNSENT
from storage.sources.opened import Options
from storage.sources.status_words import Outcome, is_inbound, outcome_of
from storage.sources.twilio import PREFIX, REPLY, SMS, is_message


class Resources:
    """Reads decoded resources."""

    def __init__(self, options: Options) -> None:
        self._default_line = options.line
        self._times = ColumnTimes(options.time_zone, lambda: DateOrder.DAY_FIRST)

    def item(self, resource: Any, text: bytes, where: str) -> Item:
        """The message of one resource, or why it cannot be read; arguments as of `JsonReader.items`."""
        try:
            if not is_message(resource):
                raise Unreadable("unrecognised message")
            return self._message({squashed(name): value for name, value in resource.items()})
        except Unreadable as error:
            return reject(where, str(error), text)

    def _message(self, resource: Mapping[str, Any]) -> Item:
        to, sender = text_of(resource.get("to")) or "", text_of(resource.get("from")) or ""
        if not any(address.lower().startswith(PREFIX) for address in (to, sender)):
            return SMS
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
            kind="text" if direction == REPLY else None,
            accepted_at=at,
            failed_at=at if failed else None,
            failure=Failure(code, text_of(resource.get("errormessage"))) if failed else None,
            flags=STEP_FLAGS.get(outcome, NO_FLAGS),
            default_line=default_line,
        )

    def _time(self, value: Any) -> int | None:
        text = text_of(value)
        return None if text is None else self._times[text] or None
