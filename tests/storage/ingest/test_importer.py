"""Importing: every capture gives the figures that one counts by hand, whatever its packing, order or repetition; and
what cannot be imported is refused in one line with nothing lost."""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from storage.database.connection import writing
from storage.ingest.importer import FileError, import_path, import_stream
from storage.sources.opened import Options
from tests.captures import CAPTURES, OPTIONS, Counted, capture, counted, figures_of, import_all
from tests.databases import create, report_of, tsv_bytes

ALL = counted()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "saludo.db"


def rejects_in(database: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT place, reason, excerpt FROM rejects ORDER BY rowid").fetchall()


def test_every_capture_is_counted() -> None:
    assert {one.name for one in ALL} == {path.name for path in CAPTURES.iterdir()} - {"README.md"}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_capture_gives_the_figures_counted_by_hand(one: Counted, database: Path) -> None:
    (summary,) = import_all(database, capture(one.name))
    assert summary.format == one.format
    assert figures_of(summary, report_of(database)) == one.figures


def is_utf_8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
@pytest.mark.long(keep=4)
def test_packing_and_marks_change_nothing(one: Counted, tmp_path: Path) -> None:
    content = capture(one.name).read_bytes().removeprefix(b"\xef\xbb\xbf")
    half, mark = len(content) // 2, b"\xef\xbb\xbf" if is_utf_8(content) else b""
    packed = tmp_path / "no name that says anything"
    packed.write_bytes(gzip.compress(mark + content[:half]) + gzip.compress(content[half:]))
    (summary,) = import_all(tmp_path / "packed.db", packed)
    import_all(tmp_path / "plain.db", capture(one.name))
    assert summary.rejects == one.figures["rejects"]
    assert tsv_bytes(tmp_path / "packed.db") == tsv_bytes(tmp_path / "plain.db")


def test_importing_what_is_in_counts_what_another_version_left(database: Path) -> None:
    """As after a change of the cube's layout, which marks every day."""
    path = capture("cloud_errors.jsonl")
    import_all(database, path)
    with sqlite3.connect(database) as connection:
        connection.execute(
            "INSERT INTO dirty (level, block, line) SELECT DISTINCT 0, day, line FROM messages WHERE origin IS NOT NULL"
        )
    told: list[tuple[int, int]] = []
    with writing(database) as writer:
        summary = import_path(writer, path, OPTIONS, lambda *_: None, lambda done, of: told.append((done, of)))
        assert writer.connection.execute("SELECT count(*) FROM dirty").fetchone() == (0,)
    assert (summary.records, summary.passed_over) == (0, path.stat().st_size)
    done, of = told[-1]
    assert done == of > 0


def test_importing_again_changes_nothing(database: Path) -> None:
    paths = [capture(one.name) for one in ALL]
    import_all(database, *paths)
    first, rejects = tsv_bytes(database), rejects_in(database)
    again = import_all(database, *paths)
    assert [(summary.new, summary.changed) for summary in again] == [(0, 0)] * len(paths)
    assert tsv_bytes(database) == first
    assert rejects_in(database) == rejects


def test_any_order_of_all_captures_is_one_report(tmp_path: Path) -> None:
    paths = [capture(one.name) for one in ALL]
    import_all(tmp_path / "one.db", *paths)
    import_all(tmp_path / "other.db", *reversed(paths))
    assert report_of(tmp_path / "one.db") == report_of(tmp_path / "other.db")
    assert tsv_bytes(tmp_path / "one.db") == tsv_bytes(tmp_path / "other.db")


def test_the_three_sources_are_one_report(tmp_path: Path, database: Path) -> None:
    """The platform's row of a send, its entry in the send log and its webhooks are one start."""
    row = "\t".join(
        (
            *("CUSTOMER000000000001", "5491105550001", "2026-11-18 11:59:58", "saludo-whatsapp-5491100000001", "true"),
            *("promo_navidad", "false", "true", "true", "false", "false", "", "", "2026-11-18 12:00:01"),
            *("2026-11-18 12:00:07", "", "", ""),
        )
    )
    header = capture("starting_causes.tsv").read_text(encoding="utf-8").splitlines()[0]
    platform = tmp_path / "platform.tsv"
    platform.write_text(f"{header}\n{row}\n", encoding="utf-8")
    paths = [platform, capture("send_log.jsonl"), capture("cloud_lines.jsonl")]
    for number, order in enumerate((paths, paths[::-1], paths[1:] + paths[:1])):
        path = tmp_path / f"{number}.db"
        import_all(path, *order)
        report = report_of(path)
        assert report["data"]["joined"] == 1
        # a1 and a2 of log and webhooks, the two failures without an id, and a3, of which only a webhook is known
        assert (report["starts"], report["sends"], report["users"]) == (5, 5, 4)
        assert report["status"] == {"failed": 3, "sent": 0, "delivered": 1, "read": 0, "answered": 1}
        assert report["origins"] == {"template": 4, "notification": 1, "webchat": 0, "campaign": 0}
        assert tsv_bytes(path) == tsv_bytes(tmp_path / "0.db")


def test_own_tsv_gives_the_same_report(tmp_path: Path) -> None:
    import_all(tmp_path / "all.db", *(capture(one.name) for one in ALL))
    for language in ("en", "es"):
        exported = tmp_path / f"{language}.tsv"
        exported.write_bytes(tsv_bytes(tmp_path / "all.db", language=language))
        (summary,) = import_all(tmp_path / f"{language}.db", exported)
        assert summary.rejects == 0
        told = report_of(tmp_path / f"{language}.db")
        expected = report_of(tmp_path / "all.db")
        for name in ("starts", "sends", "users", "origins", "status", "daily", "failures", "answered", "user_types"):
            assert told[name] == expected[name], name


def test_a_cut_off_gzip_gives_what_is_whole_and_says_so(tmp_path: Path, database: Path) -> None:
    content = b"".join(
        b'{"at":%d,"phone_number_id":"100000000000001","request":{"messaging_product":"whatsapp","to":"%d","type":'
        b'"template","template":{"name":"promo"}},"response":{"messages":[{"id":"wamid.%d"}]}}\n'
        % (1795014000 + number * 977 % 86_400, 5491105000000 + number * 7919 % 999_983, number)
        for number in range(2_000)
    )
    packed = gzip.compress(content)
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[: len(packed) // 2])
    (summary,) = import_all(database, path)
    assert 500 < summary.events < 1_500
    assert report_of(database)["starts"] == summary.events
    assert any("truncated gzip data" in reason for _, reason, _ in rejects_in(database))


def test_rejects_are_kept_with_place_and_reason_and_without_digits(database: Path) -> None:
    import_all(database, capture("sends_comma.csv"), capture("sends_comma.csv"))
    rejects = rejects_in(database)
    assert [(place, reason) for place, reason, _ in rejects] == [
        ("line 6", "no time"),
        ("line 7", "invalid time 'mañana'"),
        ("line 8", "3 columns, but the header has 9"),
    ]
    assert all(len(excerpt) <= 80 and not any(sign.isdigit() for sign in excerpt) for _, _, excerpt in rejects)
    assert report_of(database)["data"]["rejects"] == 3


def test_a_file_that_grows_is_finished_by_running_again(tmp_path: Path, database: Path) -> None:
    whole = capture("cloud_lines.jsonl").read_bytes()
    path = tmp_path / "growing.jsonl"
    path.write_bytes(whole[:-100])
    import_all(database, path)
    assert report_of(database)["starts"] == 3
    assert report_of(database)["status"]["answered"] == 0
    path.write_bytes(whole)
    import_all(database, path)
    import_all(tmp_path / "whole.db", path)
    assert tsv_bytes(database) == tsv_bytes(tmp_path / "whole.db")


def test_a_pipe_that_trickles_is_recognised(database: Path) -> None:
    """What a pipe gives first may be a byte; the format is in what follows."""
    content = capture("cloud_pretty_one_after_another.json").read_bytes()
    for data in (content, gzip.compress(content)):
        reader, writer = os.pipe()

        def trickle(end: int = writer, data: bytes = data) -> None:
            with os.fdopen(end, "wb", buffering=0) as out:
                for start in range(0, len(data), 7):
                    out.write(data[start : start + 7])

        thread = threading.Thread(target=trickle)
        thread.start()
        with writing(database) as database_writer, os.fdopen(reader, "rb", buffering=0) as stream:
            summary = import_stream(database_writer, stream, "-", OPTIONS, lambda *_: None)
        thread.join()
        assert (summary.format, summary.events) == ("cloud_api", 7)


def test_a_named_pipe_is_read_like_a_file(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: path.write_bytes(capture("starting_causes.tsv").read_bytes()))
    thread.start()
    (summary,) = import_all(database, path)
    thread.join()
    assert summary.events == 5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b" \n\r\n\t", "empty file"),
        (b"\xef\xbb\xbf", "empty file"),
        (gzip.compress(b"", mtime=0), "empty file"),
        (gzip.compress(b"hola" * 99, mtime=0)[:11], "truncated gzip data"),
        (b"\x1f\x8b not gzip at all", "corrupt gzip data"),
        (b"\x7fELF\0\0\0\1", "binary file"),
        (gzip.compress(b"\x7fELF\0\0\0\1", mtime=0), "binary file"),
        ("hola".encode("utf-16"), "unrecognised file format"),
        (b"name,age\nAna,3\n", "unrecognised file format"),
        (b'{"a": 1}\n', "unrecognised file format"),
        (b"[" * 100_000, "unrecognised file format"),
        (b'{"a":' * 100_000, "unrecognised file format"),
        (b"x" * 1_000_000, "unrecognised file format"),
        (b"From,To,Body\n" + b'"' * 300_001, "unrecognised file format"),
    ],
)
def test_what_is_no_capture_is_refused_in_one_line(content: bytes, words: str, tmp_path: Path, database: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        import_all(database, path)
    assert str(caught.value).startswith(f"{path}: {words}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "permission denied"),
        (OSError(5, "Input/output error"), "cannot be read (Input/output error)"),
    ],
)
def test_a_file_that_does_not_open_is_one_line(
    error: OSError, words: str, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    create(database)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FileError, match=r"file: ") as caught:
        import_all(database, tmp_path / "file")
    assert str(caught.value) == f"{tmp_path / 'file'}: {words}"


def test_a_file_that_is_not_there_or_a_directory_is_one_line(tmp_path: Path, database: Path) -> None:
    with pytest.raises(FileError, match="file not found"):
        import_all(database, tmp_path / "nothing")
    with pytest.raises(FileError, match="is a directory"):
        import_all(database, tmp_path)


def test_a_name_that_is_no_text_is_kept_as_text(tmp_path: Path, database: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/na\xffme.jsonl"))
    path.write_bytes(capture("cloud_lines.jsonl").read_bytes())
    (summary,) = import_all(database, path)
    assert summary.file.endswith("/na\ufffdme.jsonl")


def test_an_interruption_loses_no_batch_and_a_rerun_ends_the_job(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ingest.importer._BATCH", 2)
    paths = [capture("cloud_lines.jsonl"), capture("starting_causes.tsv"), capture("sends_comma.csv")]
    for path in paths:

        def interrupt(_position: int, _events: int) -> None:
            raise KeyboardInterrupt

        with writing(database) as writer, pytest.raises(KeyboardInterrupt):
            import_path(writer, path, OPTIONS, interrupt)
    with sqlite3.connect(database) as connection:
        told = connection.execute("SELECT count(*), count(finished_at), min(events) FROM imports").fetchone()
    assert told[:2] == (3, 0)
    assert told[2] > 0
    import_all(database, *paths)
    import_all(tmp_path / "whole.db", *paths)
    assert tsv_bytes(database) == tsv_bytes(tmp_path / "whole.db")
    assert report_of(database) == report_of(tmp_path / "whole.db")


def test_batches_of_any_size_end_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [capture(one.name) for one in ALL]
    import_all(tmp_path / "whole.db", *paths)
    monkeypatch.setattr("storage.ingest.importer._BATCH", 1)
    import_all(tmp_path / "single.db", *paths)
    assert tsv_bytes(tmp_path / "single.db") == tsv_bytes(tmp_path / "whole.db")
    assert report_of(tmp_path / "single.db") == report_of(tmp_path / "whole.db")


def test_a_format_that_does_not_fit_is_refused(database: Path) -> None:
    wrong = Options(OPTIONS.time_zone, format="botmaker")
    with pytest.raises(FileError, match="does not look like botmaker"):
        import_all(database, capture("cloud_lines.jsonl"), options=wrong)
