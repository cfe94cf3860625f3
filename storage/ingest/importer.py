"""Imports a file: opens it, has a source read it, and writes its batches with their place in the journal.

Every batch is one transaction. What an interrupted import has written stays, and running it again continues from there.
How the processes of an import work together is in `docs/architecture.md`. Knows no terminal.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from storage.cube import refresh
from storage.database import child_process
from storage.database.collector import without_collector
from storage.database.connection import Writer
from storage.database.key_runs import cover_messages
from storage.database.settings import store_default_zone
from storage.domain.errors import StorageError
from storage.ingest import journal
from storage.ingest.batch_reader import file_parts, received_parts, start_reading
from storage.ingest.identity_repair import Repair, repair_identities
from storage.ingest.import_store import Keeper, Target
from storage.ingest.journal import Journal
from storage.ingest.kept_batch_writer import KeptBatchWriter
from storage.ingest.kept_rejects import KeptReject
from storage.language.system_errors import system_reason
from storage.language.texts import _
from storage.sources.opened import Offset, Options, UnknownFormat
from storage.sources.recognition import open_source

_BATCH = 80_000  # events
_WORTH_A_PROCESS = 16 << 20  # bytes to read
_REJECTS_TOLD = 5


class FileError(StorageError):
    """The file cannot be imported. The message is one line that says why."""


class NoFormat(FileError):
    """The file can be read, but has no known format."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of importing one file.

    Attributes:
        file: its name.
        format: the name of its format.
        records: records read.
        events: events in them.
        ignored: records that hold nothing for the report.
        rejects: records that could not be read, those in bytes that were passed over included.
        new: messages made.
        changed: messages changed.
        passed_over: bytes that an earlier import had read and this one did not.
        settled: records that an earlier reading of the file could not read, and that this one read or did not find.
        first_rejects: the first records that could not be read.
        notes: what a person should know about how the file was read, one line each.
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
    settled: int = 0
    first_rejects: tuple[KeptReject, ...] = ()
    notes: tuple[str, ...] = ()


Progress = Callable[[int, int], None]  # bytes read, events so far


def prepare(writer: Writer, progress: refresh.Progress = refresh.no_progress) -> Repair:
    """Stores what a new database needs before its first import, and makes what an older version did not have or had
    wrong: the key index, and contacts.

    Args:
        writer: the database.
        progress: called with (steps done, steps in all) of each.

    Returns:
        What was mended, for the person who imports.
    """
    with writer.transaction() as connection:
        store_default_zone(connection)
    cover_messages(writer, progress)
    return repair_identities(writer, progress)


def import_path(
    target: Target,
    path: Path,
    options: Options,
    progress: Progress,
    counted: refresh.Progress = refresh.no_progress,
    kept: Keeper[Target] | None = None,
) -> Summary:
    """Imports a file, or what is new in it since an earlier import.

    Args:
        target: the database.
        path: the file.
        options: how to read it.
        progress: called with (bytes read, events so far).
        counted: called with (parts of the cube counted, of how many), after everything is read.
        kept: of the files that a command imports one after the other; each but the first is faster with it.

    Raises:
        FileError: the file cannot be read, or has no known format.
    """
    name = stored_name(path)
    try:
        if path.is_dir():
            raise FileError(_("{name}: is a directory; name its files").format(name=name))
        with path.open("rb") as stream:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return import_stream(target, stream, name, options, progress, counted, kept)
            known_as = stored_name(path.resolve())
            return import_open(target, stream, status.st_size, name, known_as, options, progress, counted, kept)
    except FileNotFoundError:
        raise FileError(_("{name}: file not found").format(name=name)) from None
    except PermissionError:
        raise FileError(_("{name}: permission denied").format(name=name)) from None
    except OSError as error:
        raise FileError(_("{name}: cannot be read ({why})").format(name=name, why=system_reason(error))) from None


def import_open(
    target: Target,
    file: BinaryIO,
    size: int,
    name: str,
    path: str,
    options: Options,
    progress: Progress,
    counted: refresh.Progress = refresh.no_progress,
    kept: Keeper[Target] | None = None,
) -> Summary:
    """Imports an open file that can be read again, or what is new in it; other arguments as of `import_path`.

    Args:
        target: the database.
        file: at its beginning.
        size: its bytes.
        name: what it is called in messages.
        path: where it is, for the journal.
        options: how to read it.
        progress: called with (bytes read, events so far).
        counted: called with (parts of the cube counted, of how many).
        kept: of the files of a command.
    """
    with ExitStack() as stack:
        kept = kept or sqlite_keeper(stack)
        known = journal.find(target.connection, file, size, options)
        book = Journal(name, options, path=path, file=file, known=known)
        if known is not None and known.whole:
            with kept.unaffected(target):
                return _pass_over(target, book, size, known.format, counted, kept)
        return _import(target, file, book, options, progress, counted, kept)


def import_stream(
    target: Target,
    stream: BinaryIO,
    name: str,
    options: Options,
    progress: Progress,
    counted: refresh.Progress = refresh.no_progress,
    kept: Keeper[Target] | None = None,
) -> Summary:
    """Imports a stream that cannot be read twice, such as standard input; arguments as of `import_path`."""
    with ExitStack() as stack:
        kept = kept or sqlite_keeper(stack)
        return _import(target, stream, Journal(name, options), options, progress, counted, kept)


def sqlite_keeper(stack: ExitStack) -> Keeper[Any]:
    """What the files of a SQLite database share, until a context ends."""
    return stack.enter_context(KeptBatchWriter())


def stored_name(path: Path) -> str:
    """A path as text: a file name need not be UTF-8, but stored text is."""
    return os.fsencode(path).decode("utf-8", "replace")


def _pass_over(
    target: Target, book: Journal, size: int, format: str, counted: refresh.Progress, kept: Keeper[Target]
) -> Summary:
    """Reads nothing of a file that an earlier import has read to its end."""
    # An interrupted import or another version may have left something to count.
    kept.count(target, counted)
    with target.transaction() as connection:
        book.pass_over(connection, size)
    return _summary(target, book, format, 0, passed_over=size)


def _summary(target: Target, book: Journal, format: str, records: int, passed_over: int) -> Summary:
    return Summary(
        book.name,
        format,
        records,
        book.events,
        book.ignored,
        book.rejects,
        book.new,
        book.changed,
        passed_over,
        book.settled,
        book.first_rejects(target.connection, _REJECTS_TOLD),
        book.notes,
    )


def _import(
    target: Target,
    stream: BinaryIO,
    book: Journal,
    options: Options,
    progress: Progress,
    counted: refresh.Progress,
    kept: Keeper[Target],
) -> Summary:
    start = Offset() if book.known is None else book.known.place
    if start.position:
        progress(start.position, 0)
    part = None
    try:
        with without_collector(), ExitStack() as stack:
            reader = _reader(stream, options, start) if book.rereadable else None
            if reader is None:
                writing = kept.file_writer(target, helped=False)
                parts = file_parts(open_source(stream, options, start), _BATCH)
            else:
                stack.callback(child_process.stop, reader)
                stack.push(kept.after_file)
                writing = kept.file_writer(target, helped=True)
                parts = received_parts(reader, writing.catch_up)
            for part in parts:
                with target.transaction() as connection:
                    changes = writing.write(part.batch)
                    book.record(connection, part, changes.new, changes.changed)
                writing.sync()
                progress(part.position, book.events)
            writing.finish(counted)
    except UnknownFormat as error:
        raise NoFormat(f"{book.name}: {error}") from None
    except OSError as error:
        raise FileError(
            _("{name}: cannot be read to its end ({why})").format(name=book.name, why=system_reason(error))
        ) from None
    assert part is not None
    with target.transaction() as connection:
        book.finish(connection, part)
    writing.keep()
    # While there are readers, the WAL only wraps around; here it gives its disk space back.
    target.checkpoint()
    return _summary(target, book, part.format, part.records, start.position)


def _reader(stream: BinaryIO, options: Options, start: Offset) -> subprocess.Popen[bytes] | None:
    """A process that reads the rest of a file; None if the rest is small, there is one core, or none can be started."""
    try:
        left = os.fstat(stream.fileno()).st_size - start.position
        if left < _WORTH_A_PROCESS or child_process.cores() == 1:
            return None
        return start_reading(stream, options, start, _BATCH)
    except OSError:
        return None
