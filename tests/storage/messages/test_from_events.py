"""The merge rule: which value wins in any order of records, and which values stay together."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given

from storage.domain.events import Event, Failure, Known, LineIds, Rank, Send, Status, Step
from storage.messages.from_events import message_of, take_in
from storage.messages.message import Message
from tests.databases import ANA, BETO, NOON, OTHER_LINE, build, report_of, tsv_of
from tests.events import send, status
from tests.histories import events


def merged(*events: Send | Status) -> list[Message]:
    """The message merged from each order of the events."""
    results = []
    for order in permutations(events):
        first, *rest = (message_of(event) for event in order)
        for other in rest:
            first.merge(other)
            first.merge(other)
        results.append(first)
    return results


def test_the_send_log_wins_over_an_earlier_platform_row() -> None:
    for message in merged(
        send(template="log"),
        send(at=NOON - 9, rank=Rank.PLATFORM, template="row"),
        send(at=NOON - 10, template=None),
    ):
        assert message.value("template") == "log"
        assert message.at == NOON - 10


def test_within_a_source_the_earliest_then_the_smallest_wins() -> None:
    for message in merged(send(template="b"), send(template="a"), send(at=NOON + 1, template="A")):
        assert message.value("template") == "a"


def test_an_error_stays_together_and_a_known_one_beats_an_unknown() -> None:
    unknown = status(Step.FAILED, NOON, failure=Failure())
    coded = status(Step.FAILED, NOON + 5, failure=Failure(131026, "gone"))
    later = status(Step.FAILED, NOON + 6, failure=Failure(1, "earlier code", "more words"))
    for message in merged(unknown, coded, later):
        assert message.failure == Failure(131026, "gone")
        assert message.fields["error"][1] == NOON + 5
        assert message.at == NOON


def test_an_option_loses_to_any_record() -> None:
    bare = Send("w1", Rank.PLATFORM, NOON - 5, contact=ANA, kind="template", default_line=LineIds(name="given"))
    for message in merged(bare, Send("w1", Rank.PLATFORM, NOON, OTHER_LINE, ANA, kind="template")):
        assert message.value("line") == OTHER_LINE.identifier


def test_a_stored_value_keeps_its_rank_and_time(tmp_path: Path) -> None:
    """A third value can arrive after two were merged and stored: the stored winner still needs its rank and time."""
    events: list[Event] = [
        status(Step.READ, NOON + 9, category="marketing"),
        status(Step.SENT, NOON + 1),
        status(Step.DELIVERED, NOON + 5, contact=BETO, line=OTHER_LINE, category="service"),
        Send("w1", Rank.PLATFORM, NOON, OTHER_LINE, BETO, kind=None, template="promo", session_start=NOON - 5),
    ]
    results = set()
    for number, order in enumerate(permutations(events)):
        path = build(tmp_path / f"{number}.db", *([event] for event in order))
        results.add(str((report_of(path), tsv_of(path))))
    assert len(results) == 1


@pytest.mark.parametrize("repeat", [1, 2])
def test_the_same_batch_again_changes_nothing(tmp_path: Path, repeat: int) -> None:
    path = build(tmp_path / "a.db", *([send(template="x")] for _ in range(repeat)))
    assert report_of(path)["starts"] == 1


@given(events())
def test_take_in_equals_merging_the_message_of_the_event(history: list[Event]) -> None:
    taken: dict[tuple[str, int], Message] = {}
    merged: dict[tuple[str, int], Message] = {}
    for event in history:
        if isinstance(event, Known):
            continue
        one = message_of(event)
        take_in(taken.setdefault(one.identity, Message(one.key, one.direction)), event)
        merged.setdefault(one.identity, one).merge(one)
    assert taken == merged
