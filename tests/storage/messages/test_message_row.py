"""Rows convert to messages and back without loss."""

from __future__ import annotations

import pytest
from hypothesis import given

from storage.domain.events import Event, Failure, Flags, Inbound, LineIds, Rank, Send, Status, Step
from storage.messages.from_events import message_of, take_in
from storage.messages.message_row import COLUMNS, EVIDENCE, KEY, LINE, message_of_row, row_of
from tests.databases import LINE as A_LINE
from tests.databases import NOON
from tests.events import inbound, row, send, status
from tests.storage.messages.test_fast_path import HISTORIES, messages_of


@given(HISTORIES)
def test_a_row_converts_to_its_message_and_back(history: list[Event]) -> None:
    for message in messages_of(history):
        row = row_of(message)
        assert message_of_row(row) == message
        assert row_of(message_of_row(row)) == row


def test_columns_are_named_by_their_index() -> None:
    assert [COLUMNS[index] for index in (LINE, KEY, EVIDENCE)] == ["line_id", "key", "evidence"]


@pytest.mark.parametrize(
    ("events", "evidence"),
    [
        ([send(group=True)], None),
        ([row(accepted_at=None, sent_at=None)], None),
        ([row(flags=Flags(new=True, read=True), answered_at=NOON + 5)], None),
        ([send(rank=Rank.PLATFORM, derived=True, flags=Flags(new=False), answered_at=NOON + 5)], None),
        ([inbound(group=True, context="w2")], None),
        ([status(Step.READ, NOON + 9), status(Step.SENT, NOON, category="utility")], None),
        ([status(Step.SENT, NOON), status(Step.READ, NOON + 9, category="utility")], f'{{"category":[1,{NOON + 9}]}}'),
        ([status(Step.READ, NOON + 9, category="utility")], None),
        ([status(Step.READ, NOON), status(Step.SENT, NOON + 1, category="utility")], None),
        ([send(), status(Step.READ, NOON + 9, campaign="x")], f'{{"campaign":[1,{NOON + 9}]}}'),
        ([row(line=LineIds(), default_line=A_LINE)], f'{{"line":[3,{NOON}]}}'),
        ([row(), row(at=NOON - 5, template="older")], None),
        ([status(Step.FAILED, NOON, failure=Failure(None, "x", "y")), status(Step.SENT, NOON)], None),
        ([status(Step.FAILED, NOON), send(rank=Rank.PLATFORM)], f'{{"kind":[2,{NOON}],"template":[2,{NOON}]}}'),
    ],
)
def test_a_message_keeps_ranks_and_times_that_are_not_the_usual_ones(
    events: list[Send | Status | Inbound], evidence: str | None
) -> None:
    message = message_of(events[0])
    for event in events[1:]:
        take_in(message, event)
    stored = row_of(message)
    assert message_of_row(stored) == message
    assert stored[EVIDENCE] == evidence
