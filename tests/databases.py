"""Databases made of events, for tests: what a source would have read, written through the real ingest."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import openpyxl

from storage.database.connection import reading, writing
from storage.database.settings import store_setting
from storage.domain.events import ContactIds, Event, LineIds
from storage.domain.filters import Filter
from storage.ingest.batch_writer import BatchWriter
from storage.messages.batch_merger import Merger
from storage.report.read_session import ReadSession, read_session
from storage.report.report import load_report
from storage.report.report_json import as_json
from storage.table.export import STARTS, write_tsv
from storage.table.export_cells import Export
from storage.table.export_file import write_export

ZONE = "America/Argentina/Buenos_Aires"
LINE = LineIds(identifier="106540352242922", number="5491100000001")
OTHER_LINE = LineIds(identifier="206540352242922", number="5491100000002")
ANA = ContactIds(wa_ids=("5491155550001",), name="Ana")
BETO = ContactIds(wa_ids=("5491155550002",), name="Beto")

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
NOON = int(datetime.fromisoformat("2026-11-18T12:00:00-03:00").timestamp() * 1000)
NOW = datetime.fromisoformat("2026-11-20T18:00:00-03:00")


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "saludo.db")
        with writing(path):
            pass
        return path.read_bytes()


def create(path: Path) -> None:
    """Creates an empty database if the file does not exist, as the program does in four times as long."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb", opener=partial(os.open, mode=0o600)) as file:
            file.write(_empty())


def build(
    path: Path, *parts: Iterable[Event], time_zone: str = ZONE, answer_window: float = 24, one_import: bool = False
) -> Path:
    """Writes each part as a batch and a transaction, of an import of its own or all of one; the window in hours."""
    create(path)
    with writing(path) as writer:
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", time_zone)
            store_setting(connection, "answer_window", str(answer_window))
        ingest = BatchWriter(writer)
        for part in parts:
            merger = Merger()
            for event in part:
                merger.add(event)
            with writer.transaction():
                ingest = ingest if one_import else BatchWriter(writer)
                ingest.write(merger.batch())
    return path


@contextmanager
def session_of(path: Path) -> Iterator[ReadSession]:
    """A read session on the database, closed at the end."""
    with reading(path) as connection, read_session(connection) as session:
        yield session


def report_of(path: Path, text: str = "period:all", now: datetime = NOW) -> dict[str, Any]:
    """The report in the form of the contract."""
    with session_of(path) as session:
        result: dict[str, Any] = json.loads(json.dumps(as_json(load_report(session, Filter.parse(text), now))))
    return result


def tsv_of(path: Path, text: str = "period:all", now: datetime = NOW, language: str = "en") -> list[dict[str, str]]:
    """The rows of the download, by header."""
    header, *rows = tsv_bytes(path, text, now, language).decode().splitlines()
    names = header.split("\t")
    return [dict(zip(names, row.split("\t"), strict=True)) for row in rows]


def tsv_bytes(
    path: Path,
    text: str = "period:all",
    now: datetime = NOW,
    language: str = "en",
    export: Export = STARTS,
) -> bytes:
    """The download as it is written; the starts, unless another export is given."""
    out = io.BytesIO()
    with session_of(path) as session:
        write_tsv(session, Filter.parse(text), now, out, export=export, language=language)
    return out.getvalue()


def sheet_of(path: Path, export: Export, language: str = "en") -> tuple[str, list[tuple[Any, ...]]]:
    """The name and the rows of the sheet that an export writes, with its header."""
    file = path.with_suffix(".xlsx")
    with session_of(path) as session:
        written = write_export(
            session,
            Filter.parse("period:all"),
            NOW,
            file,
            export=export,
            language=language,
            replace=False,
            progress=lambda rows: None,
        )
    (sheet,) = openpyxl.load_workbook(file).worksheets
    rows = list(sheet.iter_rows(values_only=True))
    assert written == (len(rows) - 1, 0)
    return sheet.title, rows


def column(rows: Sequence[dict[str, str]], name: str) -> list[str]:
    """One column of the download."""
    return [row[name] for row in rows]


def cube_of(path: Path) -> list[list[tuple[Any, ...]]]:
    """Everything in the cube, failures by code and not by the order in which they came."""
    with reading(path) as connection:
        return [
            sorted(connection.execute(statement).fetchall(), key=repr)
            for statement in (
                "SELECT * FROM cells",
                "SELECT level, block, line, template, status, code, reason, marks, template_sends, notification_sends"
                " FROM details LEFT JOIN failure_kinds AS k ON k.id = failure",
                "SELECT kind, level, block, line, template, bitmap FROM users WHERE kind <> 1",
            )
        ]
