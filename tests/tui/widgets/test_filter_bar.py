"""The filter bar shows every part of the filter, at every size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.filters import Filter
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.widgets.filter_bar import shared

SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("bar"))


PARTS = {
    "status:failed": ["p Last 30 days", "/ failed▾"],
    "status:failed failure:131026": ["/ failed by code 131026▾"],
    "contact:5491155550001": ["/ contact 5491155550001▾"],
    "name:lucia": ["/ name with lucia▾"],
    "contact:!1,2,3": ["/ without 3 people▾"],
    "template:!order_1": ["t not order_1"],
    "template:order_* template:!order_1": ["t order_*", "/ not template o"],
    "user:!new status:!failed": ["u Recurrent▾", "/ not failed▾"],
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=2)
async def test_every_part_of_the_filter_is_seen(path: Path, size: tuple[int, int]) -> None:
    async with dashboard(path, size) as (app, pilot):
        for filter, shown in PARTS.items():
            app.dashboard.parts.navigation.go_to(Filter.parse(filter))
            await settle(pilot)
            bar = screen_text(app).splitlines()[0].replace("User ", "").replace("Template ", "").replace("Period ", "")
            assert all(part in bar for part in shown), (filter, bar)
            assert all(f"{key} " in bar for key in "poltu"), (filter, bar)
            await press(pilot, "x")
            assert "/" not in screen_text(app).splitlines()[0], filter


async def test_what_has_no_room_is_counted(path: Path) -> None:
    text = "user:new line:+5491100000001 status:read,failed failure:131026 contact:5491155550001 name:lucia contact:!1"
    async with dashboard(path, (80, 24), text) as (app, _):
        assert "+4▾" in screen_text(app).splitlines()[0]


async def test_enter_on_the_other_settings_opens_the_filter_line(path: Path) -> None:
    async with dashboard(path, (80, 24), "status:failed") as (app, pilot):
        app.dashboard.set_focus(app.dashboard.query_one("#choose-others"))
        await press(pilot, "enter")
        assert app.focused is not None
        assert app.focused.id == "filter-line"


@given(st.lists(st.tuples(st.integers(3, 40), st.booleans()), min_size=1, max_size=9), st.integers(0, 200))
def test_room_is_shared_evenly_and_first_among_what_is_set(texts: list[tuple[int, bool]], room: int) -> None:
    wanted, first = [one for one, _ in texts], [one for _, one in texts]
    widths = shared(wanted, first, room)
    assert sum(widths) <= max(room, 3 * len(texts))
    assert all(3 <= width <= want for width, want in zip(widths, wanted, strict=True))
    lacking = [width for width, want, one in zip(widths, wanted, first, strict=True) if one and width < want]
    if lacking:  # then the others have no more than their keys
        assert max(lacking) - min(lacking) <= 1
        assert all(width == 3 for width, one in zip(widths, first, strict=True) if not one)
