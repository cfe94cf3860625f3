"""The workbook: every cell has its type, nothing is run or linked, and it holds what the TSV holds."""

from __future__ import annotations

import stat
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from storage.domain.events import ContactIds, Failure, LineIds
from storage.domain.filters import Filter
from storage.sources.formula_guard import unguarded
from storage.table import export_workbook
from storage.table.export import STARTS, ExportError
from storage.table.export_file import write_export
from storage.table.export_starts import StartsExport
from storage.table.export_workbook import Written
from tests.databases import BETO, DAY, NOON, NOW, SECOND, build, session_of, tsv_of
from tests.events import row, send
from tests.headers import ENGLISH, SPANISH

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.com","x")',
    "{=SUM(A1)}",
    "@cmd",
    "＝1",
    "\u00a0=1",
    "http://example.com/x",
    "mailto:a@example.com",
    "internal:Sheet1!A1",
    "00123",
    "12345678901234567890",
    "1e5",
    "TRUE",
    "'quoted",
    "'=1",
    '"',
    "<r><t>x</t></r>",
    "<r>a & b</r>",
    "<r></c></row></sheetData></r>",
    "<b>&amp;]]>",
    "_x0041_",
    "a\x01b",
    "\ufffe\uffff",
    "a  b",
    "🎉" * 20,
]


def written(
    database: Path, path: Path, text: str = "period:all", language: str = "en", replace: bool = False
) -> Written:
    with session_of(database) as session:
        return write_export(
            session,
            Filter.parse(text),
            NOW,
            path,
            export=STARTS,
            language=language,
            replace=replace,
            progress=lambda rows: None,
        )


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of all sheets, by header."""
    found = []
    for sheet in openpyxl.load_workbook(path).worksheets:
        header, *rows = sheet.iter_rows(values_only=True)
        found += [dict(zip(header, row, strict=True)) for row in rows]
    return found


def parts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The files in a workbook: name and text."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name).decode()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    failure = Failure(131026, "Message undeliverable", "not on\tWhatsApp\n")
    customer = ContactIds(("5491155550003",), customer_id="00012345678901234567")
    return build(
        tmp_path / "saludo.db",
        [
            send("bad", failed_at=NOON + 1, failure=failure),
            send("good", NOON + SECOND // 2, customer),
            row("r", NOON + 9 * SECOND, BETO, read_at=NOON + 12 * SECOND, answered_at=NOON + 20 * SECOND),
        ],
    )


def test_every_cell_has_its_type(database: Path, tmp_path: Path) -> None:
    assert written(database, tmp_path / "a.xlsx") == (3, 0)
    rows = {row["Message key"]: row for row in rows_of(tmp_path / "a.xlsx")}
    good, bad = rows["good"], rows["bad"]
    assert (good["User id"], good["Contact id/number"]) == ("00012345678901234567", "5491155550003")
    assert good["Sent at"] == datetime.fromisoformat("2026-11-18T12:00:00.500")
    assert (bad["Not sent"], bad["Sent"], bad["New user"]) == (True, False, True)
    assert bad["Error code"] == 131026
    assert bad["Failure detail"] == "not on WhatsApp"
    assert bad["Line"] == "+5491100000001"
    assert (bad["Delivered at"], bad["User id"]) == (None, None)


def test_cells_say_what_they_are_in_the_file_itself(database: Path, tmp_path: Path) -> None:
    written(database, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    columns = {cell.value: cell.column for cell in sheet[1]}
    types = {
        name: sheet.cell(2, columns[name]).data_type for name in ("Contact id/number", "Sent at", "Sent", "Status")
    }
    assert types == {"Contact id/number": "s", "Sent at": "d", "Sent": "b", "Status": "s"}
    assert sheet.cell(2, columns["Contact id/number"]).number_format == "@"
    assert sheet.cell(2, columns["Sent at"]).number_format == "yyyy-mm-dd hh:mm:ss"


def test_the_header_is_bold_frozen_and_filters(database: Path, tmp_path: Path) -> None:
    written(database, tmp_path / "a.xlsx", language="es")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book.active
    assert book.sheetnames == ["Inicios"]
    assert [cell.value for cell in sheet[1]] == list(SPANISH)
    assert all(cell.font.bold for cell in sheet[1])
    assert not sheet["A2"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:Y4"
    assert all(8 <= column.width <= 45 for column in sheet.column_dimensions.values())
    assert book.properties.title == "period:all"
    assert "America/Argentina/Buenos_Aires" in book.properties.description


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_is_run_linked_or_taken_for_markup(value: str, tmp_path: Path) -> None:
    contact = ContactIds(("5491155550003",), customer_id=value)
    failure = Failure(131026, value, value)
    events = [send("k", NOON, contact, LineIds(name=value), template=value, failed_at=NOON, failure=failure)]
    database = build(tmp_path / "saludo.db", [*events, row(channel_id=value, agent_groups=value)])
    written(database, tmp_path / "a.xlsx")
    shown = value.replace("\x01", " ").strip()
    (first,) = [row for row in rows_of(tmp_path / "a.xlsx") if row["Message key"] == "k"]
    for name in ("User id", "Template/notification", "Line", "Failure reason", "Failure detail"):
        assert str(first[name]).replace("_xFFFE_", "\ufffe").replace("_xFFFF_", "\uffff") in (
            shown,
            shown.replace("_x0041_", "_x005F_x0041_"),  # the file's own spelling, which Excel shows as _x0041_
        )
    for name, text in parts_of(tmp_path / "a.xlsx"):
        assert "<f>" not in text, name
        assert "<hyperlink" not in text, name
        assert "externalLink" not in text, name


def test_it_holds_what_the_tsv_holds(database: Path, tmp_path: Path) -> None:
    written(database, tmp_path / "a.xlsx")
    for shown, expected in zip(rows_of(tmp_path / "a.xlsx"), tsv_of(database), strict=True):
        for name, cell in expected.items():
            value = shown[name]
            if isinstance(value, bool):
                assert cell == str(value).lower()
            elif isinstance(value, datetime):
                assert datetime.fromisoformat(cell).replace(tzinfo=None) == value
            else:
                assert unguarded(cell) == ("" if value is None else str(value))


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "Europe/Madrid"])
@pytest.mark.long(keep=2)
def test_times_are_local_all_year(tmp_path: Path, zone: str) -> None:
    moments = [NOON - day * DAY + day * 7_919_001 for day in range(365)]
    database = build(tmp_path / "saludo.db", [send(str(at), at) for at in moments], time_zone=zone)
    written(database, tmp_path / "a.xlsx")
    for shown in rows_of(tmp_path / "a.xlsx"):
        local = datetime.fromtimestamp(int(shown["Message key"]) / 1000, ZoneInfo(zone))
        assert shown["Sent at"] == local.replace(tzinfo=None)


@pytest.mark.parametrize(("starts", "sheets"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_a_full_sheet_goes_on_in_another(
    starts: int, sheets: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_workbook, "ROWS_OF_A_SHEET", 3)
    events = [send(f"k{number}", NOON + number * SECOND) for number in range(starts)]
    database = build(tmp_path / "saludo.db", events)
    assert written(database, tmp_path / "a.xlsx").rows == starts
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Starts", "Starts 2", "Starts 3"][: len(sheets)]
    assert [sheet.max_row - 1 for sheet in book.worksheets] == sheets
    for sheet in book.worksheets:
        assert [cell.value for cell in sheet[1]] == list(ENGLISH)
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:Y{sheet.max_row}")
    keys = [row["Message key"] for row in rows_of(tmp_path / "a.xlsx")]
    assert keys == [f"k{number}" for number in reversed(range(starts))]


@pytest.mark.parametrize(
    ("value", "kept", "cut"),
    [
        ("a" * 32_767, "a" * 32_767, 0),
        ("a" * 32_768, "a" * 32_767, 1),
        ("🎉" * 16_383, "🎉" * 16_383, 0),
        ("🎉" * 16_384, "🎉" * 16_383, 1),
        (f"<r>{'a' * 32_760}</r>", f"<r>{'a' * 32_760}</r", 1),
    ],
    ids=["full", "one over", "full of pairs", "half a pair over", "long markup"],
)
def test_what_is_too_long_for_a_cell_is_cut_and_counted(value: str, kept: str, cut: int, tmp_path: Path) -> None:
    database = build(tmp_path / "saludo.db", [send(failed_at=NOON, failure=Failure(1, "short", value))])
    assert written(database, tmp_path / "a.xlsx") == (1, cut)
    (first,) = rows_of(tmp_path / "a.xlsx")
    assert first["Failure detail"] == kept


def test_the_file_is_private_and_replaces_only_on_request(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.XLSX"
    written(database, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ExportError, match="already exists"):
        written(database, path)
    assert written(database, path, "period:all status:failed", replace=True).rows == 1
    assert len(rows_of(path)) == 1


def failing(error: BaseException) -> Callable[..., Iterator[Any]]:
    """An export that ends in an error after its first chunk."""
    chunks = StartsExport.chunks

    def chunks_then_error(*parts: Any) -> Iterator[Any]:
        yield from chunks(*parts)
        raise error

    return chunks_then_error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), pytest.raises(KeyboardInterrupt)),
        (OSError(28, "No space left on device"), pytest.raises(ExportError, match="No space left")),
    ],
    ids=["interrupted", "full disk"],
)
def test_what_was_not_completed_leaves_nothing(
    error: BaseException, expected: Any, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StartsExport, "chunks", failing(error))
    (tmp_path / "out").mkdir()
    with expected:
        written(database, tmp_path / "out" / "a.xlsx")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_at_the_end_leaves_nothing(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*parts: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match="No space left"):
        written(database, tmp_path / "out" / "a.xlsx")
    assert list((tmp_path / "out").iterdir()) == []


def test_without_the_library_one_line_says_how_to_install_it(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ExportError, match=r"pip install 'saludo\[xlsx\]'"):
        written(database, tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()
