"""The tiles: each rate with its own denominator, counts instead of a rate for a small base, and changes that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.filters import Filter
from storage.domain.vocabulary import Origin
from storage.report.metrics import StatusCounts
from storage.report.report import Answered, Report, load_report
from tests.databases import NOW, session_of
from tests.tui import scenes
from tui.widgets.tile_figures import Tile, tiles_of
from tui.widgets.tiles import layout


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    with session_of(scenes.database(tmp_path_factory.mktemp("tiles"))) as session:
        return load_report(session, Filter(), NOW)


def scaled(report: Report, times: int) -> Report:
    """The report with so many times the starts."""
    return report._replace(
        starts=report.starts * times,
        sends=report.sends * times,
        users=report.users * times,
        users_sent=report.users_sent * times,
        origins={origin: count * times for origin, count in report.origins.items()},
        status=StatusCounts(*(count * times for count in report.status)),
        answered=Answered(*(count * times for count in report.answered)),
    )


def by_name(tiles: list[Tile]) -> dict[str, Tile]:
    return {tile.name: tile for tile in tiles}


def test_each_rate_has_its_denominator(report: Report) -> None:
    tiles = by_name(tiles_of(report))
    delivered, sends = scenes.DELIVERED + scenes.READ + scenes.ANSWERED, scenes.SENDS
    assert (tiles["Delivered"].forms[0], tiles["Delivered"].below[0]) == (f"74.0% {delivered}", f"of {sends} sends")
    assert (tiles["Read"].forms[0], tiles["Read"].below[0]) == ("59.5% 22", f"of {delivered} delivered")
    assert (tiles["Users answered"].forms[0], tiles["Users answered"].below[0]) == ("23.8% 10", "of 42 users")
    assert (tiles["Failed"].forms[0], tiles["Failed"].below[0]) == ("16.0% 8", "of 50 sends")


def test_a_base_under_30_shows_counts_and_nothing_shows_a_dash(report: Report) -> None:
    small = report._replace(status=StatusCounts(failed=1, sent=9, delivered=5, read=3, answered=2), sends=20)
    tiles = by_name(tiles_of(small))
    assert [tiles[name].forms for name in ("Delivered", "Read", "Failed")] == [
        ("10 of 20",),
        ("5 of 10",),
        ("1 of 20",),
    ]
    assert by_name(tiles_of(scaled(report, 0)))["Read"].forms == ("–",)


def test_a_comparison_tells_each_change(report: Report) -> None:
    tiles = by_name(tiles_of(scaled(report, 10), report))
    assert tiles["Starts"].below == ("+495", "+495")
    assert tiles["Sends per user"].below[0] == "before 1.00"
    assert tiles["Read"].below[-1] == "unclear"
    worse = report._replace(status=StatusCounts(failed=40, delivered=10))
    changed = by_name(tiles_of(worse, report))
    assert changed["Delivered"].below == ("-27, -54.0 points", "-54.0 points", "-54.0 pt")
    assert changed["Read"].below[-1] == "–"  # its base is 10


@given(
    st.integers(0, 2_000_000),
    st.integers(0, 2_000_000),
    st.integers(8, 240),
    st.booleans(),
)
def test_no_number_and_no_change_is_cut(
    report: Report, times: int, times_before: int, width: int, compared: bool
) -> None:
    tiles = tiles_of(scaled(report, times), scaled(report, times_before) if compared else None)
    placed = layout(tiles, width, compared)
    assert sum(one.cells + 1 for one in placed) <= width or not placed
    for one in placed:
        assert one.cells >= max(len(one.name), len(one.value))
        assert one.name in (one.tile.name, one.tile.short)
        if compared:
            assert min(map(len, one.tile.below)) <= one.cells
    assert placed or width < 14


def test_the_shown_tiles_are_the_first_ones(report: Report) -> None:
    tiles = tiles_of(scaled(report, 1000))
    names = [one.tile.name for one in layout(tiles, 79)]
    assert names == [tile.name for tile in tiles[: len(names)]]
    assert names[3:7] == ["Delivered", "Read", "Users answered", "Failed"]
    assert [tile.name for tile in tiles[-4:]] == ["Template", "Mass", "Web chat", "Campaign"]
    assert set(report.origins) == set(Origin)
