"""The history of views, back and forward, and what a reload restores; without a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.domain.events import ContactIds
from storage.domain.filters import Filter
from storage.report.report import Report
from tests.databases import NOW, build
from tests.events import send
from tests.tui import scenes
from tui.data import reading
from tui.data.drill import CountedUsers
from tui.data.pager import ScrollPosition
from tui.data.reading import Snapshot, View
from tui.data.view_history import HistoryEntry
from tui.screens.navigation import Anchor, Navigation

FAILED = Filter.parse("status:failed")
READ = Filter.parse("status:read")


class FakePlace:
    """A user at a row of the table; notes where the keys go."""

    def __init__(self) -> None:
        self.position, self.focus, self.item = ScrollPosition(), "starts", 0
        self.closed = 0

    def entry(self, view: View) -> HistoryEntry:
        return HistoryEntry(view, self.position, self.focus, self.item)

    def close_start(self) -> None:
        self.closed += 1

    def focus_on(self, id: str) -> None:
        self.focus = id

    def focus_again(self, id: str) -> None:
        self.focus = id


class Desk:
    """A navigation with what it asks for and says."""

    def __init__(self, filter: Filter | None = None) -> None:
        self.place, self.asked, self.said = FakePlace(), list[View](), list[str]()
        self.navigation = Navigation(filter or Filter(), self.place, self._read, self.said.append)

    def _read(self, view: View, _position_in: Callable[[Report], int]) -> None:
        self.asked.append(view)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("navigation"))


def snapshot(path: Path, filter: Filter) -> Snapshot:
    """What a worker reads for a filter."""
    with reading.Reader(path).connection() as connection:
        return reading.load_snapshot(connection, View(filter), NOW, lambda report: 0, 20)


def test_back_and_forward_restore_the_view_the_position_and_the_panel() -> None:
    desk = Desk()
    desk.place.position, desk.place.focus, desk.place.item = ScrollPosition(7, 9), "status", 2
    desk.navigation.go(View(FAILED), focus="starts")
    assert desk.place.focus == "starts"
    assert desk.navigation.view.filter == FAILED
    desk.place.position, desk.place.item = ScrollPosition(1, 3), 0
    desk.navigation.back()
    assert desk.navigation.view == View(Filter())
    assert desk.navigation.anchor == Anchor(ScrollPosition(7, 9), item=2)
    assert desk.place.focus == "status"
    desk.navigation.forward()
    assert desk.navigation.view.filter == FAILED
    assert desk.navigation.anchor.position == ScrollPosition(1, 3)
    assert [view.filter for view in desk.asked] == [FAILED, Filter(), FAILED]


def test_the_same_view_is_not_read_again_and_adds_nothing_to_the_history() -> None:
    desk = Desk(FAILED)
    desk.navigation.go_to(FAILED)
    desk.navigation.drill(View(FAILED), None)
    assert desk.asked == []
    assert desk.navigation.history.depth == 0
    assert desk.said == ["the table already shows these starts"]


def test_a_new_view_after_going_back_removes_the_way_forward() -> None:
    desk = Desk()
    desk.navigation.go_to(FAILED)
    desk.navigation.back()
    assert desk.navigation.history.ahead == 1
    desk.navigation.go_to(READ)
    assert desk.navigation.history.ahead == 0
    desk.navigation.forward()
    assert desk.navigation.view.filter == READ


def test_the_summary_says_what_is_shown(path: Path) -> None:
    desk = Desk()
    assert desk.navigation.summary() == "loading …"
    desk.navigation.fail(None, "file is not a database")
    assert desk.navigation.summary() == "file is not a database"
    desk.navigation.set_snapshot(snapshot(path, Filter()), (1, 2, 3))
    assert desk.navigation.summary() == "55 starts of 55 users"
    assert desk.navigation.summary(paused=True) == "paused   55 starts of 55 users"


def test_the_summary_explains_starts_of_more_users_than_the_number_counted(path: Path) -> None:
    desk = Desk()
    desk.navigation.set_snapshot(snapshot(path, Filter()), None)
    desk.navigation.drill(View(FAILED), CountedUsers(5, "failed", "failed once"))
    desk.navigation.set_snapshot(snapshot(path, FAILED), None)
    assert "8 starts of 8 users: 5 failed, 3 failed once" in desk.navigation.summary()


def test_a_snapshot_is_current_until_another_view_is_asked_for(path: Path) -> None:
    desk = Desk()
    assert desk.navigation.current is None
    desk.navigation.set_snapshot(snapshot(path, Filter()), None)
    assert desk.navigation.current is desk.navigation.snapshot
    desk.navigation.go_to(FAILED)
    assert desk.navigation.current is None


def test_a_reload_keeps_rows_where_they_are_but_for_the_newest(path: Path) -> None:
    """A table by time moves with the starts that come above; at the newest row the cursor stays there."""
    desk = Desk()
    first = snapshot(path, Filter())
    desk.navigation.set_snapshot(first, None)
    desk.place.position = ScrollPosition(0, 4)
    desk.navigation.reload()
    assert desk.navigation.anchor == Anchor(ScrollPosition(0, 4), before=first.report)
    days = [day._replace(referred=day.referred + 3) if day.referred else day for day in first.report.daily]
    more = first.report._replace(daily=tuple(days))
    assert desk.navigation.anchor.position_in(more) == ScrollPosition(0, 7)


def test_a_reload_while_a_view_is_read_keeps_its_anchor(path: Path) -> None:
    desk = Desk()
    desk.navigation.set_snapshot(snapshot(path, Filter()), None)
    desk.place.position = ScrollPosition(3, 5)
    desk.navigation.go_to(FAILED)
    desk.navigation.reload()
    assert desk.navigation.anchor == Anchor()
    assert [view.filter for view in desk.asked] == [FAILED, FAILED]


def test_the_summary_tells_starts_of_unknown_contacts_and_how_to_see_them(tmp_path: Path) -> None:
    nobody = build(
        tmp_path / "saludo.db", [send("a"), send("b", contact=ContactIds()), send("c", contact=ContactIds())]
    )
    desk = Desk()
    desk.navigation.set_snapshot(snapshot(nobody, Filter()), (1, 2, 3))
    assert desk.navigation.summary() == "3 starts of 1 user, 2 of unknown contacts (contact:(unknown))"
    assert snapshot(nobody, Filter.parse("contact:(unknown)")).report.starts == 2
