"""A new format is one `Format` object and one entry in the list: nothing else has to change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from storage.domain.events import ContactIds, Event, Ignored, Item, LineIds, Rank, Send
from storage.sources import formats
from storage.sources.fields import keyless_key, time_of
from storage.sources.format import Context, Format, JsonReader, RowReader, Shortcut, adding
from storage.sources.identity import number_of
from tests.captures import capture, events_of, import_all, items_of
from tests.databases import report_of, tsv_of
from tui.commands.cli import run


class ToyRows(RowReader):
    """A table of two columns: who, and when."""

    def __init__(self, context: Context) -> None:
        self._zone = context.options.time_zone

    def is_description(self, cells: Sequence[str]) -> bool:
        return cells[0] == "who has it"

    def item(self, cells: Sequence[str]) -> Item:
        return _send(keyless_key("toy_table", *cells), cells[0], time_of(cells[1], self._zone), keyless=True)


class ToyObjects(JsonReader):
    """Objects with a member `toy`: an id, who, and when."""

    def __init__(self, context: Context) -> None:
        self._zone = context.options.time_zone

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        if not isinstance(value, dict) or "toy" not in value:
            return None
        toy = value["toy"]
        return [_send(toy["id"], toy["who"], time_of(toy["when"], self._zone))]

    def looks_like(self, sample: bytes) -> bool:
        return b'"toy"' in sample

    def shortcut(self) -> Shortcut:
        return Shortcut(b'{"toy"', adding(self._read))

    def _read(self, line: bytes) -> Event | None:
        (item,) = self.items(json.loads(line), line, "") or (None,)
        return item if isinstance(item, Send) else None


def _send(key: str, who: str, at: int | None, keyless: bool = False) -> Send:
    assert at is not None
    number = number_of(who)
    contact = ContactIds((number,) if number else ())
    return Send(key, Rank.SEND_LOG, at, LineIds(name="Toys"), contact, keyless=keyless, kind="template", accepted_at=at)


def toy_table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of a toy table."""
    return ToyRows(context) if list(header) == ["toy who", "toy when"] else None


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more formats in the list."""
    more = (
        Format("toy_table", "a table of toys", table=toy_table, keyless=True),
        Format("toy_objects", "objects of toys", json=ToyObjects),
    )
    monkeypatch.setattr(formats, "FORMATS", (*more, *formats.FORMATS))


def test_its_files_are_recognised_and_counted(tmp_path: Path) -> None:
    table, objects = tmp_path / "a.csv", tmp_path / "b.log"
    table.write_text("toy who,toy when\n5491155550001,2026-11-18T12:00:00-03:00\n")
    record = {"toy": {"id": "toy-1", "who": "5491155550002", "when": "2026-11-18T13:00:00-03:00"}}
    objects.write_text(f"log line: {json.dumps(record)}\n")
    database = tmp_path / "saludo.db"
    summaries = import_all(database, table, objects, table)
    assert [(one.format, one.events, one.new) for one in summaries[:2]] == [("toy_table", 1, 1), ("toy_objects", 1, 1)]
    assert (report_of(database)["starts"], report_of(database)["users"]) == (2, 2)
    assert [row["Line"] for row in tsv_of(database)] == ["Toys", "Toys"]


def test_a_log_may_mix_it_with_other_formats() -> None:
    toy = {"toy": {"id": "toy-1", "who": "5491155550002", "when": "2026-11-18T13:00:00-03:00"}}
    lines = capture("cloud_lines.jsonl").read_bytes()
    pretty = json.dumps(toy, indent=1).encode()
    assert len(events_of(lines + json.dumps(toy).encode() + b"\n" + lines + pretty)) == 7 + 1 + 7 + 1


def test_a_row_of_descriptions_is_ignored() -> None:
    table = b"toy who,toy when\nwho has it,since when\n5491155550001,2026-11-18T12:00:00-03:00\n"
    assert items_of(table)[0] == Ignored("row of column descriptions")
    assert len(events_of(table)) == 1


def test_an_object_longer_than_the_sample_is_recognised() -> None:
    toy = {"id": "toy-1", "who": "5491155550002", "when": "2026-11-18T13:00:00-03:00"}
    assert len(events_of(json.dumps({"toy": toy, "padding": "x" * 400_000}).encode())) == 1


def test_a_row_of_saludos_own_tsv_keeps_its_keyless_key(tmp_path: Path) -> None:
    """What the toy table gave comes back from the export as the same message: its key is recognised as keyless."""
    table, tsv = tmp_path / "a.csv", tmp_path / "out.tsv"
    table.write_text("toy who,toy when\n5491155550001,2026-11-18T12:00:00-03:00\n")
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    import_all(first, table)
    words = ["--db", str(first), "export", "--filter", "period:all", "-o", str(tsv)]
    assert run(words) == 0
    import_all(second, tsv, table)
    assert report_of(second)["starts"] == 1


def test_the_help_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["import", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "toy_table, toy_objects, gupshup, cloud_api, botmaker, twilio or send_log; default" in shown
    assert "toy_table (a table of toys); toy_objects (objects of toys); gupshup (events of Gupshup" in shown


def test_the_command_knows_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("some,thing\n1,2\n")
    database = str(tmp_path / "saludo.db")
    assert run(["--db", database, "import", str(nothing)]) == 1
    assert (
        "expected toy_table, toy_objects, gupshup, cloud_api, botmaker, twilio or send_log" in capsys.readouterr().err
    )
    assert run(["--db", database, "import", "--format", "toy_table", str(nothing)]) == 1
    assert "does not look like toy_table" in capsys.readouterr().err
    assert run(["--db", database, "import", "--format", "toy", str(nothing)]) == 2
    assert "unknown format 'toy'" in capsys.readouterr().err
