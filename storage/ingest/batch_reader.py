"""Events merged in memory, in runs that become one transaction each, read here or by a process of its own. Knows no
database.

Reading is two fifths of the work: for a large file on more than one core a second process reads ahead, one batch, and
hashes what it read. It gets the file as its standard input, holds no lock and no connection, and ends when nobody takes
what it gives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from typing import IO, Any, BinaryIO
from zoneinfo import ZoneInfo

from msgspec.structs import astuple as struct_tuple

from storage.database import child_process
from storage.domain.events import ContactIds, Ignored, LineIds, Origin, Reject
from storage.ingest.file_digest import Digest, Hashed
from storage.messages.batch_merger import Batch, Merger
from storage.sources.opened import Offset, OpenedSource, Options, UnknownFormat
from storage.sources.recognition import open_source

_RISE = 3  # the first part is so many times halved; each next one is half as large again


@dataclass(frozen=True, slots=True)
class Part:
    """A batch and all else that was read with it; place: where reading can go on behind it. position: bytes of the
    file taken so far. records: read so far. last: whether that was all.

    digest: of the bytes up to the place; whole: of the last part, of those up to its position. None where they are not
    worked out with the reading.
    """

    format: str
    batch: Batch
    rejects: list[Reject]
    ignored: int
    place: Offset
    position: int
    records: int
    last: bool
    digest: Digest | None = None
    whole: Digest | None = None


def parts(source: OpenedSource, size: int) -> Iterator[Part]:
    """All of a source, in parts of `size` events, the first ones smaller; at least one."""
    # Who takes them need not wait long for the first, and is busy with it while the next is read.
    now = max(1, size >> _RISE)
    merger, rejects, ignored, left = Merger(), list[Reject](), 0, now
    for item in source.items():
        if type(item) is Reject:
            rejects.append(item)
        elif type(item) is Ignored:
            ignored += 1
            continue
        else:
            merger.add(item)
        left -= 1
        if not left:
            yield _part(source, merger, rejects, ignored, last=False)
            now = min(size, now + (now >> 1) + 1)
            merger, rejects, ignored, left = Merger(), [], 0, now
    yield _part(source, merger, rejects, ignored, last=True)


def _part(source: OpenedSource, merger: Merger, rejects: list[Reject], ignored: int, *, last: bool) -> Part:
    place = Offset() if source.compressed else source.resume_at
    return Part(source.format, merger.batch(), rejects, ignored, place, source.position, source.records, last)


def start_reading(file: BinaryIO, options: Options, begin: Offset, size: int) -> subprocess.Popen[bytes]:
    """Starts a process that reads a file; raises OSError where that cannot be."""
    line = options.line and struct_tuple(options.line)
    told = json.dumps([options.time_zone.key, options.origin, line, options.format, *astuple(begin), size])
    return child_process.start("storage.ingest.batch_reader", told, file)


def parts_of(process: subprocess.Popen[bytes], meanwhile: Callable[[], bool]) -> Iterator[Part]:
    """What such a process reads; raises UnknownFormat, OSError, and ChildProcessError where it ended before the file
    did.

    meanwhile: is called again and again while there is nothing, as long as it did something.
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
        raise ChildProcessError(None, "the process that reads the file has ended; run the same command again") from None
    return data


def _tuple_of(part: Part) -> tuple[Any, ...]:
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
        [astuple(reject) for reject in part.rejects],
        part.ignored,
        astuple(part.place),
        part.position,
        part.records,
        part.last,
        part.digest and tuple(part.digest),
        part.whole and tuple(part.whole),
    )


def _part_of(content: tuple[Any, ...]) -> Part:
    format, rows, references, people, lines, contacts, names, events = content[:8]
    rejects, ignored, place, position, records, last = content[8:14]
    lines = [LineIds(*line) for line in lines]
    batch = Batch(rows, references, people, lines, [ContactIds(*contact) for contact in contacts], names, events)
    digests = [digest and Digest(*digest) for digest in content[14:]]
    rejects = [Reject(*reject) for reject in rejects]
    return Part(format, batch, rejects, ignored, Offset(*place), position, records, last, *digests)


def _main(told: str) -> None:
    """The reading process: a file on standard input, its parts on standard output, None behind the last one."""
    child_process.become_helper(10)
    zone, origin, line, format, position, lines, size = json.loads(told)
    options = Options(ZoneInfo(zone), Origin(origin), None if line is None else LineIds(*line), format)
    os.lseek(sys.stdin.fileno(), 0, os.SEEK_SET)  # wherever the process that asked has left it
    with open(sys.stdin.fileno(), "rb", closefd=False) as file, open(sys.stdout.fileno(), "wb", closefd=False) as out:
        for data in _answers(file, options, Offset(position, lines), size):
            child_process.send(out, data)


def _answers(file: BinaryIO, options: Options, begin: Offset, size: int) -> Iterator[tuple[str, Any] | None]:
    hashed = Hashed(file)
    try:
        for part in parts(open_source(file, options, begin), size):
            digest = hashed.to(part.place.position)
            yield "part", _tuple_of(replace(part, digest=digest, whole=hashed.to(part.position) if part.last else None))
    except UnknownFormat as error:
        yield "unknown", str(error)
    except OSError as error:
        yield "broken", (error.errno, error.strerror)
    yield None


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        _main(sys.argv[1])
