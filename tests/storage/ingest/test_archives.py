"""Tests of zip archives: every member is imported as a file of its own, resumes in its middle, and damage is told."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from storage.database.connection import writing
from storage.database.settings import store_setting
from storage.ingest import importer
from storage.ingest.archives import Skipped, import_archive, is_archive
from storage.ingest.importer import FileError, Summary
from tests.captures import OPTIONS, capture, import_all
from tests.databases import ZONE, report_of, tsv_bytes

MEMBERS = ("cloud_lines.jsonl", "send_log.jsonl", "starting_causes.tsv")
STORED, DEFLATED, BZIP2, LZMA = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA


def zipped(path: Path, members: dict[str, bytes], compression: int = DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def contents() -> dict[str, bytes]:
    return {f"logs/{name}": capture(name).read_bytes() for name in MEMBERS}


def run(database: Path, archive: Path, stop_after: int = 0) -> list[Summary | FileError]:
    """Imports an archive; ends with an exception after so many batches, if that is not 0."""
    left = [stop_after]

    def each(position: int, events: int) -> None:
        if events:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

    with writing(database) as writer:
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", ZONE)
        return list(import_archive(writer, archive, OPTIONS, each))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A database with what the members hold, imported as files."""
    database = tmp_path / "whole.db"
    import_all(database, *(capture(name) for name in MEMBERS))
    return database


@pytest.mark.parametrize("compression", [STORED, DEFLATED, BZIP2, LZMA])
def test_members_are_files_of_their_own(compression: int, tmp_path: Path, whole: Path) -> None:
    archive = zipped(tmp_path / "logs.zip", contents(), compression)
    assert is_archive(archive)
    results = run(tmp_path / "saludo.db", archive)
    assert [(one.file, one.format) for one in results if isinstance(one, Summary)] == [
        (f"{archive}/logs/cloud_lines.jsonl", "cloud_api"),
        (f"{archive}/logs/send_log.jsonl", "send_log"),
        (f"{archive}/logs/starting_causes.tsv", "botmaker"),
    ]
    assert tsv_bytes(tmp_path / "saludo.db") == tsv_bytes(whole)


def test_members_may_be_compressed_and_are_passed_over_when_they_are_known(tmp_path: Path, whole: Path) -> None:
    members = {f"{name}.gz": gzip.compress(content) for name, content in contents().items()}
    archive, database = zipped(tmp_path / "logs.zip", members), tmp_path / "saludo.db"
    run(database, archive)
    assert report_of(database)["starts"] == report_of(whole)["starts"]
    assert [one.records for one in run(database, archive) if isinstance(one, Summary)] == [0, 0, 0]
    plain = run(whole, zipped(tmp_path / "plain.zip", contents()))
    assert [one.records for one in plain if isinstance(one, Summary)] == [0, 0, 0]  # known by their content


def test_an_import_goes_on_in_the_middle_of_a_member(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_BATCH", 1)
    archive = zipped(tmp_path / "logs.zip", contents())
    for stop in (1, 2, 3, 6, 9, 14):
        database = tmp_path / f"{stop}.db"
        with suppress(KeyboardInterrupt):
            run(database, archive, stop)
        results = run(database, archive)
        assert tsv_bytes(database) == tsv_bytes(whole)
        if stop > 3:
            assert any(one.passed_over for one in results if isinstance(one, Summary))


def test_members_of_no_use_are_told_and_do_not_stop_the_others(tmp_path: Path) -> None:
    members = {
        "README.txt": b"logs of November\n",
        "image.png": b"\x89PNG\r\n\x1a\n\0\0",
        **contents(),
        "empty.log": b"",
    }
    with zipfile.ZipFile(zipped(tmp_path / "logs.zip", members), "a") as archive:
        archive.writestr(zipfile.ZipInfo("folder/"), b"")
        archive.writestr("inner.zip", zipped(tmp_path / "inner.zip", contents()).read_bytes())
    results = run(tmp_path / "saludo.db", tmp_path / "logs.zip")
    assert [str(one).partition("logs.zip/")[2] for one in results if isinstance(one, Skipped)] == [
        "README.txt: unrecognised file format; expected gupshup, cloud_api, botmaker, twilio or send_log",
        "image.png: binary file; expected text, plain or compressed (gzip, bzip2, xz, zip)",
        "empty.log: empty file",
        "inner.zip: zip archive; extract it first, or import it by its own path",
    ]
    assert sum(isinstance(one, Summary) for one in results) == 3


def _flagged(archive: Path) -> None:
    """Marks every member as encrypted."""
    content = bytearray(archive.read_bytes())
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(magic)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(magic, start + 4)
    archive.write_bytes(content)


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "logs.zip", {"a.log": b"x" * 100})
    _flagged(archive)
    first, last = map(str, run(tmp_path / "saludo.db", archive))
    assert first.endswith("logs.zip/a.log: encrypted; extract it first")
    assert last.endswith("logs.zip: nothing in this zip archive can be read")


def test_a_damaged_member_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    log = b"".join(capture("cloud_lines.jsonl").read_bytes().replace(b"wamid.", b"wamid.%d." % n) for n in range(600))
    archive = zipped(tmp_path / "logs.zip", {"a.jsonl": log, **contents()})
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as opened:
        middle = opened.getinfo("a.jsonl").compress_size // 2
    content[middle : middle + 30] = bytes(30)
    archive.write_bytes(content)
    database = tmp_path / "saludo.db"
    results = run(database, archive)
    assert all(isinstance(one, Summary) for one in results)
    assert 0 < report_of(database)["starts"] < 2_400
    with sqlite3.connect(database) as connection:
        reasons = [reason for (reason,) in connection.execute("SELECT reason FROM rejects")]
    assert any("corrupt zip data" in reason for reason in reasons)


def _log(mark: bytes) -> bytes:
    return b"".join(
        capture("cloud_lines.jsonl").read_bytes().replace(b"wamid.", b"wamid.%s%d." % (mark, n)) for n in range(90)
    )


class _Unseekable(io.RawIOBase):
    """A pipe, so that the sizes of members follow them."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += data
        return len(data)


def _archive(compression: int, streamed: bool) -> bytes:
    out: Any = _Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name in ("a", "b"):
            archive.writestr(f"{name}.log", _log(name.encode()))
    return bytes(out.content) if streamed else bytes(out.getvalue())


def _told(results: list[Summary | FileError]) -> list[tuple[int, list[str]]]:
    """Events and reasons of the rejects of each member."""
    assert all(isinstance(one, Summary) for one in results)
    return [(one.events, [told.reason for told in one.first_rejects]) for one in results if isinstance(one, Summary)]


@pytest.mark.parametrize("compression", [STORED, DEFLATED, BZIP2, LZMA])
def test_a_wrong_checksum_alone_loses_nothing_and_is_told(compression: int, tmp_path: Path) -> None:
    content = bytearray(_archive(compression, streamed=False))
    content[content.find(b"PK\x01\x02") + 16] ^= 1
    (tmp_path / "logs.zip").write_bytes(content)
    told = _told(run(tmp_path / "saludo.db", tmp_path / "logs.zip"))
    assert told == [(630, ["corrupt zip data (wrong checksum)"]), (630, [])]


@pytest.mark.parametrize("compression", [STORED, DEFLATED, BZIP2, LZMA])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.long(keep=3)
def test_an_archive_that_was_cut_off_gives_its_members_and_says_so(
    compression: int, streamed: bool, tmp_path: Path
) -> None:
    content, archive = _archive(compression, streamed), tmp_path / "logs.zip"
    archive.write_bytes(content[: content.find(b"PK\x01\x02")])
    reason = "truncated zip archive: its list of members is missing"
    assert _told(run(tmp_path / "saludo.db", archive)) == [(630, []), (630, [reason])]
    archive.write_bytes(content[: content.find(b"PK\x03\x04", 4) + 80])
    first, *_ = run(tmp_path / "other.db", archive)
    assert isinstance(first, Summary)
    assert (first.events, first.rejects) == (630, 0)


@pytest.mark.parametrize("compression", [BZIP2, LZMA])
def test_a_bomb_of_any_compression_is_read_with_flat_memory(compression: int, tmp_path: Path) -> None:
    content = capture("cloud_lines.jsonl").read_bytes() + (b" " * 1_000_000 + b"\n") * 40
    archive = zipped(tmp_path / "bomb.zip", {"a.log": content}, compression)
    tracemalloc.start()
    try:
        (summary,) = run(tmp_path / "saludo.db", archive)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(summary, Summary)
    assert summary.events == 7
    assert peak < 26_000_000 < len(content) / 1.5  # LZMA keeps a window of 8 MB, and so does what hashes it


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and no more", "damaged zip archive"),
        (b"PK\x05\x06" + bytes(18), "empty zip archive"),
    ],
)
def test_an_archive_that_cannot_be_read_is_told(content: bytes, words: str, tmp_path: Path) -> None:
    archive = tmp_path / "logs.zip"
    archive.write_bytes(content)
    with pytest.raises(FileError, match=words):
        run(tmp_path / "saludo.db", archive)


def test_a_workbook_is_no_archive_of_logs(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "report.xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    with pytest.raises(FileError, match="spreadsheet workbook; save its sheet as CSV"):
        run(tmp_path / "saludo.db", archive)


def test_a_bomb_is_read_with_flat_memory(tmp_path: Path) -> None:
    line = b'{"level":"info","msg":"' + b"x" * 900 + b'"}\n'
    bomb = io.BytesIO(capture("cloud_lines.jsonl").read_bytes() + line * 16_000)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", DEFLATED) as opened, opened.open("a.log", "w") as member:
        member.write(bomb.getbuffer())
    assert archive.stat().st_size < 300_000
    tracemalloc.start()
    try:
        (summary,) = run(tmp_path / "saludo.db", archive)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(summary, Summary)
    assert summary.events == 7
    assert peak < 7_000_000 < 16_000 * len(line) / 2
