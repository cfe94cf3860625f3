"""The oracle's report against numbers worked out by hand, and what holds for every history; knows no database."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.domain.events import (
    Event,
    Failure,
    Origin,
    Step,
)
from tests.databases import ANA, BETO, LINE, NOON, OTHER_LINE
from tests.events import inbound, send, status
from tests.histories import Question, events, milliseconds, questions, shuffled, split
from tests.oracle import recount
from tests.recounts import WINDOW, report, starts


def test_the_whole_report_by_hand() -> None:
    midnight = milliseconds("2026-11-18T23:00+00:00")  # of Madrid
    history: list[Event] = [
        send("w1", NOON, ANA),  # answered
        inbound("i1", NOON + 5, ANA),
        send("w2", midnight - 1, BETO, origin=Origin.NOTIFICATION),  # failed, Wednesday
        status(Step.FAILED, midnight, "w2", BETO, failure=Failure(131026)),
        send("w3", midnight, BETO, template=None),  # read, Thursday; Beto is new: the failed one made nobody known
        status(Step.READ, midnight + 1, "w3", BETO),
        inbound("i2", midnight + 2, ANA, origin=Origin.CAMPAIGN, context="nothing"),  # answers w1 once more
        send("w4", NOON - 9 * WINDOW, ANA),  # out of the period and of the week, makes Ana known
    ]
    nothing = {"failed": 0, "sent": 0, "delivered": 0, "read": 0, "answered": 0}
    assert report(*history) == {
        "time_zone": "Europe/Madrid",
        "since": "2026-11-17",
        "until": "2026-11-20",
        "starts": 4,
        "sends": 3,
        "users": 2,
        "users_sent": 2,
        "origins": {"template": 2, "notification": 1, "webchat": 0, "campaign": 1},
        "answered": {"users_reached": 2, "users_answered": 1, "sends_reached": 2, "sends_answered": 1},
        "status": {**nothing, "failed": 1, "read": 1, "answered": 1},
        "rates": {
            "delivered": {"count": 2, "of": 3},
            "read": {"count": 2, "of": 2},
            "answered": {"count": 1, "of": 2},
        },
        "user_types": {"new": 1, "recurrent": 1},
        "daily": [
            {"day": "2026-11-17", **nothing, "referred": 0},
            {"day": "2026-11-18", **nothing, "failed": 1, "answered": 1, "referred": 0},
            {"day": "2026-11-19", **nothing, "read": 1, "referred": 1},
        ],
        "funnel": {
            "since": "2026-11-16",
            "until": "2026-11-23",
            "steps": [
                {"step": "sent", "count": 2, "of_previous": None, "of_first": 1.0},
                {"step": "delivered", "count": 2, "of_previous": 1.0, "of_first": 1.0},
                {"step": "read", "count": 2, "of_previous": 1.0, "of_first": 1.0},
                {"step": "answered", "count": 1, "of_previous": 0.5, "of_first": 0.5},
            ],
        },
        "failures": [{"code": 131026, "reason": "other", "count": 1, "users": 1}],
        "data": {"joined": 0, "unknown_template": 1, "implied": 2, "conflicts": 0, "rejects": 0, "unknown_contacts": 0},
    }


def test_the_funnel_is_of_this_week_whatever_the_period_and_obeys_the_filter() -> None:
    history = [send("w1"), send("w2", NOON, line=OTHER_LINE), send("w3", NOON - 7 * WINDOW)]
    other = report(
        *history, since=date(2027, 1, 1), until=date(2027, 1, 2), where=lambda start: LINE.identifier in start.line
    )
    assert (other["starts"], other["funnel"]["steps"][0]["count"]) == (0, 1)


def test_the_funnel_of_a_period_before_this_week_is_of_its_last_week() -> None:
    history = [send("w1"), send("w2", NOON - 7 * WINDOW), send("w3", NOON - 14 * WINDOW)]
    other = report(*history, since=date(2026, 11, 1), until=date(2026, 11, 12))
    assert (other["starts"], other["funnel"]["since"], other["funnel"]["steps"][0]["count"]) == (2, "2026-11-09", 1)
    touching = report(*history, since=date(2026, 11, 1), until=date(2026, 11, 16))
    assert touching["funnel"]["since"] == "2026-11-09"


def test_a_funnel_without_sends_has_no_shares() -> None:
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
@settings(deadline=None)
def test_order_and_repetition_change_nothing(data: st.DataObject, history: list[Event], question: Question) -> None:
    again = data.draw(shuffled(history))
    assert [event for piece in data.draw(split(history)) for event in piece] == history
    assert asked(again, question) == asked(history, question)
    assert starts(*again) == starts(*history)


@given(events(), questions())
@settings(deadline=None)
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
