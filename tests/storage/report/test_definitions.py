"""Each definition of the report on the smallest history that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Flags,
    Known,
    LineIds,
    Origin,
    Step,
)
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, OTHER_LINE, SECOND, build, report_of, tsv_of
from tests.events import inbound, row, send, status


def statuses(path: Path) -> dict[str, int]:
    return {name: count for name, count in report_of(path)["status"].items() if count}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "saludo.db"


def test_a_read_message_counts_as_delivered(path: Path) -> None:
    build(path, [send("w"), status(Step.READ, NOON + SECOND, "w")])
    report = report_of(path)
    assert report["status"]["read"] == 1
    assert [step["count"] for step in report["funnel"]["steps"]] == [1, 1, 1, 0]
    assert report["data"]["implied"] == 1
    assert tsv_of(path)[0]["Delivered"] == "true"
    assert tsv_of(path)[0]["Delivered at"] == ""


def test_a_delivery_beats_a_failure_and_is_flagged_as_a_conflict(path: Path) -> None:
    failed = status(Step.FAILED, NOON + 2, "w", failure=Failure(131026))
    build(path, [send("w"), failed, status(Step.DELIVERED, NOON + 1, "w")])
    assert statuses(path) == {"delivered": 1}
    assert report_of(path)["data"]["conflicts"] == 1


@pytest.mark.parametrize(
    ("delay", "answered"),
    [(-5 * SECOND, True), (-5 * SECOND - 1, False), (0, True), (24 * HOUR, True), (24 * HOUR + 1, False)],
)
def test_a_plain_text_answers_within_the_window_with_five_seconds_of_skew(
    path: Path, delay: int, answered: bool
) -> None:
    build(path, [send("w"), inbound("i", NOON + delay)])
    assert report_of(path)["answered"]["sends_answered"] == int(answered)


def test_a_plain_text_answers_the_latest_send_on_its_line_that_did_not_fail(path: Path) -> None:
    build(
        path,
        [
            send("first"),
            send("latest", NOON + HOUR),
            send("failed", NOON + 2 * HOUR, failure=Failure(131026), failed_at=NOON + 2 * HOUR),
            send("elsewhere", NOON + 2 * HOUR, line=OTHER_LINE),
            inbound("i", NOON + 3 * HOUR),
        ],
    )
    assert {row["Message key"]: row["Status"] for row in tsv_of(path)} == {
        "first": "sent",
        "latest": "answered",
        "failed": "failed",
        "elsewhere": "sent",
    }


def test_a_reply_answers_the_notification_it_quotes_at_any_time_from_anyone(path: Path) -> None:
    build(path, [send("w"), send("later", NOON + HOUR)], [inbound("i", NOON + 90 * DAY, BETO, OTHER_LINE, context="w")])
    assert {row["Message key"]: row["Status"] for row in tsv_of(path)} == {"w": "answered", "later": "sent"}


def test_a_reply_that_quotes_no_notification_answers_by_time(path: Path) -> None:
    build(path, [send("w"), send("chat", NOON + 1, kind="text"), inbound("i", NOON + HOUR, context="chat")])
    assert statuses(path) == {"answered": 1}


@pytest.mark.parametrize("kind", ["reaction", "system", "revoke", "edit", "request_welcome"])
def test_reactions_and_system_messages_do_not_answer(path: Path, kind: str) -> None:
    build(path, [send("w"), inbound("i", NOON + HOUR, kind=kind)])
    assert statuses(path) == {"sent": 1}


@pytest.mark.parametrize(
    ("category", "sends"),
    [("marketing", 1), ("authentication_international", 1), ("business_initiated", 1), ("service", 0), (None, 1)],
)
def test_the_category_decides_whether_a_message_is_a_notification(path: Path, category: str | None, sends: int) -> None:
    build(path, [status(Step.SENT, NOON, "w", category=category)])
    assert report_of(path)["sends"] == sends


def test_a_message_that_failed_with_the_closed_window_is_free_text(path: Path) -> None:
    build(path, [status(Step.FAILED, NOON, "w", failure=Failure(131047))])
    assert report_of(path)["starts"] == 0


def test_a_contact_is_new_until_an_earlier_message_on_any_line_is_read(path: Path) -> None:
    build(path, [send("w")])
    assert report_of(path)["user_types"] == {"new": 1, "recurrent": 0}
    build(path, [inbound("i", NOON - 40 * DAY, line=OTHER_LINE, kind="reaction")])
    assert report_of(path)["user_types"] == {"new": 0, "recurrent": 1}


def test_a_failed_send_does_not_make_its_contact_known(path: Path) -> None:
    build(path, [send("bad", NOON - DAY, failure=Failure(132000), failed_at=NOON - DAY), send("w")])
    assert report_of(path)["user_types"] == {"new": 1, "recurrent": 0}


def test_a_referral_is_a_start_and_can_answer(path: Path) -> None:
    build(path, [send("w"), inbound("i", NOON + HOUR, origin=Origin.CAMPAIGN)])
    report = report_of(path)
    assert (report["starts"], report["sends"], report["origins"]["campaign"]) == (2, 1, 1)
    assert report["status"]["answered"] == 1
    assert [row["Status"] for row in tsv_of(path)] == ["received", "answered"]


def test_a_campaign_makes_a_notification(path: Path) -> None:
    build(path, [send("w"), status(Step.SENT, NOON + 1, "w", campaign="november")])
    assert report_of(path)["origins"]["notification"] == 1


@pytest.mark.parametrize(("distance", "starts"), [(60 * SECOND, 1), (60 * SECOND + 1, 2)])
def test_a_keyless_row_and_a_send_within_a_minute_are_one_start(path: Path, distance: int, starts: int) -> None:
    build(path, [row("r", NOON + distance, flags=Flags(new=False, read=True), agent_groups="ventas")], [send("w")])
    report = report_of(path)
    assert (report["starts"], report["data"]["joined"]) == (starts, 2 - starts)
    if starts == 1:
        (only,) = tsv_of(path)
        found = only["Message key"], only["Status"], only["New user"], only["Agent groups"]
        assert found == ("w", "read", "false", "ventas")


def test_rows_join_where_template_and_line_agree_or_are_unknown(path: Path) -> None:
    events: list[Event] = [
        send("w"),
        row("other template", NOON, template="else"),
        row("other line", NOON, line=OTHER_LINE),
        row("unknown", NOON + SECOND, template=None, line=LineIds()),
    ]
    build(path, events)
    assert report_of(path)["starts"] == 3


def test_contacts_linked_late_are_one_user(path: Path) -> None:
    by_id = ContactIds(user_id="US.1")
    build(path, [send("a"), send("b", NOON + HOUR, by_id), inbound("i", NOON + 2 * HOUR, by_id)])
    assert report_of(path)["users"] == 2
    build(path, [Known(LINE, ContactIds(wa_ids=ANA.wa_ids, user_id="US.1"))])
    report = report_of(path)
    assert (report["users"], report["answered"]["users_answered"]) == (1, 1)
    assert report["user_types"] == {"new": 1, "recurrent": 0}


def test_lines_linked_late_are_one_line(path: Path) -> None:
    by_number, by_id = LineIds(number=LINE.number), LineIds(identifier=LINE.identifier)
    build(path, [send("w", line=by_id)], [inbound("i", NOON + HOUR, line=by_number)])
    assert statuses(path) == {"sent": 1}
    build(path, [Known(LINE)])
    assert statuses(path) == {"answered": 1}
    assert report_of(path, "period:all line:+5491100000001")["starts"] == 1
    assert report_of(path, "period:all line:106540352242922")["starts"] == 1


def test_a_send_without_a_contact_counts_but_is_no_user(path: Path) -> None:
    build(path, [send("w", contact=ContactIds(), failure=Failure(131009), failed_at=NOON)])
    report = report_of(path)
    assert (report["sends"], report["users"], report["failures"][0]["users"]) == (1, 0, 0)


def test_an_empty_funnel_has_no_shares(path: Path) -> None:
    build(path, [send("w", failure=Failure(131026), failed_at=NOON)])
    steps = report_of(path)["funnel"]["steps"]
    assert {step["of_first"] for step in steps} == {None}


def test_the_funnel_obeys_every_filter_but_the_period(path: Path) -> None:
    build(path, [send("w"), send("x", contact=BETO, template="else")])
    steps = report_of(path, "since:2026-11-20 until:2026-11-21 template:else")["funnel"]["steps"]
    assert [step["count"] for step in steps] == [1, 0, 0, 0]


def test_days_are_local(path: Path) -> None:
    midnight = NOON + 12 * HOUR
    build(path, [send("before", midnight - 1), send("after", midnight)])
    days = {day["day"]: day["sent"] for day in report_of(path)["daily"] if day["sent"]}
    assert days == {"2026-11-18": 1, "2026-11-19": 1}
