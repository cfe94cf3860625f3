"""Rows convert to messages and back without loss."""

from __future__ import annotations

from hypothesis import given

from storage.domain.events import Event
from storage.messages.message_row import COLUMNS, EVIDENCE, KEY, LINE, message_of_row, row_of
from tests.storage.messages.test_fast_path import HISTORIES, messages_of


@given(HISTORIES)
def test_a_row_converts_to_its_message_and_back(history: list[Event]) -> None:
    for message in messages_of(history):
        row = row_of(message)
        assert message_of_row(row) == message
        assert row_of(message_of_row(row)) == row


def test_columns_are_named_by_their_index() -> None:
    assert [COLUMNS[index] for index in (LINE, KEY, EVIDENCE)] == ["line_id", "key", "evidence"]
