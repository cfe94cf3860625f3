"""A file into the database: opens it, has a source read it, writes batches with their place in the journal. Knows no
terminal.

Every batch is one transaction: what an interrupted import has written stays, and running it again goes on from there.
"""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage import journal
from storage.database import Writer
from storage.events import Ignored, Reject
from storage.ingest import Batch
from storage.journal import Journal, Known
from storage.settings import store_default_zone
from storage.sources import OpenedSource, Options, Place, UnknownFormat, open_source

_BATCH = 50_000  # events


class FileError(Exception):
    """The file cannot be imported; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What one file gave: records and events read, parts ignored, records rejected, messages made and changed.

    passed_over: bytes that an earlier import had read, and this one did not read again; `rejects` counts theirs too.
    """

    file: str
    format: str
    records: int
    events: int
    ignored: int
    rejects: int
    new: int
    changed: int
    passed_over: int = 0


Progress = Callable[[int, int], None]  # bytes read, events so far


def prepare(writer: Writer) -> None:
    """Writes down what a new database needs before its first import."""
    with writer.transaction() as connection:
        store_default_zone(connection)


def import_path(writer: Writer, path: Path, options: Options, progress: Progress) -> Summary:
    """Imports one file, or what is new in it; raises FileError where it cannot be read or is no known format."""
    # A name need not be UTF-8, but all that is written down is.
    name = os.fsencode(path).decode("utf-8", "replace")
    try:
        if path.is_dir():
            raise FileError(f"{name}: is a directory; name the files in it")
        with path.open("rb") as stream:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return import_stream(writer, stream, name, options, progress)
            known = journal.find(writer.connection, stream, status.st_size, options)
            if known is not None and known.whole:
                return Summary(name, known.format, 0, 0, 0, known.rejects, 0, 0, passed_over=status.st_size)
            with path.open("rb") as again:
                return _import(writer, stream, name, options, progress, known, again)
    except FileNotFoundError:
        raise FileError(f"{name}: there is no such file") from None
    except PermissionError:
        raise FileError(f"{name}: may not be read; check its permissions") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read ({error.strerror or error})") from None


def import_stream(writer: Writer, stream: BinaryIO, name: str, options: Options, progress: Progress) -> Summary:
    """Imports what a stream holds under a name; raises FileError."""
    return _import(writer, stream, name, options, progress, None, None)


def _import(
    writer: Writer,
    stream: BinaryIO,
    name: str,
    options: Options,
    progress: Progress,
    known: Known | None,
    again: BinaryIO | None,
) -> Summary:
    begin = Place() if known is None else known.place
    try:
        source = open_source(stream, options, begin)
        book = Journal(writer, name, source.format, options, known, again)
        with _without_collector():
            _read(source, book, progress)
    except UnknownFormat as error:
        raise FileError(f"{name}: {error}") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read to its end ({error.strerror or error})") from None
    book.finish(source.position)
    return Summary(
        name,
        source.format,
        source.records,
        book.events,
        book.ignored,
        book.rejects,
        book.new,
        book.changed,
        passed_over=begin.position,
    )


def _read(source: OpenedSource, book: Journal, progress: Progress) -> None:
    """Reads all of a source, a batch at a time."""
    batch, rejects, ignored = Batch(), [], 0
    for item in source.items():
        if isinstance(item, Reject):
            rejects.append(item)
        elif isinstance(item, Ignored):
            ignored += 1
        else:
            batch.add(item)
        if batch.events + len(rejects) >= _BATCH:
            book.write(batch, rejects, ignored, _place(source))
            progress(source.position, book.events)
            batch, rejects, ignored = Batch(), [], 0
    book.write(batch, rejects, ignored, _place(source))
    progress(source.position, book.events)


def _place(source: OpenedSource) -> Place:
    return Place() if source.packed else source.done


@contextmanager
def _without_collector() -> Iterator[None]:
    """Without the search for cycles: there are none, and it looks at every message of a batch again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
