"""The pages of the table by time: the oldest first is the newest first backwards, whichever pages are read before."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.domain.filters import Filter
from storage.report.report import load_report
from storage.stores.sqlite_store import SqliteStore
from tests.cubes import refresh_all, sent
from tests.databases import ANA, BETO, DAY, LINE, NOON, NOW, build, session_of
from tui.data import pager
from tui.data.pager import Pager

FILTERS = ("period:all", "period:7d", "contact:5491155550001")


@pytest.fixture(scope="module")
def path() -> Path:
    """Twenty days, some of which have no start, and starts at the same time."""
    directory = Path(tempfile.mkdtemp())
    history = [
        sent(f"w{number:02}", NOON - number // 3 * DAY - number // 30 * DAY, LINE, ANA if number % 3 else BETO)
        for number in range(61)
    ]
    path = build(directory / "saludo.db", history)
    refresh_all(path)
    return path


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=9),
    st.sampled_from(("period:all", "period:7d", "contact:5491155550001")),
)
def test_the_oldest_first_is_the_newest_first_backwards(path: Path, order: list[int], text: str) -> None:
    filter = Filter.parse(text)
    with session_of(path) as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pager, "PAGE", 7)
        report = load_report(session, filter, NOW)
        newest = Pager(filter, NOW, False, report.starts, report.daily)
        every = [row for index in range(newest.pages) for row in newest.load(SqliteStore(session), index)]
        assert len(every) == report.starts
        oldest = Pager(filter, NOW, False, report.starts, report.daily, reverse=True)
        for index in order:
            rows = oldest.load(SqliteStore(session), index)
            assert rows == every[::-1][7 * index : 7 * index + 7]
            if rows:
                oldest.store(index, rows)
