"""Tests of times in tables: every spelling, and the order of day and month of a whole column."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.domain.events import Send
from storage.sources.column_dates import ColumnTimes
from storage.sources.date_order import DateOrder
from storage.sources.fields import Unreadable
from storage.sources.opened import Options
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, import_all, rejects_of
from tests.databases import ZONE

IN_ZONE = ZoneInfo(ZONE)


def times(order: DateOrder = DateOrder.DAY_FIRST) -> ColumnTimes:
    return ColumnTimes(IN_ZONE, lambda: order)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=IN_ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-03 8:05", "2025-11-03T08:05"),
        ("2025/11/03 08:05:07", "2025-11-03T08:05:07"),
        ("2025-11-3", "2025-11-03T00:00"),
        ("03-11-2025", "2025-11-03T00:00"),
        ("3/11/25", "2025-11-03T00:00"),
        ("3.11.2025 8:05", "2025-11-03T08:05"),
        ("3/11/2025 8:05 a. m.", "2025-11-03T08:05"),
        ("3/11/2025 8:05\u202fp.\u00a0m.", "2025-11-03T20:05"),
        ("3/11/2025 12:05 a.m.", "2025-11-03T00:05"),
        ("3/11/2025, 12:05:09 PM", "2025-11-03T12:05:09"),
        ("3 nov 2025 8:05", "2025-11-03T08:05"),
        ("3 de noviembre de 2025", "2025-11-03T00:00"),
        ("3-Nov-25 8:05 PM", "2025-11-03T20:05"),
        ("Nov 3, 2025 8:05 PM", "2025-11-03T20:05"),
        ("03 de março de 2025 08:05", "2025-03-03T08:05"),
        ("45964", "2025-11-03T00:00"),
        ("45964.5", "2025-11-03T12:00"),
        ("45964,3368055556", "2025-11-03T08:05"),
        ("2025-11-03T08:05:00.250", "2025-11-03T08:05:00.250"),
        ("25/11/2025 23:59:59", "2025-11-25T23:59:59"),
    ],
)
def test_spellings_without_a_zone(text: str, expected: str) -> None:
    assert times()[text] == ms(expected)


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-03T11:05:00Z",
        "2025-11-03 11:05:00 UTC",
        "2025-11-03T08:05:00-03:00",
        "2025-11-03 08:05:00 -0300",
        "Mon, 03 Nov 2025 11:05:00 +0000",
        "1762167900",
        "1762167900000",
        "1762167900.0",
        "1.762167900e+09",
        "3/11/2025 08:05:00 GMT-3",
    ],
)
def test_spellings_with_a_zone(text: str) -> None:
    assert times()[text] == ms("2025-11-03T08:05")


@pytest.mark.parametrize(
    "text", ["31/02/2025", "1.76217E+09", "8:05", "13/13/2025", "hoy", "3/11/1999", "99999", "3/11"]
)
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(Unreadable):
        times()[text]


@pytest.mark.parametrize("text", ["", " ", "-", "N/A", "########", "null"])
def test_nothing_is_no_time(text: str) -> None:
    assert times()[text] is None


def test_month_first() -> None:
    column = times(DateOrder.MONTH_FIRST)
    assert column["11/3/2026 8:05 PM"] == ms("2026-11-03T20:05")
    assert column["11-03-26"] == ms("2026-11-03T00:00")
    assert column["2026-11-03"] == ms("2026-11-03T00:00")
    with pytest.raises(Unreadable, match="month-first"):
        column["25/11/2026"]


def read(table: str, options: Options = OPTIONS, pipe: bool = False) -> tuple[list[str], list[str], tuple[str, ...]]:
    """The days of the sends, the reasons of the rejects, and the notes."""
    source = open_source(Pipe(table.encode()) if pipe else io.BytesIO(table.encode()), options)
    items = list(source.items())
    sends = [item for item in items if isinstance(item, Send)]
    days = [datetime.fromtimestamp(send.at / 1000, IN_ZONE).strftime("%m-%d") for send in sends]
    return days, [item.reason for item in items if not isinstance(item, Send)], tuple(source.notes())  # type: ignore[union-attr]


class Pipe(io.BytesIO):
    """A stream that cannot be read twice."""

    def seekable(self) -> bool:
        return False


def table(*dates: str) -> str:
    return "to;template;fecha\n" + "".join(f"549115555000{n};promo;{date}\n" for n, date in enumerate(dates))


@pytest.mark.parametrize("pipe", [False, True])
def test_one_row_decides_for_the_whole_column(pipe: bool) -> None:
    assert read(table("3/11/2026", "11/25/2026"), pipe=pipe) == (["03-11", "11-25"], [], ())
    assert read(table("3/11/2026", "25/11/2026"), pipe=pipe) == (["11-03", "11-25"], [], ())


def test_a_row_behind_the_first_bytes_decides_as_well() -> None:
    dates = ["3/11/2026"] * 20_000 + ["11/25/2026"]
    assert read(table(*dates))[0][0] == "03-11"
    days, rejects, notes = read(table(*dates), pipe=True)
    assert (days[0], len(rejects)) == ("11-03", 1)
    assert "in the first part of the input" in notes[0]


def test_where_nothing_proves_it_the_day_comes_first_and_it_is_told() -> None:
    days, rejects, (note,) = read(table("3/11/2026", "4/11/2026"))
    assert (days, rejects) == (["11-03", "11-04"], [])
    assert note.startswith("nothing proves the order of day and month in 'fecha'; read as day-first")
    assert note.endswith("with --dates month-first)")


def test_the_caller_decides() -> None:
    options = replace(OPTIONS, dates=DateOrder.MONTH_FIRST)
    assert read(table("3/11/2026", "4/11/2026"), options) == (["03-11", "04-11"], [], ())


def test_both_orders_in_one_column_are_told() -> None:
    days, rejects, (note,) = read(table("3/11/2026", "11/25/2026", "25/11/2026"))
    assert days == ["11-03", "11-25"]
    assert rejects == ["invalid time '11/25/2026' (day-first; see --dates)"]
    assert note == "'fecha' has dates with the day first and with the month first; read as day-first"


def test_dates_that_need_no_order_are_not_told() -> None:
    for dates in (("2026-11-03",), ("11/11/2026",), ("1795014000",), ("45964.5",)):
        assert read(table(*dates))[2] == ()


def test_each_column_has_its_own_order() -> None:
    rows = "1155550001;promo;11/3/2026;3/11/2026\n1155550001;promo;11/25/2026;25/11/2026\n"
    rows = f"to;template;sent at;delivered at\n{rows}"
    source = open_source(io.BytesIO(rows.encode()), OPTIONS)
    for send in source.items():
        assert isinstance(send, Send)
        assert send.at == send.delivered_at


@pytest.mark.long
def test_a_compressed_table_is_decided_by_all_its_rows() -> None:
    content = gzip.compress(table(*["3/11/2026"] * 20_000, "11/25/2026").encode())
    assert rejects_of(content) == []


def test_a_table_that_has_grown_tells_that_its_order_was_taken_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(table("3/11/2026"))
    assert "nothing proves" in import_all(tmp_path / "saludo.db", path)[0].notes[0]
    path.write_text(table("3/11/2026", "11/25/2026"))
    (summary,) = import_all(tmp_path / "saludo.db", path)
    assert any("line 3 proves that 'fecha' has the month first" in note for note in summary.notes)
