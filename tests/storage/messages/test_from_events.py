"""The merge rule: which value wins in any order of records, and which values stay together."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Flags,
    Inbound,
    Known,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)
from storage.messages.from_events import contact_reference, direction_of, message_of, take_in
from storage.messages.message import Direction, Message, Sources, Stated
from tests.databases import ANA, BETO, LINE, NOON, OTHER_LINE, build, report_of, tsv_of
from tests.events import inbound, row, send, status
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


def test_everything_that_a_send_says_is_kept_with_its_rank_and_time() -> None:
    one = send(
        language="es",
        campaign="spring",
        channel_id="c",
        agent_groups="g",
        origin=Origin.NOTIFICATION,
        accepted_at=NOON + 1,
        sent_at=NOON + 2,
        delivered_at=NOON + 3,
        read_at=NOON + 4,
        session_start=NOON - 9,
        answered_at=NOON + 5,
        failed_at=NOON + 6,
        failure=Failure(131026, "gone", "more"),
        flags=Flags(new=False),
    )
    message = message_of(one)
    assert message.fields == {
        "line": (0, NOON, LINE.identifier),
        "contact": (0, NOON, (0, ANA.wa_ids[0])),
        "kind": (0, NOON, "template"),
        "template": (0, NOON, "promo"),
        "language": (0, NOON, "es"),
        "campaign": (0, NOON, "spring"),
        "channel_id": (0, NOON, "c"),
        "agent_groups": (0, NOON, "g"),
        "origin": (0, NOON, "notification"),
        "new": (0, NOON, 0),
        "error": (0, NOON + 6, (131026, "gone", "more")),
    }
    assert message.times == {
        "any": NOON + 1,
        "accepted": NOON + 1,
        "sent": NOON + 2,
        "delivered": NOON + 3,
        "read": NOON + 4,
        "session": NOON - 9,
        "answered": NOON + 5,
    }
    assert (message.sources, message.flags, message.group) == (Sources.SEND_LOG, 0, False)


def test_everything_that_a_webhook_says_is_kept() -> None:
    read = message_of(status(Step.PLAYED, NOON + 1, category="utility", campaign="spring", group=True))
    assert read.fields == {
        "line": (1, NOON + 1, LINE.identifier),
        "category": (1, NOON + 1, "utility"),
        "campaign": (1, NOON + 1, "spring"),
    }
    assert read.times == {"any": NOON + 1, "read": NOON + 1}
    assert (read.sources, read.group) == (Sources.WEBHOOK, True)
    written = message_of(Inbound("i", "text", NOON, LINE, ANA, context="w1", origin=Origin.WEBCHAT, group=True))
    assert written.fields == {
        "line": (1, NOON, LINE.identifier),
        "contact": (1, NOON, (0, ANA.wa_ids[0])),
        "kind": (1, NOON, "text"),
        "context": (1, NOON, "w1"),
        "origin": (1, NOON, "webchat"),
    }
    assert (written.sources, written.group) == (Sources.WEBHOOK, True)
    taken = message_of(status(Step.READ, NOON))
    take_in(taken, status(Step.SENT, NOON, group=True))
    take_in(taken, status(Step.DELIVERED, NOON))
    assert taken.group
    assert message_of(send(group=True)).group


@pytest.mark.parametrize("earliest", ["accepted_at", "sent_at", "delivered_at", "read_at", "failed_at"])
def test_the_earliest_step_is_the_time_of_the_message(earliest: str) -> None:
    names = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")
    times: dict[str, Any] = {name: NOON + 10 + place for place, name in enumerate(names)} | {earliest: NOON + 5}
    message = message_of(send(at=NOON + 20, session_start=NOON, **times))
    assert (message.at, message.times["session"]) == (NOON + 5, NOON)
    bare = message_of(send(accepted_at=None))
    assert bare.times == {"session": NOON}
    assert bare.at == NOON


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"failure": Failure(1, "x")}, (0, NOON, (1, "x", ""))),
        ({"failure": Failure(None, "x")}, (0, NOON, (1 << 62, "x", ""))),
        ({"failed_at": NOON + 3}, (10, NOON + 3, (1 << 62, "", ""))),
        ({"failed_at": NOON + 3, "failure": Failure(None, None, "z")}, (0, NOON + 3, (1 << 62, "", "z"))),
        ({}, None),
    ],
)
def test_a_send_failed_if_it_gives_a_failure_or_its_time(more: dict[str, object], error: object) -> None:
    assert message_of(send(**more)).fields.get("error") == error  # type: ignore[arg-type]


def test_a_line_or_origin_of_an_option_counts_only_where_the_record_gives_none() -> None:
    bare = message_of(row(line=LineIds(), default_line=OTHER_LINE, default_origin=Origin.CAMPAIGN))
    assert bare.fields["line"] == (3, NOON, OTHER_LINE.identifier)
    assert bare.fields["origin"] == (3, NOON, "campaign")
    assert "line" not in message_of(row(line=LineIds(), default_line=LineIds())).fields
    given = message_of(row(origin=Origin.TEMPLATE, default_line=OTHER_LINE, default_origin=Origin.CAMPAIGN))
    assert given.fields["line"] == (2, NOON, LINE.identifier)
    assert given.fields["origin"] == (2, NOON, "template")


def test_a_row_of_our_own_tsv_gives_the_time_of_a_referred_start_once() -> None:
    def of(origin: Origin | None, **times: Any) -> Message:
        return message_of(send(rank=Rank.PLATFORM, derived=True, origin=origin, **{"accepted_at": None, **times}))

    assert of(Origin.WEBCHAT, sent_at=NOON + 1, session_start=NOON - 5).at == NOON + 1
    referred = of(Origin.CAMPAIGN, session_start=NOON - 5)
    assert (referred.at, referred.times) == (NOON - 5, {"session": NOON - 5, "any": NOON - 5})
    assert (referred.direction, referred.value("kind"), referred.sources) == (Direction.IN, None, Sources.EXPORT)
    assert of(Origin.CAMPAIGN).times == {"session": NOON}
    assert of(Origin.CAMPAIGN, delivered_at=NOON + 4).at == NOON + 4
    assert of(Origin.CAMPAIGN, sent_at=NOON + 2, delivered_at=NOON + 1).at == NOON + 2
    own = of(None, session_start=NOON - 5, sent_at=NOON + 3, delivered_at=NOON + 1)
    assert (own.at, own.direction, own.value("kind")) == (NOON + 1, Direction.OUT, "template")
    keyed = message_of(send(rank=Rank.PLATFORM, origin=Origin.WEBCHAT, accepted_at=None, session_start=NOON - 5))
    assert keyed.times == {"session": NOON - 5}


def test_what_direction_an_event_has_and_which_id_names_its_contact() -> None:
    assert direction_of(status(Step.READ)) is Direction.OUT
    assert direction_of(inbound()) is Direction.IN
    assert direction_of(row(origin=Origin.WEBCHAT)) is Direction.ROW
    assert [direction_of(send(origin=one)) for one in Origin] == [
        Direction.IN if one in (Origin.WEBCHAT, Origin.CAMPAIGN) else Direction.OUT for one in Origin
    ]
    assert contact_reference(ContactIds(("", "2"), user_id="AR.1", customer_id="C7")) == (1, "AR.1")
    assert contact_reference(ContactIds(("1", "2"), user_id="AR.1")) == (0, "1")
    assert contact_reference(ContactIds(customer_id="C7")) == (2, "C7")
    assert contact_reference(ContactIds(("",), user_id="", customer_id="")) is None


def test_what_rows_state_without_a_time_adds_up() -> None:
    one, other = row(flags=Flags(sent=True, answered=True)), row(flags=Flags(read=True, not_sent=True))
    for first, second in ((one, other), (other, one)):
        message = message_of(first)
        message.merge(message_of(second))
        assert message.flags == Stated.SENT | Stated.ANSWERED | Stated.READ | Stated.NOT_SENT
        message.merge(message_of(row()))
        assert message.flags == Stated.SENT | Stated.ANSWERED | Stated.READ | Stated.NOT_SENT
    assert message_of(row()).failure is None
