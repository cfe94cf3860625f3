"""Commands on a server over HTTP: SQLite's bytes, one line for each fault, and nothing lost or written twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.captures import capture
from tests.clickhouse_server import Server, running_server
from tests.databases import DAY, NOON, build
from tests.events import send
from tests.tui.commands.runs import LINES, NOW, ROOT, TABLE, assert_one_line, saludo, without_publication

EVERYTHING = ("--filter", "period:all", "--now", NOW)
READING = (
    ("report", "--json", *EVERYTHING),
    ("report", *EVERYTHING),
    *(("report", "--by", dimension, *EVERYTHING) for dimension in ("template", "line", "week", "code")),
    ("export", *EVERYTHING),
    ("export", "--people", *EVERYTHING),
    ("export", "--retry", *EVERYTHING),
    ("settings",),
    ("completion", "bash", "--complete", "template:"),
)
BROKEN = str(capture("cloud_bad_items.jsonl"))
JOURNAL = [(command, *form) for command in ("rejects", "imports") for form in ((), ("--json",), ("--tsv",))]
HOSTILE_NAMES = ("tab\tnew\nline", "'\"`\\n\\0", "\u202ertl \U0001f600", "\udcff", " {x:UInt8} %s ", "=1+1\x1b[31m")
HOSTILE_RECORDS = ('{"a": "\\u0000', "{\x1b[31m \\N \\t ' \" `", "{\ufffd\u2028\u202e", "{tab\there", "{" + "x" * 5_000)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "secret")
    monkeypatch.setattr("storage.clickhouse.engine._WAITS", (0.01,))
    with running_server(tmp_path / "server") as running:
        yield running


def test_what_is_read_over_http_is_what_sqlite_gives(
    server: Server,
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = [tmp_path / name for name in HOSTILE_NAMES]
    for number, path in enumerate(hostile):
        record = Path(LINES).read_text().splitlines()[0].replace("wamid.", f"wamid.{number}")
        path.write_text("\n".join((record, f"{{{number}", *HOSTILE_RECORDS)))
    for db in (server.address, str(database)):
        # Each listing tells when a file was read.
        monkeypatch.setattr("storage.ingest.journal.now_ms", partial(next, count(NOON, 61_001)))
        assert saludo(capsys, "import", LINES, TABLE, BROKEN, *map(str, hostile), "--db", db)[0] == 0
    for words in READING:
        status, out, told = saludo(capsys, *words, "--db", server.address)
        assert (status, without_publication(out), told) == saludo(capsys, *words), words
    for words in JOURNAL:
        there, here = (saludo(capsys, *words, "--db", db) for db in (server.address, str(database)))
        assert there == here, words
        assert "tab" in there[1], words
    for words in (("-o", "there.tsv", "--db", server.address), ("-o", "here.tsv")):
        path = tmp_path / words[1]
        assert saludo(capsys, "export", *EVERYTHING, "-o", str(path), *words[2:])[0] == 0
    assert (tmp_path / "there.tsv").read_bytes() == (tmp_path / "here.tsv").read_bytes()


GONE = {
    "report": (("report", *EVERYTHING), "FROM v1_day_counts", 0),
    "breakdown": (("report", "--by", "template", *EVERYTHING), "FROM v1_cells", 1),
    "export": (("export", *EVERYTHING, "-o", "FILE"), "ORDER BY m.start_at DESC", 1),
    "people": (("export", "--people", *EVERYTHING, "-o", "FILE"), "GROUP BY m.contact", 0),
    "pull": (("pull", "FILE", *EVERYTHING), "FROM v1_contact_ids", 0),
}


@pytest.mark.parametrize("name", GONE)
@pytest.mark.long(keep=3)
def test_a_server_that_goes_in_the_middle_is_one_line_and_leaves_no_file(
    name: str,
    server: Server,
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.published.version_exports._WINDOW", 2)
    words, match, after = GONE[name]
    history = [send(f"w{number}", NOON - number * DAY) for number in range(12)]
    assert saludo(capsys, "push", server.address, "--db", str(build(tmp_path / "a.db", history)))[0] == 0
    made = tmp_path / "made"
    made.mkdir()
    server.fault("gone", match, after)
    given = [str(made / "file.tsv") if word == "FILE" else word for word in words]
    result = saludo(capsys, *given, "--db", server.address)
    assert_one_line(result, 1, f"{server.address}: the server does not answer (Connection refused)")
    assert result[1] == ""
    assert not [*made.iterdir()]


@pytest.mark.long
def test_two_importers_at_once_lose_nothing_and_write_nothing_twice(
    server: Server, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("send_log", "cloud_statuses", "cloud_inbound", "cloud_number_change", "cloud_user_ids")
    files = [str(capture(f"{name}.jsonl")) for name in names]
    command = [sys.executable, "-m", "tui", "import", "--db", server.address]
    importers = [
        subprocess.Popen([*command, *some], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for some in (files, files[::-1])  # each file by both, at about the same time
    ]
    for importer in importers:
        _, told = importer.communicate(timeout=240)
        assert importer.returncode == 0, told
    assert saludo(capsys, "work", "--once", "--db", server.address)[0] == 0
    assert saludo(capsys, "import", *files)[0] == 0
    for words in READING[::3]:  # the others read the same tables, and are compared above
        status, out, told = saludo(capsys, *words, "--db", server.address)
        assert (status, without_publication(out), told) == saludo(capsys, *words), words
    assert saludo(capsys, "check", "--db", server.address)[0] == 0
