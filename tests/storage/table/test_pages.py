"""The table: the same rows by pages both ways, by position and in the TSV; grouped rows; one start in detail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.domain.events import ContactIds, Event, Failure, Flags, Inbound, Origin, Rank, Send, Status, Step
from storage.domain.filters import Filter
from storage.domain.folding import folded
from storage.domain.patterns import UNKNOWN, literal
from storage.report.notifications import GroupOrder, SortedGroups
from storage.report.read_session import ReadSession
from storage.table import pages
from storage.table.detail import detail as start_detail
from storage.table.positions import Cursor
from tests.databases import (
    ANA,
    BETO,
    HOUR,
    LINE,
    NOON,
    NOW,
    OTHER_LINE,
    SECOND,
    build,
    column,
    report_of,
    session_of,
    tsv_of,
)

HOSTILE = "promo [/b] 50%\x1b[2J"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    events: list[Event] = []
    for number in range(60):
        at = NOON + number // 3 * HOUR
        contact = ContactIds(wa_ids=(f"54911555{number % 7:05}",), name=f"Name {number % 7}")
        line = LINE if number % 2 else OTHER_LINE
        template = (HOSTILE, "promo", None)[number % 3]
        key = f"w{number:02}"
        events.append(Send(key, Rank.SEND_LOG, at, line, contact, kind="template", template=template, accepted_at=at))
        if number % 5 == 0:
            events.append(Status(key, Step.FAILED, at + SECOND, line, contact, failure=Failure(131026, "gone")))
        if number % 5 == 1:
            events.append(Inbound(f"i{number}", "text", at + 2 * SECOND, line, contact))
    events.append(Inbound("ad", "text", NOON, LINE, BETO, origin=Origin.CAMPAIGN))
    return build(tmp_path_factory.mktemp("starts") / "saludo.db", events)


FILTERS = [
    "period:all",
    f'period:all template:"{HOSTILE}"',
    "period:all template:(unknown)",
    "period:all template:*",
    "period:all line:+5491100000001",
    "period:all status:failed",
    "period:all failure:number_gone user:new",
    "period:all origin:campaign",
    "period:all contact:5491155500003",
    "period:all contact:*4 status:answered,sent",
    "since:2026-11-19 until:2026-11-20 line:206540352242922 origin:template",
    "period:all template:nothing",
]


@pytest.mark.parametrize("text", FILTERS)
def test_report_table_pages_and_tsv_are_the_same_rows(path: Path, text: str) -> None:
    filter = Filter.parse(text)
    keys = column(tsv_of(path, text), "Message key")
    report = report_of(path, text)
    assert report["starts"] == len(keys)
    assert sum(report["origins"].values()) == len(keys)
    assert sum(report["status"].values()) == report["sends"]
    assert sum(sum(day.values()) for day in map(_counts, report["daily"])) == len(keys)
    assert sum(failure["count"] for failure in report["failures"]) == report["status"]["failed"]
    with session_of(path) as session:
        assert _walk_down(session, filter) == keys
        assert _walk_up(session, filter) == keys
        by_position = [
            row.cursor.key
            for position in range(0, len(keys) + 5, 5)
            for row in pages.page_at(session, filter, NOW, position=position, limit=5)
        ]
        assert by_position == keys
        grouped = pages.notifications(session, filter, NOW, position=0, limit=1000)
        assert sum(row.sends for row in grouped) == report["sends"]
        assert sum(row.failed for row in grouped) == report["status"]["failed"]
        by_day = pages.notifications_by_day(session, filter, NOW)
        assert sum(by_day.values()) == len(grouped)
        for known in (None, by_day):
            by_group = [
                row
                for position in range(0, len(grouped) + 5, 5)
                for row in pages.notifications(session, filter, NOW, position=position, limit=5, by_day=known)
            ]
            assert by_group == grouped


def _counts(day: dict[str, object]) -> dict[str, int]:
    return {name: count for name, count in day.items() if isinstance(count, int)}


def _walk_down(session: ReadSession, filter: Filter) -> list[str]:
    keys: list[str] = []
    after = None
    while rows := pages.page(session, filter, NOW, limit=7, after=after):
        keys += [row.cursor.key for row in rows]
        after = rows[-1].cursor
    return keys


def _walk_up(session: ReadSession, filter: Filter) -> list[str]:
    rows = pages.last_page(session, filter, NOW, limit=7)
    keys: list[str] = []
    while rows:
        keys = [row.cursor.key for row in rows] + keys
        rows = pages.page(session, filter, NOW, limit=7, before=rows[0].cursor)
    return keys


def test_a_grouped_row_selects_its_own_starts(path: Path) -> None:
    with session_of(path) as session:
        for row in pages.notifications(session, Filter.parse("period:all"), NOW, position=0, limit=1000):
            day = row.day.isoformat()
            inside = f"since:{day} template:{_text(row.template_value)} line:{_text(row.line_value)}"
            until = f"until:{row.day.replace(day=row.day.day + 1).isoformat()}"
            report = report_of(path, f"{inside} {until} origin:template,notification")
            assert (report["starts"], report["users"]) == (row.sends, row.users)
            assert report["status"]["failed"] == row.failed
            counts = [rate["count"] for rate in report["rates"].values()]
            assert counts == [row.delivered, row.read, row.answered]


def _text(pattern: str) -> str:
    return str(Filter(templates=frozenset((pattern,)))).split("template:")[1]


def test_the_detail_of_a_failed_start_explains_the_failure(path: Path) -> None:
    with session_of(path) as session:
        (row, *_) = pages.page(session, Filter.parse("period:all status:failed"), NOW, limit=1)
        detail = start_detail(session, row.cursor)
    assert detail is not None
    assert [(step.step, step.implied) for step in detail.ladder] == [("accepted", False), ("failed", False)]
    assert detail.row.failure_text == "gone"
    assert detail.explanation is not None
    assert detail.explanation.reason.value == "number_gone"
    assert detail.chat_link == f"https://wa.me/{detail.row.contact}"


def test_a_joined_failed_start_shows_the_failure_that_the_merge_rule_selects(tmp_path: Path) -> None:
    """The webhook says nothing but that it failed; the platform's row of the same start says why."""
    events: list[Event] = [
        Send("wamid.1", Rank.WEBHOOK, NOON, LINE, ANA, kind="template", template="t", sent_at=NOON),
        Status("wamid.1", Step.FAILED, NOON + SECOND, LINE, ANA, failure=Failure(None, None, None)),
        Send(
            *("row", Rank.PLATFORM, NOON + SECOND, LINE, ANA),
            keyless=True,
            kind="template",
            template="t",
            sent_at=NOON,
            failure=Failure(131026, "in their words", None),
            failed_at=NOON + SECOND,
        ),
    ]
    path = build(tmp_path / "saludo.db", events)
    with session_of(path) as session:
        (only,) = pages.page(session, Filter.parse("period:all"), NOW, limit=5)
        detail = start_detail(session, only.cursor)
    assert detail is not None
    assert detail.joined == "row"
    assert only.failure_text == detail.row.failure_text == "in their words"


def test_implied_and_stated_steps_differ(tmp_path: Path) -> None:
    row = Send("r", Rank.PLATFORM, NOON, LINE, ANA, keyless=True, kind="template", sent_at=NOON, flags=Flags(read=True))
    path = build(tmp_path / "saludo.db", [row])
    with session_of(path) as session:
        (only,) = pages.page(session, Filter.parse("period:all"), NOW, limit=5)
        detail = start_detail(session, only.cursor)
    assert detail is not None
    steps = {step.step: (step.implied, step.stated) for step in detail.ladder}
    assert steps == {"sent": (False, False), "delivered": (True, False), "read": (False, True)}


def test_the_detail_of_a_missing_start_is_none(path: Path) -> None:
    with session_of(path) as session:
        assert start_detail(session, Cursor(1, "nothing")) is None


def test_the_value_of_a_choice_selects_its_template(path: Path) -> None:
    text = str(Filter(Filter.parse("period:all").period, templates=frozenset((literal(HOSTILE),))))
    assert report_of(path, text)["starts"] == 20


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("order", GroupOrder)
def test_notifications_are_sorted_by_any_column_whatever_the_page(path: Path, order: GroupOrder, reverse: bool) -> None:
    filter = Filter.parse("period:all")
    with session_of(path) as session:
        every = pages.notifications(session, filter, NOW, position=0, limit=1000)
        sorting = SortedGroups(order, reverse)
        found = []
        for position in range(0, len(every), 3):
            found += pages.sorted_notifications(session, filter, NOW, sorting, position, 3)
    assert sorted(found) == sorted(every)
    values = [_sorted_by(row, order) for row in found]
    ascending = order in (GroupOrder.TEMPLATE, GroupOrder.LINE)
    assert values == sorted(values, reverse=ascending is reverse)


def _sorted_by(row: pages.NotificationRow, order: GroupOrder) -> Any:
    if order in (GroupOrder.DELIVERED, GroupOrder.READ, GroupOrder.ANSWERED, GroupOrder.FAILED):
        rate = getattr(row.rates, order)
        return rate.shown is not None, rate.shown or 0.0, rate.count
    value = getattr(row, order)
    return (value == UNKNOWN, folded(value)) if isinstance(value, str) else value


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("text", ["PROMO", "+549", "(unk", "no such name"])
def test_the_next_notification_with_a_text_is_the_nearest_one_round_the_end(path: Path, text: str, by: int) -> None:
    filter = Filter.parse("period:all")
    with session_of(path) as session:
        sorting = SortedGroups(GroupOrder.SENDS, reverse=False)
        rows = pages.sorted_notifications(session, filter, NOW, sorting, 0, 1000)
        has = [folded(text) in folded(f"{row.template}|{row.line}|{row.line_value}") for row in rows]
        for place in range(len(rows)):
            steps = [step for step in range(1, len(rows) + 1) if has[(place + by * step) % len(rows)]]
            expected = (place + by * steps[0]) % len(rows) if steps else None
            assert sorting.find(session, session.select(filter, NOW), text, place, by) == expected
