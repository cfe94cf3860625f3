"""The fast path for a contact's only message gives the same start as the whole derivation."""

from __future__ import annotations

from itertools import product

from hypothesis import given

from storage.domain.events import Event, Known
from storage.messages.from_events import message_of
from storage.messages.message import Direction, Message
from storage.messages.message_row import row_of
from storage.messages.store import Stored
from storage.messages.timeline import derive, single_message_start
from tests.histories import events

WINDOW = 24 * 3_600_000
AROUND = (None, -WINDOW, -1, 0, 1)  # ms from the message's own time; None: never


@given(events())
def test_single_message_start_equals_derive(history: list[Event]) -> None:
    messages: dict[tuple[str, int], Message] = {}
    for event in history:
        if not isinstance(event, Known):
            one = message_of(event)
            messages.setdefault(one.identity, one).merge(one)
    for message in messages.values():
        if message.direction is not Direction.OUT:
            continue
        at = message.at
        for contact, answered, known in product((None, 7), AROUND, AROUND):
            if contact is None and known is not None:
                continue  # an unknown contact has no time since when it is known
            row = Stored(1, 3, contact, 4, 5, row_of(message), at, None)
            answers = {} if answered is None else {message.key: at + answered}
            since = None if known is None else at + known
            assert single_message_start(row, answers, since) == derive(
                [row], answers, frozenset(), WINDOW, since
            ).starts.get(1)
