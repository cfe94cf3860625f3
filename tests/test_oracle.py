"""The recount against numbers worked out by hand, one definition at a time; knows no database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from storage.domain.vocabulary import StartStatus, UserType
from tests.histories import Question, events, milliseconds, questions, shuffled, split
from tests.oracle import OracleStart, recount, starts_of

MADRID = ZoneInfo("Europe/Madrid")
WINDOW = 86_400_000
NOON = milliseconds("2026-10-21T12:00+00:00")  # a Wednesday
LINE, OTHER_LINE = LineIds("100", "5411000"), LineIds("200")
ANA, BRUNO = ContactIds(("549111",)), ContactIds(("549222",))


def send(key: str = "w1", at: int = NOON, contact: ContactIds = ANA, line: LineIds = LINE, **more: Any) -> Send:
    given: dict[str, Any] = {"kind": "template", "template": "welcome", "accepted_at": at, **more}
    return Send(key, Rank.SEND_LOG, at, line, contact, **given)


def status(step: Step, at: int = NOON, key: str = "w1", contact: ContactIds = ANA, **more: Any) -> Status:
    given: dict[str, Any] = {"line": LINE, **more}
    return Status(key, step, at, contact=contact, **given)


def inbound(
    key: str, at: int, contact: ContactIds = ANA, line: LineIds = LINE, kind: str = "text", **m: Any
) -> Inbound:
    return Inbound(key, kind, at, line, contact, **m)


def row(key: str = "r1", at: int = NOON, contact: ContactIds = ANA, line: LineIds = LINE, **more: Any) -> Send:
    given: dict[str, Any] = {"kind": "template", "template": "welcome", "sent_at": at, "keyless": True, **more}
    return Send(key, Rank.PLATFORM, at, line, contact, **given)


def starts(*history: Event) -> list[OracleStart]:
    return starts_of(history, time_zone=MADRID, answer_window_ms=WINDOW)


def one(*history: Event) -> OracleStart:
    (start,) = starts(*history)
    return start


def by_key(*history: Event) -> dict[str, OracleStart]:
    return {start.key: start for start in starts(*history)}


def report(*history: Event, **more: Any) -> dict[str, Any]:
    now = datetime(2026, 10, 22, 9, tzinfo=UTC)
    asked = asdict(Question(MADRID, WINDOW, date(2026, 10, 20), date(2026, 10, 23), now))
    return recount(history, **(asked | more))


def test_a_field_is_the_send_logs_before_the_webhooks_before_the_platforms() -> None:
    late_log = send(at=NOON + 9, template="log", line=LineIds())
    early_row = row("w1", NOON - 9, template="row", keyless=False, line=OTHER_LINE)
    start = one(early_row, late_log, status(Step.SENT, NOON))
    assert start.template == "log"
    assert "100" in start.line
    assert start.at == NOON - 9


def test_of_one_rank_the_earliest_then_the_smallest_value_wins() -> None:
    assert one(send(template="b"), send(at=NOON + 1, template="a")).template == "b"
    assert one(send(template="b"), send(template="a")).template == "a"


def test_an_option_loses_to_any_evidence() -> None:
    silent = row(line=LineIds(), default_line=OTHER_LINE, default_origin=Origin.NOTIFICATION)
    assert (one(silent).line, one(silent).origin) == (frozenset({"200"}), Origin.NOTIFICATION)
    telling = row(line=LINE, at=NOON, default_line=OTHER_LINE, origin=Origin.TEMPLATE)
    assert "100" in one(telling, silent).line
    assert one(telling, silent).origin is Origin.TEMPLATE


def test_ids_linked_last_make_one_person_and_one_line() -> None:
    history: list[Event] = [
        send("w1", contact=ANA),
        send("w2", NOON + 1, contact=ContactIds(user_id="AR.1")),
        send("w3", NOON + 2, contact=ContactIds(("549333",)), line=LineIds(name="Sales")),
    ]
    assert report(*history)["users"] == 3
    history.append(Known(LineIds("100", None, "Sales"), ContactIds(ANA.wa_ids, "AR.1")))
    history.append(Known(contact=ContactIds(("549333",), replaced="549111")))
    assert report(*history)["users"] == 1
    assert {start.line for start in starts(*history)} == {frozenset({"100", "5411000", "Sales"})}


def test_equal_ids_of_different_kinds_are_two_people() -> None:
    assert report(send("w1"), send("w2", contact=ContactIds(customer_id="549111")))["users"] == 2


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
    assert (referred.origin, referred.status, referred.template) == (Origin.CAMPAIGN, StartStatus.RECEIVED, "welcome")


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
        (row(contact=BRUNO), 2),
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
        (inbound("i1", NOON + 1, contact=BRUNO), False),
        (inbound("i1", NOON + 1, group=True), False),
        (inbound("i1", NOON + 1, kind="reaction"), False),
        (inbound("i1", NOON + 1, kind="echo"), False),
        (inbound("i1", NOON + 1, kind="unsupported"), True),
        (inbound("i1", NOON + 1, context="elsewhere"), True),
        (inbound("i1", NOON + 9 * WINDOW, contact=BRUNO, line=OTHER_LINE, context="w1"), True),
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
        (inbound("i1", NOON - 1, contact=BRUNO), UserType.NEW),
        (send("t1", NOON - 1, kind="text"), UserType.RECURRENT),
        (send("t1", NOON - 1, kind="text", failure=Failure(131047)), UserType.NEW),
    ],
)
def test_who_is_new(earlier: Event, expected: UserType) -> None:
    assert one(send(), earlier).user_type is expected


def test_an_unknown_contact_is_new_and_no_user() -> None:
    history = [send("w1", NOON, ContactIds()), send("w2", NOON + 1, ContactIds())]
    assert {start.user_type for start in starts(*history)} == {UserType.NEW}
    assert report(*history)["users"] == 0


# --- the report ---


def test_the_whole_report_by_hand() -> None:
    midnight = milliseconds("2026-10-21T22:00+00:00")  # of Madrid
    history: list[Event] = [
        send("w1", NOON, ANA),  # answered
        inbound("i1", NOON + 5, ANA),
        send("w2", midnight - 1, BRUNO, origin=Origin.NOTIFICATION),  # failed, Wednesday
        status(Step.FAILED, midnight, "w2", BRUNO, failure=Failure(131026)),
        send("w3", midnight, BRUNO, template=None),  # read, Thursday; Bruno is new: the failed one made nobody known
        status(Step.READ, midnight + 1, "w3", BRUNO),
        inbound("i2", midnight + 2, ANA, origin=Origin.CAMPAIGN, context="nothing"),  # answers w1 once more
        send("w4", NOON - 9 * WINDOW, ANA),  # out of the period and of the week, makes Ana known
    ]
    nothing = {"failed": 0, "sent": 0, "delivered": 0, "read": 0, "answered": 0}
    assert report(*history) == {
        "time_zone": "Europe/Madrid",
        "since": "2026-10-20",
        "until": "2026-10-23",
        "starts": 4,
        "sends": 3,
        "users": 2,
        "users_sent": 2,
        "origins": {"template": 2, "notification": 1, "webchat": 0, "campaign": 1},
        "answered": {"users_reached": 2, "users_answered": 1, "sends_reached": 2, "sends_answered": 1},
        "status": {**nothing, "failed": 1, "read": 1, "answered": 1},
        "user_types": {"new": 1, "recurrent": 1},
        "daily": [
            {"day": "2026-10-20", **nothing, "referred": 0},
            {"day": "2026-10-21", **nothing, "failed": 1, "answered": 1, "referred": 0},
            {"day": "2026-10-22", **nothing, "read": 1, "referred": 1},
        ],
        "funnel": {
            "since": "2026-10-19",
            "until": "2026-10-26",
            "steps": [
                {"step": "sent", "count": 2, "of_previous": None, "of_first": 1.0},
                {"step": "delivered", "count": 2, "of_previous": 1.0, "of_first": 1.0},
                {"step": "read", "count": 2, "of_previous": 1.0, "of_first": 1.0},
                {"step": "answered", "count": 1, "of_previous": 0.5, "of_first": 0.5},
            ],
        },
        "failures": [{"code": 131026, "reason": "other", "count": 1, "users": 1}],
        "data": {"joined": 0, "unknown_template": 1, "implied": 2, "conflicts": 0, "rejects": 0},
    }


def test_the_funnel_is_of_this_week_whatever_the_period_and_obeys_the_filter() -> None:
    history = [send("w1"), send("w2", NOON, line=OTHER_LINE), send("w3", NOON - 7 * WINDOW)]
    other = report(*history, since=date(2026, 1, 1), until=date(2026, 1, 2), where=lambda start: "100" in start.line)
    assert (other["starts"], other["funnel"]["steps"][0]["count"]) == (0, 1)
    assert {(step["of_previous"], step["of_first"]) for step in report()["funnel"]["steps"]} == {(None, None)}


def test_failures_come_by_count_then_code_with_none_last() -> None:
    failures = [Failure(None, "b"), Failure(None, "a"), Failure(9), Failure(7), Failure(7)]
    history = [send(f"w{index}", failure=failure) for index, failure in enumerate(failures)]
    found = report(*history, reason_of=lambda code, text, detail: text or "other")["failures"]
    assert [(row["code"], row["reason"], row["count"]) for row in found] == [
        (7, "other", 2),
        (9, "other", 1),
        (None, "a", 1),
        (None, "b", 1),
    ]
    assert {row["users"] for row in found} == {1}


def test_days_are_local_when_the_clock_changes() -> None:
    last = milliseconds("2026-10-25T22:59:59.999+00:00")
    assert [start.day.day for start in starts(send("w1", last), send("w2", last + 1))] == [26, 25]


# --- what holds for every history ---


def asked(history: list[Event], question: Question) -> dict[str, Any]:
    return recount(history, reason_of=lambda code, text, detail: f"{code}", **asdict(question))


@given(st.data(), events(), questions())
@settings(max_examples=200, deadline=None)
def test_order_and_repetition_change_nothing(data: st.DataObject, history: list[Event], question: Question) -> None:
    again = data.draw(shuffled(history))
    assert [event for piece in data.draw(split(history)) for event in piece] == history
    assert asked(again, question) == asked(history, question)
    assert starts(*again) == starts(*history)


@given(events(), questions())
@settings(max_examples=200, deadline=None)
def test_the_parts_add_up(history: list[Event], question: Question) -> None:
    found = asked(history, question)
    referred = found["origins"]["webchat"] + found["origins"]["campaign"]
    assert found["starts"] == found["sends"] + referred == sum(found["origins"].values())
    assert found["sends"] == sum(found["status"].values())
    assert found["starts"] == sum(sum(count for key, count in day.items() if key != "day") for day in found["daily"])
    assert found["status"]["failed"] == sum(row["count"] for row in found["failures"])
    assert found["answered"]["sends_reached"] == found["sends"] - found["status"]["failed"]
    answered, reached = found["answered"]["users_answered"], found["answered"]["users_reached"]
    assert answered <= reached <= found["users_sent"] <= found["users"]
