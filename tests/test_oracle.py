"""The oracle's starts against values worked out by hand, one definition at a time; knows no database."""

from __future__ import annotations

import pytest

from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Flags,
    Inbound,
    Known,
    LineIds,
    Origin,
    Send,
    Step,
)
from storage.domain.vocabulary import StartStatus, UserType
from tests.databases import ANA, BETO, LINE, NOON, OTHER_LINE
from tests.events import inbound, row, send, status
from tests.recounts import WINDOW, by_key, one, report, starts


def test_a_field_is_the_send_logs_before_the_webhooks_before_the_platforms() -> None:
    late_log = send(at=NOON + 9, template="log", line=LineIds())
    early_row = row("w1", NOON - 9, template="row", keyless=False, line=OTHER_LINE)
    start = one(early_row, late_log, status(Step.SENT, NOON))
    assert start.template == "log"
    assert LINE.identifier in start.line
    assert start.at == NOON - 9


def test_of_one_rank_the_earliest_then_the_smallest_value_wins() -> None:
    assert one(send(template="b"), send(at=NOON + 1, template="a")).template == "b"
    assert one(send(template="b"), send(template="a")).template == "a"


def test_an_option_loses_to_any_evidence() -> None:
    silent = row(line=LineIds(), default_line=OTHER_LINE, default_origin=Origin.NOTIFICATION)
    assert (one(silent).line, one(silent).origin) == (
        frozenset({OTHER_LINE.identifier, OTHER_LINE.number}),
        Origin.NOTIFICATION,
    )
    telling = row(line=LINE, at=NOON, default_line=OTHER_LINE, origin=Origin.TEMPLATE)
    assert LINE.identifier in one(telling, silent).line
    assert one(telling, silent).origin is Origin.TEMPLATE


def test_ids_linked_last_make_one_person_and_one_line() -> None:
    history: list[Event] = [
        send("w1", contact=ANA),
        send("w2", NOON + 1, contact=ContactIds(user_id="AR.1")),
        send("w3", NOON + 2, contact=ContactIds(("549333",)), line=LineIds(name="Sales")),
    ]
    assert report(*history)["users"] == 3
    history.append(Known(LineIds(LINE.identifier, None, "Sales"), ContactIds(ANA.wa_ids, "AR.1")))
    history.append(Known(contact=ContactIds(("549333",), replaced=ANA.wa_ids[0])))
    assert report(*history)["users"] == 1
    assert {start.line for start in starts(*history)} == {frozenset({LINE.identifier, LINE.number, "Sales"})}


def test_equal_ids_of_different_kinds_are_two_people() -> None:
    assert report(send("w1"), send("w2", contact=ContactIds(customer_id=ANA.wa_ids[0])))["users"] == 2


def test_the_words_of_an_error_travel_together_and_beat_silence() -> None:
    silent = status(Step.FAILED, NOON)
    first = status(Step.FAILED, NOON + 1, failure=Failure(131026, None, None))
    second = status(Step.FAILED, NOON + 2, failure=Failure(131049, "text", "detail"))
    start = one(second, silent, first)
    assert start.failure == Failure(131026)
    assert start.at == NOON


def test_a_key_seen_both_ways_is_two_messages() -> None:
    both = starts(status(Step.SENT, key="w1"), inbound("w1", NOON, origin=Origin.CAMPAIGN))
    assert sorted(start.origin for start in both) == ["campaign", "template"]


def test_session_start_counts_only_where_there_is_no_other_time() -> None:
    assert one(row(session_start=NOON - 5)).at == NOON
    assert one(row(session_start=NOON - 5, sent_at=None)).at == NOON - 5


def test_a_referred_row_of_our_own_starts_with_its_session() -> None:
    derived = row("w1", keyless=False, derived=True, origin=Origin.WEBCHAT, sent_at=None, session_start=NOON - 5)
    assert one(derived, inbound("w1", NOON, origin=Origin.WEBCHAT)).at == NOON - 5


# --- what is a notification, and its origin ---


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([send()], True),
        ([send(kind="text"), status(Step.SENT, category="marketing")], False),
        ([send(group=True)], False),
        ([status(Step.SENT)], True),
        ([status(Step.FAILED, failure=Failure(131026))], True),
        ([status(Step.FAILED, failure=Failure(131047))], False),
        ([status(Step.FAILED, failure=Failure(131047), category="utility")], True),
        ([status(Step.SENT, category="service")], False),
        ([status(Step.SENT, category="business_initiated")], True),
        ([status(Step.SENT, category="authentication_international")], True),
        ([inbound("w1", NOON)], False),
        ([inbound("w1", NOON, origin=Origin.WEBCHAT)], True),
    ],
)
def test_what_is_a_start(history: list[Event], expected: bool) -> None:
    assert bool(starts(*history)) is expected


def test_origins() -> None:
    assert one(send()).origin is Origin.TEMPLATE
    assert one(send(origin=Origin.NOTIFICATION)).origin is Origin.NOTIFICATION
    assert one(send(origin=Origin.TEMPLATE), status(Step.SENT, campaign="spring")).origin is Origin.NOTIFICATION
    referred = one(row(origin=Origin.CAMPAIGN, default_origin=Origin.TEMPLATE))
    assert (referred.origin, referred.status, referred.template) == (Origin.CAMPAIGN, StartStatus.RECEIVED, "promo")


# --- joining ---


@pytest.mark.parametrize(
    ("other", "count"),
    [
        (row(at=NOON + 60_000), 1),
        (row(at=NOON - 60_001), 2),
        (row(line=OTHER_LINE), 2),
        (row(line=LineIds()), 1),
        (row(template="order"), 2),
        (row(template=None), 1),
        (row(contact=BETO), 2),
    ],
)
def test_a_row_and_a_keyed_notification_are_one_start_when_all_agrees(other: Send, count: int) -> None:
    found = starts(send(), other)
    assert len(found) == count
    assert any(start.joined for start in found) is (count == 1)


def test_unknown_contacts_never_join() -> None:
    assert len(starts(send(contact=ContactIds()), row(contact=ContactIds()))) == 2


def test_pairs_are_made_nearest_first_then_by_key() -> None:
    found = by_key(send("w1", NOON), send("w2", NOON + 10), row("r2", NOON + 8), row("r1", NOON + 9))
    assert sorted(found) == ["w1", "w2"]
    assert (found["w1"].at, found["w2"].at) == (NOON, NOON + 9)
    tied = by_key(send("w2"), send("w1"), row("r1"))
    assert (tied["w1"].joined, tied["w2"].joined) == (True, False)


def test_a_joined_row_brings_its_evidence() -> None:
    joined = one(send(), row(at=NOON + 1, flags=Flags(read=True, new=False)))
    assert (joined.key, joined.status, joined.user_type) == ("w1", StartStatus.READ, UserType.RECURRENT)


# --- the ladder, failed and answered ---


def test_the_furthest_step_and_what_it_implies() -> None:
    assert (one(send()).status, one(send()).implied) == (StartStatus.SENT, False)
    read = one(send(), status(Step.READ))
    assert (read.status, read.implied) == (StartStatus.READ, True)
    played = one(send(), status(Step.PLAYED), status(Step.DELIVERED))
    assert (played.status, played.implied) == (StartStatus.READ, False)
    stated = one(row(flags=Flags(delivered=True, read=True, answered=True)))
    assert (stated.status, stated.implied) == (StartStatus.ANSWERED, False)


def test_evidence_of_arrival_beats_a_failure() -> None:
    failed = one(send(), status(Step.FAILED))
    assert (failed.status, failed.conflict) == (StartStatus.FAILED, False)
    arrived = one(send(), status(Step.FAILED), status(Step.DELIVERED))
    assert (arrived.status, arrived.conflict) == (StartStatus.DELIVERED, True)
    answered = one(send(), status(Step.FAILED), inbound("i1", NOON, context="w1"))
    assert (answered.status, answered.conflict) == (StartStatus.ANSWERED, True)
    assert one(row(flags=Flags(not_sent=True))).status is StartStatus.FAILED


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (inbound("i1", NOON + WINDOW), True),
        (inbound("i1", NOON + WINDOW + 1), False),
        (inbound("i1", NOON - 5_000), True),
        (inbound("i1", NOON - 5_001), False),
        (inbound("i1", NOON + 1, line=OTHER_LINE), False),
        (inbound("i1", NOON + 1, line=LineIds()), False),
        (inbound("i1", NOON + 1, contact=BETO), False),
        (inbound("i1", NOON + 1, group=True), False),
        (inbound("i1", NOON + 1, kind="reaction"), False),
        (inbound("i1", NOON + 1, kind="echo"), False),
        (inbound("i1", NOON + 1, kind="unsupported"), True),
        (inbound("i1", NOON + 1, context="elsewhere"), True),
        (inbound("i1", NOON + 9 * WINDOW, contact=BETO, line=OTHER_LINE, context="w1"), True),
        (inbound("i1", NOON + 1, kind="reaction", context="w1"), False),
    ],
)
def test_what_answers(reply: Inbound, expected: bool) -> None:
    start = one(send(), reply)
    assert (start.status is StartStatus.ANSWERED) is expected
    assert start.answered_at == (reply.at if expected else None)


def test_an_unknown_line_equals_an_unknown_line() -> None:
    assert one(send(line=LineIds()), inbound("i1", NOON, line=LineIds())).status is StartStatus.ANSWERED


def test_one_message_answers_the_latest_that_did_not_fail_or_the_one_it_names() -> None:
    three: list[Event] = [send("w1"), send("w2", NOON + 1), send("w3", NOON + 2), status(Step.FAILED, NOON + 3, "w3")]
    found = by_key(*three, inbound("i1", NOON + 9))
    assert [found[key].status.value for key in ("w1", "w2", "w3")] == ["sent", "answered", "failed"]
    named = by_key(*three, inbound("i1", NOON + 9, context="w1"))
    assert [named[key].status.value for key in ("w1", "w2", "w3")] == ["answered", "sent", "failed"]
    tied = by_key(send("w1"), send("w2"), inbound("i1", NOON + 9))
    assert [tied[key].status.value for key in ("w1", "w2")] == ["sent", "answered"]


def test_derived_columns_count_only_where_nothing_else_is_known() -> None:
    flags = Flags(new=False, answered=True)
    derived = row("w1", keyless=False, derived=True, flags=flags, answered_at=NOON + 7)
    alone = one(derived)
    assert (alone.status, alone.answered_at, alone.user_type) == (StartStatus.ANSWERED, NOON + 7, UserType.RECURRENT)
    for other in (status(Step.SENT), row("r1", NOON + 1)):
        start = one(derived, other)
        assert (start.status, start.answered_at, start.user_type) == (StartStatus.SENT, None, UserType.NEW)


# --- new and recurrent ---


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (inbound("i1", NOON - WINDOW * 9, line=OTHER_LINE), UserType.RECURRENT),
        (inbound("i1", NOON - 1, kind="reaction"), UserType.RECURRENT),
        (inbound("i1", NOON - 1, kind="system"), UserType.NEW),
        (inbound("i1", NOON - 1, group=True), UserType.NEW),
        (inbound("i1", NOON), UserType.NEW),
        (inbound("i1", NOON - 1, contact=BETO), UserType.NEW),
        (send("t1", NOON - 1, kind="text"), UserType.RECURRENT),
        (send("t1", NOON - 1, kind="text", failure=Failure(131047)), UserType.NEW),
        (send("t1", NOON - 1, kind="text", group=True), UserType.NEW),
        (status(Step.SENT, NOON - 1, "t1", group=True), UserType.NEW),
    ],
)
def test_who_is_new(earlier: Event, expected: UserType) -> None:
    assert one(send(), earlier).user_type is expected


def test_an_unknown_contact_is_new_and_no_user() -> None:
    history = [send("w1", NOON, ContactIds()), send("w2", NOON + 1, ContactIds())]
    assert {start.user_type for start in starts(*history)} == {UserType.NEW}
    assert report(*history)["users"] == 0
