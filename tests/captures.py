"""The captures of fixtures/captures for tests: their hand-counted figures, and importing them as the command does."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace as replaced

from storage.database.connection import writing
from storage.database.settings import store_setting
from storage.domain.events import Event, Ignored, Item, Reject
from storage.domain.log_lines import Items, LinesRead
from storage.domain.sends import Sends
from storage.ingest.importer import Summary, import_path
from storage.ingest.kept_batch_writer import KeptBatchWriter
from storage.sources.opened import OpenedSource, Options
from storage.sources.recognition import open_source
from tests.databases import ZONE, create

CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"
FIGURES = ("records", "events", "ignored", "rejects", "starts", "sends", "users")
STATUSES = ("failed", "sent", "delivered", "read", "answered")
OPTIONS = Options(ZoneInfo(ZONE))


@dataclass(frozen=True, slots=True)
class Counted:
    """A row of the table in fixtures/captures/README.md."""

    name: str
    format: str
    figures: dict[str, int]


def counted() -> list[Counted]:
    """What the table says of every capture."""
    rows = []
    for line in (CAPTURES / "README.md").read_text(encoding="utf-8").splitlines():
        if (found := re.fullmatch(r"\| `([^`]+)` \| ([^|]*) \| (\w+) \| ([\d |]+) \|", line)) is not None:
            figures = [int(cell) for cell in found[4].split("|")]
            rows.append(Counted(found[1], found[3], dict(zip((*FIGURES, *STATUSES), figures, strict=True))))
    return rows


def import_all(database: Path, *paths: Path, options: Options = OPTIONS) -> list[Summary]:
    """Imports files in this order into one database of the tests' time zone."""
    create(database)
    with writing(database) as writer:
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", ZONE)
        kept = KeptBatchWriter()
        return [import_path(writer, path, options, lambda *_: None, kept=kept) for path in paths]


def figures_of(summary: Summary, report: dict[str, Any]) -> dict[str, int]:
    """The figures of the table as an import and its report give them."""
    told = {name: getattr(summary, name) for name in FIGURES[:4]}
    return told | {name: report[name] for name in FIGURES[4:]} | {name: report["status"][name] for name in STATUSES}


def items_of(content: bytes | Path, options: Options = OPTIONS) -> list[Item]:
    """Everything that the sources find in a file, one by one."""
    data = content.read_bytes() if isinstance(content, Path) else content
    source = open_source(io.BytesIO(data), options)
    items = one_by_one(source.items())
    if source.columns:
        assert_same_in_columns(data, options, source, items)
    else:
        assert_same_together(data, options, source, items)
    return items


def one_by_one(items: Iterable[Item]) -> list[Item]:
    """Items without those that stand for several: how many are counted together depends on how a file is read."""
    each = ([replace(item, count=1)] * item.count if isinstance(item, Ignored) else [item] for item in items)
    return [item for found in each for item in found]


def _line_by_line(item: Item) -> list[Item]:
    """A reject of several lines as one of each."""
    if isinstance(item, Reject) and (found := re.fullmatch(r"line (\d+) to (\d+)", item.where)) is not None:
        lines = range(int(found[1]), int(found[2]) + 1)
        return [replaced(item, where=f"line {number}") for number in lines]
    return [item]


def assert_same_in_columns(data: bytes, options: Options, source: OpenedSource, items: list[Item]) -> None:
    """Tables are read row by row or column by column (`OpenedSource.parts`): both must give the same."""
    faster = open_source(io.BytesIO(data), options)
    parts = one_by_one(in_parts(faster, 10_000))
    both = (sorted(repr(one) for item in some for one in _line_by_line(item)) for some in (parts, items))
    assert next(both) == next(both)
    assert faster.records == source.records
    passed_over = b"" if source.compressed else data[source.reached[0] : faster.reached[0]]
    assert not passed_over.strip(b' ;,|\t\r\n"')  # blank lines at the end
    assert faster.columns == source.columns
    if not any(isinstance(item, (Reject, Ignored)) for item in items):  # of these, one way may look at more cells
        assert sorted(faster.notes()) == sorted(source.notes())


def in_parts(source: OpenedSource, most: int) -> Iterator[Item]:
    """The items of a source that is read many rows or lines at a time."""
    sink = Items()
    for part in source.parts(most, sink):
        if isinstance(part, LinesRead):
            yield from sink.taken()
        elif isinstance(part, Sends):
            yield from part
        else:
            yield part


def assert_same_together(data: bytes, options: Options, source: OpenedSource, items: list[Item]) -> None:
    """Logs are read line by line or many lines at a time (`OpenedSource.parts`): both must give the same."""
    faster = open_source(io.BytesIO(data), options)
    assert one_by_one(in_parts(faster, 10_000)) == items
    assert (faster.records, faster.reached) == (source.records, source.reached)


def events_of(content: bytes | Path, options: Options = OPTIONS) -> list[Event]:
    """The events alone."""
    return [item for item in items_of(content, options) if not isinstance(item, (Reject, Ignored))]


def rejects_of(content: bytes | Path, options: Options = OPTIONS) -> list[Reject]:
    """The rejects alone."""
    return [item for item in items_of(content, options) if isinstance(item, Reject)]


def capture(name: str) -> Path:
    """The path of a capture."""
    return CAPTURES / name
