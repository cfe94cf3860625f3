"""What follows from a contact's messages: the short way for the usual case is the long way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.events import Event, Known
from storage.evidence import message_of
from storage.message_rows import Stored
from storage.messages import Direction, Message
from storage.timeline import derive, lone_start
from tests.histories import events

WINDOW = 24 * 3_600_000
SHIFTS = st.sampled_from((-WINDOW, -1, 0, 1, WINDOW))


@given(events(), st.none() | SHIFTS, st.none() | SHIFTS, st.sampled_from((None, 7)), st.sampled_from((None, 3)))
def test_a_message_out_alone_follows_as_it_does_among_others(
    history: list[Event], answered: int | None, known: int | None, contact: int | None, line: int | None
) -> None:
    messages: dict[tuple[str, int], Message] = {}
    for event in history:
        if not isinstance(event, Known):
            one = message_of(event)
            messages.setdefault(one.identity, one).merge(one)
    for message in messages.values():
        if message.direction is Direction.OUT:
            row = Stored(1, line, contact, message, message.at, None)
            answers = {} if answered is None else {message.key: message.at + answered}
            since = None if known is None or contact is None else message.at + known
            expected = derive([row], answers, frozenset(), WINDOW, since).starts.get(1)
            assert lone_start(row, answers, since) == expected
