"""The breakdown on the screen: its rows, sorting, searching, narrowing, saving, and how many keys a question takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.dimension import Dimension
from storage.domain.events import Event, LineIds, Step
from storage.domain.filters import Filter
from storage.report.breakdown_comparison import ComparedRow
from tests.databases import BETO, DAY, HOUR, NOON, build
from tests.events import send, status
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text
from tui.screens.app import SaludoApp
from tui.terminal.style import CURSOR
from tui.widgets.status_bar import StatusLine


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("breakdowns"))


def table(app: SaludoApp) -> list[str]:
    """The lines of the table: its heading, the names of the columns, and its rows."""
    found = app.dashboard.table
    lines = [found.render_line(y).text.rstrip() for y in range(found.size.height)]
    return [line for line in lines if line]


def headings(app: SaludoApp) -> list[str]:
    """The names of the columns, and the arrows where there are more."""
    return table(app)[1].replace("→", " →").replace("←", "← ").split()


def names(app: SaludoApp) -> list[str]:
    """The first word of each row."""
    return [line[1:].split()[0] for line in table(app)[2:]]


def said(app: SaludoApp) -> str:
    return app.dashboard.query_one(StatusLine).text


async def test_by_template_each_rate_stands_beside_its_count(path: Path) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        await press(pilot, "b")
        heading, columns, *rows = table(app)
        assert heading.startswith("▸8 Starts by template  1 of 3   Last 30 days")
        assert columns.split() == [
            *("Template", "Starts▾", "Sends", "Users", "Delivered", "Read", "Answered", "Failed"),
        ]
        # 32 of 40 were delivered, 22 of these read and 10 answered; order_1 has a base under 30.
        promo, order, none = ("".join(sign for sign in row if sign not in "█▏▎▍▌▋▊▉") for row in rows)
        assert promo.split() == [
            *("▸promo", "[/b]", "50%", "40", "40", "40", "32", "80.0%", "22", "68.8%", "10", "31.2%", "8", "20.0%"),
        ]
        assert order.split() == "order_1 10 10 10 5 of 10 0 of 5 0 of 5 0 of 10".split()
        assert none.split() == "(no template) 5 0 5 0 – 0 – 0 – 0 –".split()


async def test_at_eighty_columns_every_rate_has_its_count_and_sends_and_users_are_scrolled_to(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, "b")
        before, *rows = table(app)[1:]
        assert headings(app) == ["Template", "Starts▾", "Delivered", "Read", "Answered", "Failed", "→"]
        assert rows[0].split()[-9:] == ["40", "32", "80.0%", "22", "68.8%", "10", "31.2%", "8", "20.0%"]
        assert rows[1].split()[-13:] == "10 5 of 10 0 of 5 0 of 5 0 of 10".split()
        await press(pilot, "right")
        assert headings(app) == ["←", "Template", "Delivered", "Read", "Answered", "Failed", "Sends", "→"]
        await press(pilot, "right", "right")
        assert headings(app) == ["←", "Template", "Read", "Answered", "Failed", "Sends", "Users"]
        assert table(app)[2].split()[-4:] == ["8", "20.0%", "40", "40"]
        await press(pilot, "left", "left", "left")
        assert table(app)[1] == before
        await press(pilot, *"sssss")
        assert headings(app)[:3] == ["←", "Template", "Delivered"]
        assert "Sends▾" in table(app)[1]


async def test_the_template_that_is_answered_most_is_the_first_after_four_keys(path: Path) -> None:
    async with dashboard(path, (80, 24)) as (app, pilot):
        await press(pilot, *"bsss")
        assert "Answered▾" in table(app)[1]
        assert names(app)[0] == "promo"


async def test_a_breakdown_that_fits_is_not_scrolled(path: Path) -> None:
    async with dashboard(path, (120, 40)) as (app, pilot):
        await press(pilot, "b")
        before = table(app)
        await press(pilot, "right")
        assert said(app) == "no more columns on the right"
        await press(pilot, "left")
        assert said(app) == "no more columns on the left"
        assert table(app) == before


async def test_each_press_shows_the_next_dimension_and_one_press_of_escape_the_starts_again(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        seen = []
        for _ in range(len(Dimension) + 1):
            await press(pilot, "b")
            seen.append(app.dashboard.view.by)
        assert seen == [*Dimension, Dimension.TEMPLATE]
        await press(pilot, "escape")
        assert app.dashboard.view.by is None
        assert "Last starts" in table(app)[0]


async def test_a_dimension_is_chosen_from_a_list(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        for word, rows in (
            ("month", ["Nov"]),
            ("started", ["Mass", "Template", "Campaign"]),
            ("reason", ["Number", "Sending"]),
            ("code", ["131026", "131049"]),
        ):
            await press(pilot, "B", *word, "enter")
            assert names(app) == rows, word


async def test_days_come_newest_first_and_both_sort_keys_show_an_arrow(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "B", *"day", "enter")
        assert "Day▾" in table(app)[1]
        assert [row[1:11] for row in table(app)[2:]] == ["Thu 19 Nov", "Wed 18 Nov"]
        await press(pilot, "s")
        assert "Starts▾" in table(app)[1]
        assert [row[1:11] for row in table(app)[2:]] == ["Wed 18 Nov", "Thu 19 Nov"]
        await press(pilot, "S")
        assert "Starts▲" in table(app)[1]
        assert [row[1:11] for row in table(app)[2:]] == ["Thu 19 Nov", "Wed 18 Nov"]


async def test_how_a_dimension_was_sorted_is_remembered(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "S", "b", "escape", "b")
        assert "Starts▲" in table(app)[1]
        assert names(app)[0] == "(no"


async def test_enter_narrows_the_filter_and_escape_comes_back_to_the_row(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "j", "enter")
        assert app.dashboard.view.filter == Filter.parse("template:order_1")
        assert app.dashboard.view.by is None
        assert app.dashboard.table.count == 10
        await press(pilot, "escape")
        assert app.dashboard.view.by is Dimension.TEMPLATE
        assert app.dashboard.table.cursor == 1


async def test_a_drilled_number_shows_starts(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "3", "enter")
        assert app.dashboard.view.by is None


async def test_text_is_found_without_case_and_accents_and_beyond_the_end(path: Path, tmp_path: Path) -> None:
    events = [send("a", NOON, template="Última_llamada"), send("b", NOON, template="promo", contact=BETO)]
    await _find(build(tmp_path / "names.db", events))


async def _find(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b")
        assert names(app) == ["promo", "Última_llamada"] or names(app) == ["Última_llamada", "promo"]
        await press(pilot, "F", *"ULTIMA", "enter")
        assert table(app)[2 + app.dashboard.table.cursor][1:].startswith("Última_llamada")
        assert said(app).startswith('found "ULTIMA"')
        await press(pilot, "n")
        assert said(app) == 'found "ULTIMA", from the top again; n for the next match, N for the previous one'
        await press(pilot, "F", *"x", "enter")
        assert said(app) == 'no match for "x"'


async def test_the_row_under_the_cursor_is_one_colour_from_edge_to_edge(path: Path) -> None:
    for keys in ((), ("b",), ("v",)):
        async with dashboard(path) as (app, pilot):
            await press(pilot, *keys)
            line = app.dashboard.table.draw_line(2)
            assert {segment.style for segment in line if segment.text} == {CURSOR}
            assert line.cell_length == app.dashboard.table.size.width


async def test_the_groups_are_saved_as_they_are_sorted_with_plain_numbers(path: Path, tmp_path: Path) -> None:
    async with dashboard(path) as (_, pilot):
        await press(pilot, "b", "S", "w")
        (file,) = path.parent.glob("by-template-*.tsv")
        try:
            header, *rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
        finally:
            file.unlink()
        assert header == [
            *("Template", "Starts", "Sends", "Users", "Delivered", "Read", "Answered", "Failed"),
            *("Delivered rate", "Read rate", "Answered rate", "Failed rate"),
        ]
        assert rows == [
            ["(none)", "5", "0", "5", "0", "0", "0", "0", "", "", "", ""],
            ["order_1", "10", "10", "10", "5", "0", "0", "0", "", "", "", ""],
            [scenes.PROMO, "40", "40", "40", "32", "22", "10", "8", "0.8000", "0.6875", "0.3125", "0.2000"],
        ]


async def test_without_a_failed_send_the_table_says_so(path: Path) -> None:
    async with dashboard(path, filter="template:order_1") as (app, pilot):
        await press(pilot, "B", *"reason", "enter")
        assert "No failed sends in this period" in screen_text(app)


async def test_after_a_reload_the_cursor_is_on_the_same_row(tmp_path: Path) -> None:
    path = build(tmp_path / "live.db", [send("a", NOON, template="one"), send("b", NOON + 1, template="two")])
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "j")
        row = app.dashboard.table.row()
        build(path, [send(f"n{number}", NOON + HOUR + number, template="three") for number in range(3)])
        await press(pilot, "r")
        after = app.dashboard.table.row()
        assert app.dashboard.table.cursor == 2
        assert isinstance(row, ComparedRow)
        assert isinstance(after, ComparedRow)
        assert row.row.key == after.row.key


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_the_broken_line_is_seen_after_two_keys(tmp_path: Path, size: tuple[int, int]) -> None:
    """Of five lines, the third loses 38 of its 40 sends and the others 2."""
    events: list[Event] = []
    for line in range(5):
        for number in range(40):
            key = f"{line}.{number}"
            events.append(
                send(key, NOON + number, scenes.person(number), LineIds(f"10{line}", f"549110555100{line + 1}"))
            )
            step = Step.FAILED if number < (38 if line == 2 else 2) else Step.DELIVERED
            events.append(status(step, NOON + HOUR, key, scenes.person(number)))
    path = build(tmp_path / "lines.db", events)
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, "b", "b")
        assert "Starts by line" in table(app)[0]
        rows = [row.translate(dict.fromkeys(map(ord, "▸█▏▎▍▌▋▊▉"))).split() for row in table(app)[2:]]
        assert [row[0] for row in rows if row[-2:] == ["38", "95.0%"]] == ["+5491105551003"]
        assert sum(row[-2:] == ["2", "5.0%"] for row in rows) == 4


async def test_compared_each_row_tells_the_change_of_its_starts(tmp_path: Path) -> None:
    week = 7 * DAY
    now = [send(f"n{number}", NOON + number, template="promo") for number in range(5)]
    before = [send(f"b{number}", NOON - week + number, template="promo") for number in range(2)]
    gone = [send("gone", NOON - week + HOUR, template="old")]
    path = build(tmp_path / "weeks.db", [*now, *before, *gone])
    async with dashboard(path, filter="since:2026-11-16 until:2026-11-23") as (app, pilot):
        await press(pilot, "b", "m")
        assert table(app)[1].split()[-1] == "Change"
        rows = [(row.split()[0].strip("▸"), row.split()[-1]) for row in table(app)[2:]]
        assert rows == [("promo", "+3"), ("old", "-1")]


async def test_the_better_of_two_templates_is_told_after_four_keys(tmp_path: Path) -> None:
    path = build(tmp_path / "two.db", _two_templates())
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "space", "space", "equals_sign")
        text = screen_text(app)
        assert "A against B  by template, Last 30 days" in text
        rows = [line.split() for line in text.splitlines() if line.startswith(("  A ", "  B "))]
        assert [row[:2] for row in rows] == [["A", "first"], ["B", "second"]]
        # 50 of 100 and 80 of 100 delivered; Newcombe's interval as statsmodels 0.15 has it.
        assert "B is better than A   +30.0 points (+16.9 to +41.7)" in text
        assert "B: too few to tell; a rate needs a base of 30" not in text
        assert "If you look every day until a difference is clear" in " ".join(text.split())
        await press(pilot, "escape")
        assert app.screen is app.dashboard
        assert app.dashboard.view.by is Dimension.TEMPLATE


def _two_templates() -> list[Event]:
    events: list[Event] = []
    for template, delivered in (("first", 50), ("second", 80)):
        for number in range(100):
            key, who = f"{template}{number}", scenes.person(number)
            events.append(send(key, NOON + number, who, template=template))
            if number < delivered:
                events.append(status(Step.DELIVERED, NOON + HOUR, key, who))
    return events


@pytest.mark.parametrize("keys", [(), ("b",), ("b", "space"), ("b", "space", "k", "space")])
async def test_with_less_than_two_marks_there_is_nothing_to_compare(path: Path, keys: tuple[str, ...]) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, *keys, "equals_sign")
        assert app.screen is app.dashboard
        assert said(app) == "mark two or more rows of a breakdown (b) with Space first"


async def test_a_mark_wins_over_the_cursor(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "space")
        assert table(app)[2].startswith(" ■ promo")
        assert app.dashboard.table.cursor == 1
        await press(pilot, "enter")
        assert app.dashboard.view.filter == Filter(templates=frozenset((scenes.PROMO,)))
        await press(pilot, "escape")
        await press(pilot, "space", "enter")
        assert app.dashboard.view.filter == Filter(templates=frozenset((scenes.PROMO, "order_1")))


async def test_marked_rows_that_no_filter_selects_together_are_told(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "b", "space", "j", "space", "enter")
        assert said(app) == "no filter selects these rows together; Space removes a mark"


async def test_elsewhere_space_still_pauses(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "space")
        assert said(app).startswith("paused")
        await press(pilot, "space", "b", "space")
        assert said(app) == "1 row marked"


async def test_the_notifications_are_sorted_by_any_column(path: Path) -> None:
    async with dashboard(path, (160, 48)) as (app, pilot):
        await press(pilot, "v")
        assert "Day▾" in table(app)[1]
        await press(pilot, *"ssss")
        assert "Sends▾" in table(app)[1]
        assert [line[12:19] for line in table(app)[2:]] == ["promo [", "order_1"]
        await press(pilot, "S")
        assert "Sends▲" in table(app)[1]
        assert [line[12:19] for line in table(app)[2:]] == ["order_1", "promo ["]
        await press(pilot, "s")
        assert "Deliv.%▾" in table(app)[1]


async def test_notifications_are_searched_in_any_order_and_from_the_other_end(path: Path) -> None:
    async with dashboard(path) as (app, pilot):
        await press(pilot, "v", "F", *"PROMO", "enter")
        assert app.dashboard.table.cursor == 1
        assert said(app).startswith('found "PROMO"')
        await press(pilot, "n")
        assert app.dashboard.table.cursor == 1
        assert ", from the top again" in said(app)
        await press(pilot, *"ssss", "n")
        assert app.dashboard.table.cursor == 0
        await press(pilot, "F", *"nowhere", "enter")
        assert said(app) == 'no match for "nowhere"'
