"""`!` before values: all starts but those with the values, counted from the cube as from the messages."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.dimension import Dimension
from storage.domain.events import ContactIds, Event, Failure, Inbound, Origin, Rank, Send, Status, Step
from storage.domain.filters import FIELDS, Filter
from storage.report import filter_exclusions, notifications, user_set_rows
from storage.report.breakdown import load_breakdown
from storage.report.dimension_counts import counts_by_line, counts_by_template
from storage.report.read_session import ReadSession
from storage.report.report import load_report, recount_report
from storage.table import pages
from tests.cubes import few_examples, filters, refresh_all, temporary_database, write
from tests.databases import (
    ANA,
    BETO,
    DAY,
    HOUR,
    LINE,
    NOON,
    NOW,
    OTHER_LINE,
    build,
    column,
    report_of,
    session_of,
    tsv_bytes,
    tsv_of,
)
from tests.histories import Question, events, questions

TEST_PERSON = ContactIds(wa_ids=("5491100009999",), name="Tést Person")


def _send(key: str, at: int, contact: ContactIds, template: str | None) -> Send:
    return Send(key, Rank.SEND_LOG, at, LINE, contact, kind="template", template=template, accepted_at=at)


def _failed(key: str, at: int, contact: ContactIds, code: int) -> Status:
    return Status(key, Step.FAILED, at, LINE, contact, category="marketing", failure=Failure(code))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana got promo and test_a, Beto promo (failed, 131026), the test person all three; one ad, one unknown person."""
    history: list[Event] = [
        _send("a1", NOON, ANA, "promo"),
        _send("a2", NOON + HOUR, ANA, "test_a"),
        _send("b1", NOON, BETO, "promo"),
        _failed("b1", NOON + 1, BETO, 131026),
        _send("t1", NOON, TEST_PERSON, "promo"),
        _send("t2", NOON + DAY, TEST_PERSON, "welcome"),
        _failed("t2", NOON + DAY + 1, TEST_PERSON, 131049),
        Send("n1", Rank.SEND_LOG, NOON, OTHER_LINE, ContactIds(), kind="template", template="promo", accepted_at=NOON),
        Inbound("i1", "text", NOON, LINE, BETO, origin=Origin.CAMPAIGN),
    ]
    path = build(tmp_path_factory.mktemp("excluded") / "saludo.db", history)
    refresh_all(path)
    return path


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("template:!test_*", "a1 b1 t1 t2 n1 i1"),
        ("template:!promo,welcome", "a2 i1"),
        ("template:!(unknown)", "a1 a2 b1 t1 t2 n1 i1"),
        ("template:* template:!promo", "a2 t2"),
        ("contact:!5491100009999", "a1 a2 b1 n1 i1"),
        ('contact:!"+54 9 11 0000-9999"', "a1 a2 b1 n1 i1"),
        ("contact:!549115555*", "t1 t2 n1"),
        ("contact:!(unknown)", "a1 a2 b1 t1 t2 i1"),
        ("contact:!(unknown),5491155550001", "b1 t1 t2 i1"),
        ("name:test", "t1 t2"),
        ("name:!TEST", "a1 a2 b1 n1 i1"),
        ("name:!test,ana contact:!(unknown)", "b1 i1"),
        ("line:!5491100000002", "a1 a2 b1 t1 t2 i1"),
        ("origin:!campaign,webchat", "a1 a2 b1 t1 t2 n1"),
        ("user:!new", "a2 t2"),
        ("user:!new user:!recurrent", ""),
        ("status:!failed,received", "a1 a2 t1 n1"),
        ("failure:!131026", "a1 a2 t1 t2 n1 i1"),
        ("failure:!131026 status:failed", "t2"),
        ("failure:number_gone failure:!131026", ""),
        ("template:!nothing contact:!nobody", "a1 a2 b1 t1 t2 n1 i1"),
    ],
)
def test_what_is_excluded_is_left_out(path: Path, text: str, keys: str) -> None:
    found = sorted(column(tsv_of(path, f"period:all {text}"), "Message key"))
    assert found == sorted(keys.split())
    with session_of(path) as session:
        filter = Filter.parse(f"period:all {text}")
        assert load_report(session, filter, NOW) == recount_report(session, filter, NOW)


@pytest.mark.parametrize("period", ["since:2026-11-16 until:2026-11-23", "since:2026-11-01 until:2026-12-01", "year"])
@pytest.mark.parametrize("field", ["template", "line", "contact", "failure", "name"])
def test_to_exclude_what_nothing_has_changes_nothing(path: Path, field: str, period: str) -> None:
    days = "since:2026-01-01 until:2027-01-01" if period == "year" else period
    with session_of(path) as session:
        every, left = Filter.parse(days), Filter.parse(f"{days} {field}:!999")
        report = load_report(session, left, NOW)
        assert report == recount_report(session, left, NOW)
        assert report._replace(filter=every) == load_report(session, every, NOW)
        for dimension in Dimension:
            assert load_breakdown(session, left, NOW, dimension) == load_breakdown(session, every, NOW, dimension)


def test_users_found_only_in_excluded_templates_are_no_users(path: Path) -> None:
    assert report_of(path, "period:all template:!promo,test_a origin:template")["users"] == 1
    assert report_of(path, "period:all contact:!5491100009999")["users"] == 2


@few_examples
@given(st.data(), events(), questions())
def test_from_the_cube_and_from_the_messages_the_same_is_left(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with temporary_database() as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_set_rows, "_EXCLUDED_RATIO", data.draw(st.sampled_from((0, 5))))
        patch.setattr(filter_exclusions, "_MOST_CONTACTS", data.draw(st.sampled_from((1, 20_000, 20_000))))
        build(path, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
        half = len(history) // 2
        write(path, history[:half])
        write(path, history[half:], refreshed=data.draw(st.booleans()))
        filter = data.draw(filters(path, Filter.parse("period:all")))
        with session_of(path) as session:
            assert load_report(session, filter, question.now) == recount_report(session, filter, question.now)
            rows = pages.notifications(session, filter, question.now, position=0, limit=10_000)
            by_day = pages.notifications_by_day(session, filter, question.now)
            assert sum(by_day.values()) == len(rows)
            assert +Counter(by_day) == by_day
            selection = session.select(filter, question.now)
            groups = notifications._groups_of_messages(session.connection, selection)
            assert sorted((one.sends, one.failed, one.answered, one.users or 0) for one in groups) == sorted(
                (row.sends, row.failed, row.answered, row.users) for row in rows
            )
            assert _counts_from_cube_and_messages(session, filter, question)


def _counts_from_cube_and_messages(session: ReadSession, filter: Filter, question: Question) -> bool:
    selection = session.select(filter, question.now)
    recounted = selection.with_dimensions(dataclasses.replace(selection.dimensions, needs_recount=True))
    return all(count(session, selection) == count(session, recounted) for count in (counts_by_line, counts_by_template))


@few_examples
@given(st.data(), events(), questions(), st.sampled_from([name for name in FIELDS if name != "period"]))
def test_what_has_a_value_and_what_has_it_not_are_everything(
    data: st.DataObject, history: list[Event], question: Question, name: str
) -> None:
    with temporary_database() as path:
        build(path, history, time_zone=question.time_zone.key)
        filter = data.draw(filters(path, Filter.parse("period:all"))).without(name)
        value = {
            "origin": "template", "line": "*1*", "template": "*a*", "user": "new", "status": "failed",
            "failure": "131026", "contact": "*1*", "name": "a",
        }[name]  # fmt: skip
        every, having, others = (
            Counter(_keys(path, f"{filter} {word}", question)) for word in ("", f"{name}:{value}", f"{name}:!{value}")
        )
        assert having + others == every


def _keys(path: Path, text: str, question: Question) -> list[str]:
    return tsv_bytes(path, text, question.now).decode().splitlines()[1:]
