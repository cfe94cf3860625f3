"""The failures on the screen: grouped by reason, opened by code, and seen without a key wherever something failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Event, Failure, Rank, Send, Status, Step
from storage.domain.failures import Reason, explain
from storage.domain.filters import Filter
from storage.report.metrics import FailureCount
from storage.report.selected_failures import is_selected
from tests.databases import LINE, NOON, SECOND, build
from tests.tui import scenes
from tests.tui.scenes import dashboard, person, press, screen_text, settle
from tui.screens.app import SaludoApp
from tui.widgets.failures_chart import FailuresChart, lines_of

LIMITS = (
    FailureCount(131049, "limit_reached", 9, 7),
    FailureCount(131026, "number_gone", 8, 8),
    FailureCount(130429, "limit_reached", 4, 4),
    FailureCount(None, "limit_reached", 1, 1),
)


def told(failures: tuple[FailureCount, ...], room: int) -> list[tuple[str, str, int, int | None, str, bool]]:
    return [(one.name, one.code, one.sends, one.users, one.value, one.inner) for one in lines_of(failures, room)]


def test_a_reason_with_several_codes_is_one_line_and_one_with_a_single_code_is_the_code() -> None:
    assert told(LIMITS, 3) == [
        ("Sending limit reached", "3 codes", 14, None, "limit_reached", False),
        ("Message undeliverable", "131026", 8, 8, "131026", False),
    ]


def test_the_codes_stand_below_their_reason_where_all_fit() -> None:
    assert told(LIMITS, 5) == [
        ("Sending limit reached", "3 codes", 14, None, "limit_reached", False),
        ("Meta's limit per person", "131049", 9, 7, "131049", True),
        ("Sending too fast", "130429", 4, 4, "130429", True),
        ("Sending limit reached", "–", 1, 1, "limit_reached/none", True),
        ("Message undeliverable", "131026", 8, 8, "131026", False),
    ]


def test_of_a_single_reason_the_codes_are_the_lines() -> None:
    alone = tuple(one for one in LIMITS if one.reason == "limit_reached")
    assert [(line.code, line.inner) for line in lines_of(alone, 1)] == [
        ("131049", False),
        ("130429", False),
        ("–", False),
    ]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from((None, 100, 131009, 131026, 131049)), st.sampled_from(list(Reason)[:4])),
        st.integers(1, 99),
        max_size=12,
    ),
    st.integers(0, 20),
)
def test_the_lines_add_up_and_each_value_selects_what_it_counts(
    counts: dict[tuple[int | None, Reason], int], room: int
) -> None:
    failures = tuple(FailureCount(code, reason.value, count, 1) for (code, reason), count in counts.items())
    lines = lines_of(failures, room)
    assert sum(line.sends for line in lines if not line.inner) == sum(counts.values())
    assert len({line.value for line in lines}) == len(lines)
    for line in lines:
        for values in filter(None, ({line.value}, set(line.parts))):
            selected = [one for one in failures if is_selected(values, one.code, one.reason)]
            assert sum(one.count for one in selected) == line.sends


def test_nothing_failed() -> None:
    assert lines_of((), 5) == []


def explained(app: SaludoApp) -> str:
    """The lines of the panel on the screen as one text."""
    chart = app.dashboard.query_one(FailuresChart)
    assert "7 Failures" in screen_text(app)
    return " ".join(" ".join(chart.render_line(y).text for y in range(chart.size.height)).split())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("failures"))


def failed_events() -> list[Event]:
    """Beside the scene: three sends that were too fast, on the same line and day."""
    found: list[Event] = [*scenes.events()]
    for number in range(60, 63):
        key, at = f"fast.{number}", NOON + number * SECOND
        found.append(Send(key, Rank.SEND_LOG, at, LINE, person(number), kind="template", template="x", accepted_at=at))
        found.append(Status(key, Step.FAILED, at + SECOND, LINE, person(number), failure=Failure(130429, "Rate limit")))
    return found


@pytest.mark.parametrize("size", [(80, 24), (90, 30), (100, 24), (100, 33), (120, 24), (120, 40), (140, 36), (160, 48)])
async def test_the_failures_are_seen_without_a_key_beside_the_other_charts(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, _):
        text = screen_text(app)
        assert "7 Failures" in text
        assert "Message undeliverable" in text
        assert "Meta's limit" in text
        assert "5 Daily evolution" in text
        assert ("6 Funnel" in text) == (size[0] >= 100 and size[1] >= 33)
        if size in ((80, 24), (120, 40), (160, 48)):  # where the numbers leave room
            assert "Meta's limit per person " in text


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 24), (120, 40), (160, 48)])
async def test_a_filter_of_failures_says_what_to_do_without_a_key_and_another_leaves_their_room(
    path: Path, size: tuple[int, int]
) -> None:
    async with dashboard(path, size, "status:failed") as (app, pilot):
        for filter in ("status:failed", "failure:131049", "status:failed template:promo*"):
            app.dashboard.parts.navigation.go_to(Filter.parse(filter))
            await settle(pilot)
            text = screen_text(app)
            assert "7 Failures" in text, filter
            known = explain(131049 if "131049" in filter else 131026)
            assert " ".join(known.meaning.split()[:2]) in text, filter
            if size[1] >= 24:
                assert known.advice.split()[0] in text, filter
        app.dashboard.parts.navigation.go_to(Filter.parse("status:answered"))  # nothing failed
        await settle(pilot)
        text = screen_text(app)
        assert "5 Daily evolution" in text
        if size != (120, 24):
            assert ("7 Failures" in text) == (size == (160, 48))
        assert "undeliverable" not in text


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (160, 48)])
async def test_enter_opens_a_reason_then_a_code_and_escape_comes_back(tmp_path: Path, size: tuple[int, int]) -> None:
    async with dashboard(build(tmp_path / "saludo.db", failed_events()), size) as (app, pilot):
        await press(pilot, "7")
        chart = app.dashboard.query_one(FailuresChart)
        lines = chart._all()
        place = next(place for place, line in enumerate(lines) if line.value == "limit_reached")
        await press(pilot, "home", *["down"] * place, "enter")
        assert str(app.dashboard.view.filter) == "period:30d status:failed failure:limit_reached"
        assert app.dashboard.table.count == 6
        text = screen_text(app)
        assert "Meta's limit per person" in text
        assert "Sending too fast" in text
        await press(pilot, "7", "enter")
        assert str(app.dashboard.view.filter).endswith("failure:130429")
        assert "nothing to do with the person" in explained(app) or size == (60, 16)
        await press(pilot, "escape", "escape")
        assert str(app.dashboard.view.filter) == "period:30d"


async def test_enter_narrows_and_never_widens(tmp_path: Path) -> None:
    """A reason that has more codes than the filter selects."""
    spam = Send("spam", Rank.SEND_LOG, NOON, LINE, person(99), kind="template", failure=Failure(131048, "spam"))
    async with dashboard(build(tmp_path / "saludo.db", [*failed_events(), spam]), (80, 24)) as (app, pilot):
        for filter in ("failure:131049,131026,130429", "failure:!131048", "failure:!number_gone/131026,!131048", ""):
            app.dashboard.parts.navigation.go_to(Filter.parse(filter))
            await press(pilot, "7")
            chart = app.dashboard.query_one(FailuresChart)
            assert chart.report is not None
            assert lines_of(chart.report.failures, 0)
            for line in lines_of(chart.report.failures, 0):
                await press(pilot, "7", "home", *["down"] * chart._all().index(line), "enter")
                assert app.dashboard.table.count == line.sends, (filter, line)
                await press(pilot, "escape")


async def test_back_on_a_chart_that_the_failures_had_replaced(path: Path) -> None:
    """The status chart is not on the screen before the view is read: it has the focus afterwards."""
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "3", "enter")
        assert "7 Failures" in screen_text(app)
        await press(pilot, "escape")
        assert app.focused is not None
        assert app.focused.id == "status"
        assert "3 Sends by furthest step" in screen_text(app)


async def test_another_chart_can_be_seen_on_a_filter_of_failures(path: Path) -> None:
    async with dashboard(path, (80, 24), "status:failed") as (app, pilot):
        await press(pilot, "5")
        assert "5 Daily evolution" in screen_text(app)
        assert "7 Failures" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_why_did_it_fail_yesterday_in_five_keys(path: Path, size: tuple[int, int]) -> None:
    """The scene's sends are of the 18th, so that yesterday is the 18th for a reader of the 19th."""
    async with dashboard(path, size) as (app, pilot):
        app.dashboard.parts.database._clock = lambda: scenes.NOW.replace(day=19)
        await press(pilot, "p", "y", "enter", "3", "enter")
        assert app.dashboard.view.filter.period.name == "yesterday"
        assert app.dashboard.table.count == scenes.FAILED
        assert "131026: WhatsApp could not deliver it" in explained(app)
        assert "Reach the person by another channel" in explained(app)


async def test_a_copied_line_is_that_of_the_cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dashboard(build(tmp_path / "saludo.db", failed_events()), (120, 40)) as (app, pilot):
        copied: list[str] = []
        monkeypatch.setattr(app.dashboard.parts.copying, "copy", copied.append)
        await press(pilot, "7", "home", "y", "down", "y")
        chart = app.dashboard.query_one(FailuresChart)
        lines = chart._all()
        assert [text.split("\t")[4] for text in copied] == [lines[0].name, lines[1].name]
        assert copied[0].split("\t")[2] == str(lines[0].sends)


async def test_w_saves_what_the_panel_shows(tmp_path: Path) -> None:
    async with dashboard(build(tmp_path / "saludo.db", failed_events()), (120, 40)) as (_, pilot):
        await press(pilot, "7", "w")
    (saved,) = tmp_path.glob("failures-*.tsv")
    assert saved.read_text(encoding="utf-8").splitlines() == [
        "reason\tcode\tsends\tusers\ttitle",
        "limit_reached\t130429\t3\t3\tSending too fast",
        "limit_reached\t131049\t3\t3\tMeta's limit per person",
        "number_gone\t131026\t5\t5\tMessage undeliverable",
    ]
