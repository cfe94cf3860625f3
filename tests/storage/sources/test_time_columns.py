"""Times of many cells at once are the times of each cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sources.column_dates import ColumnTimes
from storage.sources.date_order import DateOrder
from storage.sources.fields import Unreadable
from storage.sources.time_columns import TimeColumn

_ZONES = ("UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires", "Australia/Lord_Howe")  # the last: half an hour
_FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.{ms}Z",
    "%Y-%m-%d %H:%M:%S.{ms}",
    "%Y-%m-%dT%H:%M:%S+02:00",
    "%Y-%m-%d %H:%M:%S UTC",
    "%d/%m/%Y %H:%M:%S",
    "%-d/%-m/%y %-H:%M",
    "%m-%d-%Y %I:%M %p",
    "%d/%m/%Y %-I:%M:%S {half}",
    "%d %b %Y %H:%M:%S",
    "%d/%m/%Y",
    "{epoch}",
    "{epoch}{ms}",
)
_ODD = ("", " ", "-", "yes", "no", "########", "2026-02-30 10:00:00", "12:61:00", "10:20", "2026-01-01 24:00:00", "0")
# Around the changes of the clocks in Madrid and on Lord Howe, a midnight, and the ends of a year.
_MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        *("2026-03-29 00:59:59", "2026-03-29 02:30:00", "2026-10-25 00:30:00", "2026-10-25 02:00:00"),
        *("2026-04-05 02:00:00", "2026-10-04 02:10:00", "2026-01-01 00:00:00", "2026-12-31 23:59:59"),
    )
)


def text_of(moment: datetime, form: str, milliseconds: int) -> str:
    half = "a. m." if moment.hour < 12 else "p. m."
    epoch = int(moment.timestamp())
    return moment.strftime(form.format(ms=f"{milliseconds:03}", half=half, epoch=epoch))


@st.composite
def columns(draw: st.DrawFn) -> list[str]:
    """Cells of one form, with some of another form or of none."""
    forms = draw(st.sampled_from([[form] for form in _FORMS] + [list(_FORMS)]))
    cells = []
    for _ in range(draw(st.integers(1, 8))):
        moment = draw(st.sampled_from(_MOMENTS)) + timedelta(seconds=draw(st.integers(-7200, 7200)))
        cells.append(text_of(moment, draw(st.sampled_from(forms)), draw(st.integers(0, 999))))
    for _ in range(draw(st.integers(0, 2))):
        cells.insert(draw(st.integers(0, len(cells))), draw(st.sampled_from(_ODD)))
    return cells


def one_by_one(column: ColumnTimes, cells: list[str]) -> tuple[list[int | None], list[int]]:
    times: list[int | None] = []
    others = []
    for place, cell in enumerate(cells):
        try:
            time = column[cell] if cell else None
        except Unreadable:
            time = False
        if type(time) is bool:
            others.append(place)
        times.append(None if type(time) is bool else time)
    return times, others


@given(st.lists(columns(), min_size=1, max_size=3), st.sampled_from(_ZONES), st.sampled_from(list(DateOrder)))
def test_many_cells_have_the_times_of_each(blocks: list[list[str]], zone: str, order: DateOrder) -> None:
    def reader() -> ColumnTimes:
        return ColumnTimes(ZoneInfo(zone), lambda: order, words=True)

    together = TimeColumn(reader())
    for cells in blocks:
        assert together.read(cells) == one_by_one(reader(), cells)


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.long(keep=4)
def test_every_second_of_a_day_is_read_as_one_cell_is(form: str) -> None:
    start = datetime(2026, 10, 25, tzinfo=UTC)
    moments = [start + timedelta(seconds=second) for second in range(0, 86_400, 61)]
    cells = [text_of(moment, form, 7) for moment in moments]
    for zone in _ZONES:
        column = ColumnTimes(ZoneInfo(zone), lambda: DateOrder.DAY_FIRST)
        assert TimeColumn(column).read(cells) == one_by_one(column, cells)
