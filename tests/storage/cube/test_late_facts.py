"""Facts that come late leave no stale cell, and days are local days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from storage.cube import user_sets
from storage.domain.events import ContactIds, Event, Inbound, Known, LineIds, Rank, Send
from storage.domain.filters import Filter
from tests.cubes import (
    PACKED_BLOCK_LIMITS,
    delivered,
    problems,
    refresh_all,
    reports,
    sent,
    write,
)
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, OTHER_LINE, SECOND, build

OLD_LINE = LineIds(name="Sales")
OLD_ANA = ContactIds(customer_id="C9")
LATE_FACTS: dict[str, tuple[list[Event], list[Event]]] = {
    "a send log after its statuses": ([delivered("a", NOON + DAY)], [sent("a", NOON - SECOND, template="other")]),
    "an older message that turns new into recurrent": ([sent("a", NOON)], [sent("b", NOON - 90 * DAY)]),
    "two contacts that turn out to be one": (
        [sent("a", NOON), sent("b", NOON + HOUR, contact=OLD_ANA)],
        [Known(contact=structs.replace(OLD_ANA, wa_ids=ANA.wa_ids))],
    ),
    "two lines that turn out to be one": (
        [sent("a", NOON), sent("b", NOON + HOUR, line=OLD_LINE, contact=BETO)],
        [Known(line=structs.replace(LINE, name="Sales"))],
    ),
    "an answer that comes later": ([sent("a", NOON)], [Inbound("i", "text", NOON + HOUR, LINE, ANA)]),
    "a send of another type after all": (
        [delivered("a", NOON)],
        [Send("a", Rank.SEND_LOG, NOON, LINE, ANA, kind="text", accepted_at=NOON)],
    ),
}


@pytest.mark.parametrize("packed_block_limit", PACKED_BLOCK_LIMITS, ids=["none", "some", "all"])
@pytest.mark.parametrize("name", LATE_FACTS)
@pytest.mark.long(keep=3)
def test_a_late_fact_leaves_no_stale_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, packed_block_limit: dict[int, int]
) -> None:
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", packed_block_limit)
    early, late = LATE_FACTS[name]
    asked = Filter.parse("period:all line:Sales" if "lines" in name else "period:all")
    path = build(tmp_path / "saludo.db", early)
    refresh_all(path)
    before = reports(path, asked)[0]
    write(path, late)
    report, recount = reports(path, asked)
    assert report == recount
    assert report != before
    refresh_all(path)
    assert reports(path, asked)[0] == report
    assert problems(path) == []
    at_once = build(tmp_path / "at-once.db", [*early, *late])
    refresh_all(at_once)
    assert reports(at_once, asked)[0] == report


ZONES = ("Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe")


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_whole_in_zones_with_clock_changes_and_half_hours(tmp_path: Path, zone: str) -> None:
    """Two days of each month, with a start every 30 minutes; some of these days have a clock change."""
    starts: list[Event] = []
    for month in range(1, 13):
        for half in range(96):
            at = (
                round(datetime(2026, month, 1 + month % 5, tzinfo=ZoneInfo(zone)).timestamp() * 1000) + half * HOUR // 2
            )
            line = (LINE, OTHER_LINE)[half % 2]
            starts.append(
                Send(f"{month}.{half}", Rank.SEND_LOG, at, line, ANA, kind="template", template="t", accepted_at=at)
            )
    path = build(tmp_path / "saludo.db", starts, time_zone=zone)
    refresh_all(path)
    assert problems(path) == []
    now = datetime(2026, 12, 31, tzinfo=ZoneInfo(zone))
    for text in ("period:all", "since:2026-04-04 until:2026-04-06", "since:2026-10-04 until:2026-10-05", "period:300d"):
        report, recount = reports(path, Filter.parse(text), now)
        assert report == recount
    by_day: dict[str, int] = {}
    for start in starts:
        day = datetime.fromtimestamp(start.at / 1000, ZoneInfo(zone)).date().isoformat()  # type: ignore[union-attr]
        by_day[day] = by_day.get(day, 0) + 1
    daily = reports(path, Filter.parse("period:all"), now)[0]["daily"]
    assert {day["day"]: day["sent"] for day in daily if day["sent"]} == by_day
