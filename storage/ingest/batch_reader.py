"""Reads a file into parts: events merged in memory, in batches that become one transaction each. Knows no database.

Reading is two fifths of the work of an import. For a large file on more than one core a process of its own reads one
batch ahead and hashes what it read. It gets the file as its standard input, holds no lock and no connection, and ends
when nobody reads what it sends. How the processes of an import work together is in `docs/architecture.md`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from typing import IO, Any, BinaryIO
from zoneinfo import ZoneInfo

from msgspec.structs import astuple as struct_tuple

from storage.database import child_process
from storage.domain.events import ContactIds, Ignored, LineIds, Origin, Reject
from storage.domain.log_lines import LinesRead
from storage.domain.sends import Sends
from storage.ingest.file_digest import Digest, IncrementalDigest
from storage.ingest.file_part import FilePart
from storage.language.texts import _
from storage.messages.batch_merger import Batch, Merger
from storage.sources.date_order import DateOrder
from storage.sources.opened import Offset, OpenedSource, Options, UnknownFormat
from storage.sources.recognition import open_source

# Of one message of a log there are some four events in a part, but each row of a table is a message.
_MESSAGE_SIZE = 4  # events that take the memory of a message
_REJECT_SIZE = 3  # events that take the memory of a reject
_FIRST_PART_SHIFT = 3  # the first part is an eighth; each next one is half as large again


def file_parts(source: OpenedSource, size: int) -> Iterator[FilePart]:
    """Reads all of a source in parts.

    Args:
        source: the opened file.
        size: events a part, or some more where rows come together; the first ones are smaller, so that the writer need
            not wait for the first.

    Returns:
        The parts, at least one.
    """
    now = max(1, size >> _FIRST_PART_SHIFT)
    part = PartRead()
    for item in source.parts(now, part):
        if type(item) is LinesRead:
            pass
        elif type(item) is Sends:
            part.add_all(item)
        elif type(item) is Reject or type(item) is Ignored:
            part.tell(item)
        else:
            part.add(item)
        if part.size >= now:
            yield _part(source, part, last=False)
            now = min(size, now + (now >> 1) + 1)
    yield _part(source, part, last=True)


class PartRead(Merger):
    """Everything that was read for the next part."""

    def __init__(self) -> None:
        super().__init__()
        self.rejects: list[Reject] = []
        self.ignored = 0

    @property
    def size(self) -> int:
        """How many events it holds, or what takes as much memory."""
        return max(self.events, _MESSAGE_SIZE * self.messages) + _REJECT_SIZE * len(self.rejects)

    def tell(self, item: Reject | Ignored) -> None:
        """Takes what is no event."""
        if type(item) is Reject:
            self.rejects.append(item)
        elif type(item) is Ignored:
            self.ignored += item.count

    def others(self) -> tuple[list[Reject], int]:
        """The rejects, and how many records were ignored. They are empty afterwards."""
        others = self.rejects, self.ignored
        self.rejects, self.ignored = [], 0
        return others


def _part(source: OpenedSource, read: PartRead, *, last: bool) -> FilePart:
    place = Offset() if source.compressed else source.resume_at
    return FilePart(
        source.format,
        read.batch(),
        *read.others(),
        place,
        source.position,
        source.records,
        last,
        notes=tuple(source.notes()) if last else (),
    )


def start_reading(file: BinaryIO, options: Options, begin: Offset, size: int) -> subprocess.Popen[bytes]:
    """Starts a process that reads a file; raises OSError if it cannot be started."""
    line = options.line and struct_tuple(options.line)
    tables = options.columns, options.dates
    arguments = json.dumps(
        [options.time_zone.key, options.origin, line, options.format, *tables, *astuple(begin), size]
    )
    return child_process.start("storage.ingest.batch_reader", arguments, file)


def received_parts(process: subprocess.Popen[bytes], meanwhile: Callable[[], bool]) -> Iterator[FilePart]:
    """Receives the parts that a reading process sends.

    Args:
        process: as `start_reading` started it.
        meanwhile: called while no part has come, until it returns False.

    Raises:
        UnknownFormat: the file has no known format.
        OSError: the file cannot be read.
        ChildProcessError: the process ended before the file did.
    """
    assert process.stdout is not None
    while (data := _receive(process.stdout, meanwhile)) is not None:
        kind, content = data
        if kind == "unknown":
            raise UnknownFormat(content)
        if kind == "broken":
            raise OSError(*content)
        yield _part_of(content)


def _receive(pipe: IO[bytes], meanwhile: Callable[[], bool]) -> tuple[str, Any] | None:
    while not child_process.has_data(pipe) and meanwhile():
        pass
    try:
        data: tuple[str, Any] | None = child_process.receive(pipe)
    except EOFError:
        raise ChildProcessError(None, _("the process that reads the file ended; run the same command again")) from None
    return data


def _tuple_of(part: FilePart) -> tuple[Any, ...]:
    batch = part.batch
    return (
        part.format,
        batch.rows,
        batch.references,
        batch.people,
        [struct_tuple(line) for line in batch.lines],
        [struct_tuple(contact) for contact in batch.contacts],
        batch.names,
        batch.events,
        batch.recipients,
        [struct_tuple(reject) for reject in part.rejects],
        part.ignored,
        astuple(part.place),
        part.position,
        part.records,
        part.last,
        part.notes,
        part.digest and tuple(part.digest),
        part.whole and tuple(part.whole),
    )


def _part_of(content: tuple[Any, ...]) -> FilePart:
    format, rows, references, people, lines, contacts, names, events, recipients = content[:9]
    rejects, ignored, place, position, records, last, notes = content[9:16]
    lines = [LineIds(*line) for line in lines]
    contacts = [ContactIds(*contact) for contact in contacts]
    batch = Batch(rows, references, people, lines, contacts, names, events, recipients)
    digest, whole = (digest and Digest(*digest) for digest in content[16:])
    rejects = [Reject(*reject) for reject in rejects]
    return FilePart(format, batch, rejects, ignored, Offset(*place), position, records, last, digest, whole, notes)


def _main(arguments: str) -> None:
    """The reading process: the file on standard input, its parts on standard output, and None after the last one."""
    child_process.become_helper(10)
    zone, origin, line, format, columns, dates, position, lines, size = json.loads(arguments)
    options = Options(
        ZoneInfo(zone),
        Origin(origin),
        None if line is None else LineIds(*line),
        format,
        tuple((name, meaning) for name, meaning in columns),
        None if dates is None else DateOrder(dates),
    )
    os.lseek(sys.stdin.fileno(), 0, os.SEEK_SET)  # the parent may have left it anywhere
    with open(sys.stdin.fileno(), "rb", closefd=False) as file, open(sys.stdout.fileno(), "wb", closefd=False) as out:
        for data in _answers(file, options, Offset(position, lines), size):
            child_process.send(out, data)


def _answers(file: BinaryIO, options: Options, begin: Offset, size: int) -> Iterator[tuple[str, Any] | None]:
    hashed = IncrementalDigest(file)
    try:
        for part in file_parts(open_source(file, options, begin), size):
            digest = hashed.to(part.place.position)
            yield "part", _tuple_of(replace(part, digest=digest, whole=hashed.to(part.position) if part.last else None))
    except UnknownFormat as error:
        yield "unknown", str(error)
    except OSError as error:
        yield "broken", (error.errno, error.strerror)
    except Exception as error:  # a fault of this program; the writer says what it is, in one line
        yield "broken", (None, " ".join(f"internal error: {type(error).__name__}: {error}".split())[:200])
    yield None


if __name__ == "__main__":
    child_process.run_helper(lambda: _main(sys.argv[1]))
