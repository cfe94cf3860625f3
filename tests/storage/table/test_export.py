"""The TSV: its bytes, escaped formulas, file modes, and files that are not overwritten."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.domain.events import Failure
from storage.domain.filters import Filter
from storage.language.languages import LANGUAGES
from storage.sources.botmaker_rows import column_of
from storage.table import export_starts
from storage.table.export import ExportError, file_name, write_file, write_free, write_tsv
from storage.table.export_cells import tsv_cell
from tests.databases import DAY, NOON, NOW, SECOND, build, column, session_of, tsv_bytes, tsv_of
from tests.events import row, send
from tests.headers import ENGLISH, HEADERS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    failure = Failure(131026, "Message undeliverable", "not on\tWhatsApp\n")
    failed = send("bad", template=None, failed_at=NOON + 1, failure=failure)
    return build(tmp_path / "saludo.db", [failed, send("b", NOON), send("a", NOON), send("c", NOON + SECOND // 2)])


def test_lines_are_newest_first_with_ties_by_key_descending(path: Path) -> None:
    assert column(tsv_of(path), "Message key") == ["c", "bad", "b", "a"]


def test_the_size_of_a_chunk_does_not_change_the_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tsv_bytes(path)
    for rows in (1, 2, 3):
        monkeypatch.setattr(export_starts, "_CHUNK", rows)
        assert tsv_bytes(path) == whole


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "UTC"])
def test_times_have_the_offset_of_the_zone_all_year(tmp_path: Path, zone: str) -> None:
    times = [NOON - day * DAY + day * 7_919_001 for day in range(365)]
    path = build(tmp_path / "saludo.db", [send(str(at), at) for at in times], time_zone=zone)
    for start in tsv_of(path):
        at = int(start["Message key"])
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
        assert start["Sent at"] == local.isoformat(timespec="milliseconds" if at % 1000 else "seconds")


def test_a_joined_start_has_the_values_of_its_keyless_row(tmp_path: Path) -> None:
    keyless = row(
        at=NOON + SECOND, template=None, read_at=NOON + 9 * SECOND, channel_id="web\tone", agent_groups="=sales"
    )
    (start,) = tsv_of(build(tmp_path / "saludo.db", [send("keyed", NOON), keyless]))
    assert (start["Message key"], start["Channel id"], start["Agent groups"]) == ("keyed", "web one", "'=sales")
    assert (start["Sent at"], start["Read at"]) == ("2026-11-18T12:00:00-03:00", "2026-11-18T12:00:09-03:00")


def test_a_line_has_times_in_the_reports_zone_flags_and_failure(path: Path) -> None:
    rows = {row["Message key"]: row for row in tsv_of(path)}
    assert rows["c"]["Sent at"] == "2026-11-18T12:00:00.500-03:00"
    bad = rows["bad"]
    assert bad["Sent at"] == "2026-11-18T12:00:00-03:00"
    assert (bad["Not sent"], bad["Sent"], bad["Status"], bad["Error code"]) == ("true", "false", "failed", "131026")
    assert bad["Failure detail"] == "not on WhatsApp"
    assert bad["Line"] == "+5491100000001"
    assert bad["Chat link"] == "https://wa.me/5491155550001"


def test_every_header_is_the_same_to_the_letter_for_ever(path: Path) -> None:
    for language, header in HEADERS.items():
        assert tsv_bytes(path, language=language).split(b"\n")[0].decode().split("\t") == list(header)
    assert HEADERS.keys() <= LANGUAGES.keys()


def test_every_header_is_read_as_the_same_columns() -> None:
    in_english = [column_of(name) for name in ENGLISH]
    assert None not in in_english
    for header in HEADERS.values():
        assert [column_of(name) for name in header] == in_english


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("-danger", "'-danger"),
        ("+54 911 5555-0001", "+54 911 5555-0001"),
        ("-12.5", "-12.5"),
        ("'=1", "''=1"),
        ('"promo', "'\"promo"),
        ("\x01=1 \x7f", "'=1"),
        (" ", ""),
        ("'quoted", "'quoted"),
        ("a\x1b[2Jb\r\n\tc", "a [2Jb c"),
        ("a\u2028b\x85c", "a b c"),
        ("promo [/b] 50%", "promo [/b] 50%"),
    ],
)
def test_control_characters_and_formulas_are_escaped(value: str, shown: str) -> None:
    assert tsv_cell(value) == shown


def test_a_saved_file_has_mode_0600_and_the_bytes_of_the_export(path: Path, tmp_path: Path) -> None:
    filter = Filter.parse("period:all template:promo")
    with session_of(path) as session:
        name = file_name(filter, NOW)
        saved, again = (write_free(tmp_path, name, lambda out: write_tsv(session, filter, NOW, out)) for _ in range(2))
    assert saved.read_bytes() == again.read_bytes() == tsv_bytes(path, "period:all template:promo")
    assert saved.name.startswith("period-all-template-promo")
    assert saved != again
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*part"))


def test_an_existing_file_is_only_replaced_on_request(tmp_path: Path) -> None:
    path = tmp_path / "kept.tsv"
    path.write_text("mine")
    with pytest.raises(ExportError, match="already exists"):
        write_file(path, lambda out: out.write(b"new"), replace=False)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
    write_file(path, lambda out: out.write(b"new"), replace=True)
    assert path.read_text() == "new"


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    def broken(out: object) -> int:
        raise OSError(28, "No space left on device")

    with pytest.raises(ExportError, match="No space left"):
        write_file(tmp_path / "a.tsv", broken, replace=False)
    assert list(tmp_path.iterdir()) == []
