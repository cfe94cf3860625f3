"""Compare = two reports: of the days that are over, and of the days before, each as it is asked for alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.compared_days import Against, NothingToCompare
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.domain.period import NAMED_PERIODS, Period
from storage.report.comparison import load_comparison
from storage.report.report import load_report, recount_report
from storage.report.report_json import as_json, comparison_as_json
from tests.cubes import few_examples, filters, temporary_database
from tests.databases import DAY, NOON, NOW, build, report_of, session_of
from tests.events import send
from tests.histories import NOWS, events


@few_examples
@given(st.data(), events(), st.sampled_from([*NAMED_PERIODS, "2d", "3d"]), st.sampled_from(Against))
def test_a_comparison_is_two_reports(data: st.DataObject, history: list[Event], name: str, against: Against) -> None:
    now = data.draw(st.sampled_from(NOWS))
    with temporary_database() as path:
        build(path, history)
        filter = data.draw(filters(path, Filter(Period(None) if name == "all" else Period(name))))
        with session_of(path) as session:
            try:
                found = load_comparison(session, filter, now, against)
            except NothingToCompare:
                return
            for report in (found.report, found.previous):
                asked = Filter.parse(str(report.filter))
                assert load_report(session, asked, now) == report
                assert recount_report(session, asked, now) == report
        days = found.compared.days
        assert (found.report.since, found.report.until) == days
        assert (found.previous.since, found.previous.until) == found.compared.before
        assert comparison_as_json(found) == {**as_json(found.report), "previous": as_json(found.previous)}


def test_by_hand(tmp_path: Path) -> None:
    today = send("w0", NOON + 2 * DAY)  # a Friday
    week = [send("w1", NOON + DAY), send("w2", NOON)]
    before = [send("w3", NOON - 6 * DAY), send("w4", NOON - 5 * DAY)]  # the 12th; the 13th, as old as what is left out
    path = build(tmp_path / "saludo.db", [today, *week, *before])
    with session_of(path) as session:
        found = comparison_as_json(load_comparison(session, Filter(Period("week")), NOW, Against.BEFORE))
    assert (found["filter"], found["starts"]) == ("since:2026-11-16 until:2026-11-20", 2)
    assert (found["previous"]["filter"], found["previous"]["starts"]) == ("since:2026-11-09 until:2026-11-13", 1)
    assert found["previous"]["funnel"]["since"] == "2026-11-09"
    assert found["previous"] == report_of(path, "since:2026-11-09 until:2026-11-13")


@pytest.mark.parametrize("text", ["period:all", "period:today"])
def test_what_cannot_be_compared_is_refused(tmp_path: Path, text: str) -> None:
    path = build(tmp_path / "saludo.db", [send("w1")])
    with session_of(path) as session, pytest.raises(NothingToCompare):
        load_comparison(session, Filter.parse(text), NOW, Against.BEFORE)
