"""A file into the database: opens it, has a source read it, writes batches with their place in the journal. Knows no
terminal.

Every batch is one transaction: what an interrupted import has written stays, and running it again goes on from there.
"""

from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.cube import refresh
from storage.cube.counting_process import running_counting_process
from storage.database import child_process
from storage.database.connection import Writer
from storage.database.settings import store_default_zone
from storage.database.wal_sync import running_wal_sync
from storage.domain.errors import StorageError
from storage.ingest import journal
from storage.ingest.batch_reader import parts, parts_of, start_reading
from storage.ingest.file_digest import Hashed
from storage.ingest.journal import Journal, Known
from storage.sources.opened import Offset, Options, UnknownFormat
from storage.sources.recognition import open_source

_BATCH = 80_000  # events
_WORTH_A_PROCESS = 16 << 20  # bytes to read


class FileError(StorageError):
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


def import_path(
    writer: Writer, path: Path, options: Options, progress: Progress, counted: refresh.Progress = refresh.no_progress
) -> Summary:
    """Imports one file, or what is new in it; raises FileError where it cannot be read or is no known format.

    counted: is told how much of the cube is counted, of how much, when all is read.
    """
    # A name need not be UTF-8, but all that is written down is.
    name = os.fsencode(path).decode("utf-8", "replace")
    try:
        if path.is_dir():
            raise FileError(f"{name}: is a directory; name the files in it")
        with path.open("rb") as stream:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return import_stream(writer, stream, name, options, progress, counted)
            known = journal.find(writer.connection, stream, status.st_size, options)
            if known is not None and known.whole:
                refresh.refresh_all(writer, counted)  # what an interrupted import or another version has left to count
                return Summary(name, known.format, 0, 0, 0, known.rejects, 0, 0, passed_over=status.st_size)
            return _import(writer, stream, name, options, progress, counted, known, Hashed(stream))
    except FileNotFoundError:
        raise FileError(f"{name}: there is no such file") from None
    except PermissionError:
        raise FileError(f"{name}: may not be read; check its permissions") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read ({error.strerror or error})") from None


def import_stream(
    writer: Writer,
    stream: BinaryIO,
    name: str,
    options: Options,
    progress: Progress,
    counted: refresh.Progress = refresh.no_progress,
) -> Summary:
    """Imports what a stream holds under a name; raises FileError."""
    return _import(writer, stream, name, options, progress, counted, None, None)


def _import(
    writer: Writer,
    stream: BinaryIO,
    name: str,
    options: Options,
    progress: Progress,
    counted: refresh.Progress,
    known: Known | None,
    hashed: Hashed | None,
) -> Summary:
    begin = Offset() if known is None else known.place
    if begin.position:
        progress(begin.position, 0)
    part = None
    try:
        with _without_collector(), ExitStack() as stack:
            reader = _reader(stream, options, begin) if hashed is not None else None
            if reader is None:
                counting, wrote = None, _nothing
                book = Journal(writer, name, options, known, hashed)
                read = parts(open_source(stream, options, begin), _BATCH)
            else:
                stack.callback(child_process.stop, reader)
                counting = stack.enter_context(running_counting_process(writer.path))
                wrote = stack.enter_context(running_wal_sync(writer.path))
                book = Journal(writer, name, options, known, hashed, counting)
                read = parts_of(reader, book.catch_up)
            for part in read:
                book.write(part)
                wrote()
                progress(part.position, book.events)
            refresh.refresh_all(writer, counted, counting)
    except UnknownFormat as error:
        raise FileError(f"{name}: {error}") from None
    except OSError as error:
        raise FileError(f"{name}: cannot be read to its end ({error.strerror or error})") from None
    assert part is not None
    book.finish(part)
    # While readers come and go the log of writes only wraps around; here it gives its room back.
    writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Summary(
        name,
        part.format,
        part.records,
        book.events,
        book.ignored,
        book.rejects,
        book.new,
        book.changed,
        passed_over=begin.position,
    )


def _nothing() -> None:
    """What is to be done behind a batch of a small file."""


def _reader(stream: BinaryIO, options: Options, begin: Offset) -> subprocess.Popen[bytes] | None:
    """A process that reads what is left of a file, where that is worth one and can be started."""
    left = os.fstat(stream.fileno()).st_size - begin.position
    if left < _WORTH_A_PROCESS or _cores() == 1:
        return None
    try:
        return start_reading(stream, options, begin, _BATCH)
    except OSError:
        return None


def _cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _without_collector() -> Iterator[None]:
    """Without the search for cycles: there are none, and it looks at all of a batch and of a block again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
