"""`saludo push`, and the commands that read what it copied: the same bytes as from SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.published import proof
from tests.tui.commands.runs import LINES, NOW, TABLE, assert_one_line, saludo, without_publication

_EVERYTHING = ("--filter", "period:all", "--now", NOW)
_READING = (
    ("report", "--json", *_EVERYTHING),
    ("report", "--by", "template", *_EVERYTHING),
    ("export", *_EVERYTHING),
    ("export", "--people", *_EVERYTHING),
    ("export", "--retry", *_EVERYTHING),
    ("rejects", "--json"),
    ("imports", "--tsv"),
    ("settings",),
    ("completion", "bash", "--complete", "template:"),
)


def test_every_reading_command_gives_the_same_bytes(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES, TABLE)
    copy = f"chdb:{tmp_path / 'copy'}"
    status, _, told = saludo(capsys, "push", copy)
    assert (status, told.splitlines()[-1].endswith(f"starts, with the same report as {database}")) == (0, True)
    for words in _READING:
        assert _read_from(copy, capsys, words) == saludo(capsys, *words), words


def _read_from(address: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> tuple[int, str, str]:
    """The answer of a ClickHouse database, without the time of its version."""
    status, out, told = saludo(capsys, *words, "--db", address)
    return status, without_publication(out), told


def test_a_report_tells_the_age_of_its_version(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saludo(capsys, "import", TABLE)
    copy = f"chdb:{tmp_path / 'copy'}"
    monkeypatch.setattr("time.time_ns", lambda: 1_795_445_999_500_000_000)
    saludo(capsys, "push", copy)
    asked = ("report", "--filter", "period:all", "--db", copy, "--now")
    late, early = "2026-11-23T15:03:04-03:00", "2026-11-01"
    for words in (asked, (*asked[:1], "--by", "line", *asked[1:])):
        assert saludo(capsys, *words, late)[1].endswith("\n\nPublished 23 Nov 11:59, 3 h 3 min ago\n")
        assert saludo(capsys, *words, early)[1].endswith("\n\nPublished 23 Nov 11:59\n")
    as_json = ("report", "--json", "--now", late, "--db")
    assert saludo(capsys, *as_json, copy)[1] == saludo(capsys, *as_json, str(database))[1]


def test_a_copy_with_another_report_is_removed(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saludo(capsys, "import", TABLE)
    monkeypatch.setattr(proof, "differences", lambda one, other, now: ["sends", "users"])
    copy = f"chdb:{tmp_path / 'copy'}"
    assert_one_line(saludo(capsys, "push", copy), 1, "(sends, users)", "removed")
    assert_one_line(saludo(capsys, "report", "--db", copy), 1, "no report yet")


def test_a_preview_is_in_the_time_zone_of_the_copy(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saludo(capsys, "import", TABLE)
    copy = f"chdb:{tmp_path / 'copy'}"
    saludo(capsys, "push", copy)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    shown = saludo(capsys, "import", "--preview", TABLE)
    assert saludo(capsys, "import", "--preview", TABLE, "--db", copy) == shown
    assert "+09:00" not in shown[1]
    assert "+09:00" in saludo(capsys, "import", "--preview", TABLE, "--db", f"chdb:{tmp_path / 'none'}")[1]


def test_a_target_that_is_no_clickhouse_database_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys, "push", "copy.db"), 2, "'copy.db'", "chdb:DIRECTORY")


def test_a_directory_without_a_database_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys, "report", "--db", f"chdb:{tmp_path}"), 1, "database not found")


@pytest.mark.long
def test_what_is_imported_into_clickhouse_is_reported_as_from_sqlite(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"chdb:{tmp_path / 'imported'}"
    for files in ((LINES,), (TABLE,)):  # the second import makes another version
        for db in (address, str(database)):
            assert saludo(capsys, "import", *files, "--db", db)[0] == 0
    for words in (_READING[0], _READING[4], _READING[8]):  # test_clickhouse_import.py compares the others
        assert _read_from(address, capsys, words) == saludo(capsys, *words), words
    assert_one_line(saludo(capsys, "push", address), 1, "imports of its own")


def test_a_copy_takes_no_imports_and_is_checked_where_it_was_made(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", TABLE)
    copy = f"chdb:{tmp_path / 'copy'}"
    saludo(capsys, "push", copy)
    assert_one_line(saludo(capsys, "import", LINES, "--db", copy), 1, "holds a copy")
    for words in (("check",), ("check", "--rebuild")):
        assert_one_line(saludo(capsys, *words, "--db", copy), 1, "check the database that was copied")
