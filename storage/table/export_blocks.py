"""The lines of a TSV, a block at a time. A large export of starts is written by two processes. Knows no file.

The starts are cut into windows of time, newest first. A helper process (`export_helper`) formats every second window
and sends its lines; the process that writes the file formats the others, and takes both in turn. If the helper cannot
be started, or ends, it formats all of them.

Both must read the same moment. Each has a read transaction; the helper's begins first, then this process begins its own
again and asks SQLite whether anybody has committed since before. If so, the helper begins again too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from typing import IO, Any

from storage.database import child_process
from storage.database.connection import file_of
from storage.domain.filters import Filter
from storage.report.metrics import starts_of
from storage.report.read_session import ReadSession
from storage.report.selection import Selection
from storage.report.session import Session
from storage.table.export_cells import Export, Formats, formats_of, iso_times, tsv_cell
from storage.table.export_lines import StartLines
from storage.table.export_starts import StartsExport
from storage.table.export_windows import Window, windows_of

Block = tuple[bytes, int]  # lines, and how many

_WORTH_A_PROCESS = 100_000  # starts; fewer are written before a second process has started
_WINDOW = 1_500  # starts, some 400 KB
_MOST_BEGINNINGS = 10  # tries to begin two transactions without a commit between them


def blocks(session: Session, filter: Filter, now: datetime, export: Export) -> Generator[Block, None, None]:
    """The lines of an export, in order; the session may move to a later moment before the first."""
    if isinstance(export, StartsExport) and isinstance(session, ReadSession) and child_process.cores() > 1:
        with _helper(session, filter, now) as helper:
            if helper is not None:
                yield from _in_turn(session, filter, now, *helper)
                return
    if isinstance(export, StartsExport):
        yield from StartLines(formats_for(session)).selected(session.connection, session.select(filter, now))
    else:
        yield from lines_of(export.chunks(session, filter, now, formats_for(session)))


def formats_for(session: Session) -> Formats:
    """The formats of the cells of a TSV."""
    return formats_of(session, tsv_cell, iso_times(session.calendar))


def lines_of(chunks: Iterable[list[Sequence[Any]]]) -> Generator[Block, None, None]:
    """The lines of chunks of cells, column by column."""
    for cells in chunks:
        lines = list(map("\t".join, zip(*cells, strict=True)))
        yield ("\n".join(lines) + "\n").encode("utf-8", "replace"), len(lines)


@contextmanager
def _helper(session: ReadSession, filter: Filter, now: datetime) -> Iterator[tuple[IO[bytes], list[Window]] | None]:
    """What a helper process sends, and the windows that it shares; None if there is none, or it is not worth it."""
    if _count(session, session.select(filter, now)) < _WORTH_A_PROCESS:
        yield None
        return
    with child_process.running("storage.table.export_helper", str(file_of(session.connection))) as process:
        if process is None:
            yield None
            return
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            windows = _shared(session, filter, now, process.stdin, process.stdout)
        except (EOFError, OSError):
            windows = None
        yield None if windows is None else (process.stdout, windows)


def _shared(
    session: ReadSession, filter: Filter, now: datetime, asked: IO[bytes], answers: IO[bytes]
) -> list[Window] | None:
    """Lets a helper begin at the moment of the session; None if others commit all the time."""
    child_process.send(asked, (str(filter), now.isoformat()))
    for _ in range(_MOST_BEGINNINGS):
        child_process.receive(answers)  # it has begun
        if session.renew():
            selection = session.select(filter, now)
            windows = windows_of(session.metrics(selection).day_counts(selection), selection, _WINDOW)
            child_process.send(asked, windows[1::2])
            return windows
        child_process.send(asked, None)
    return None


def _count(session: ReadSession, selection: Selection) -> int:
    """How many starts are selected; 0 if that takes long to tell."""
    if selection.dimensions.needs_recount or selection.dimensions.by_contact:
        return 0
    return starts_of(session.cube.day_counts(selection))


def _in_turn(
    session: ReadSession,
    filter: Filter,
    now: datetime,
    helper: IO[bytes],
    windows: Sequence[Window],
) -> Generator[Block, None, None]:
    selection = session.select(filter, now)
    lines = StartLines(formats_for(session))
    lost = False
    for number, window in enumerate(windows):
        received = 0
        if number % 2 and not lost:
            try:
                while (block := child_process.receive(helper)) is not None:
                    yield block
                    received += 1
                continue
            except (EOFError, OSError):
                lost = True  # the rest is formatted here
        with closing(lines.selected(session.connection, selection.at_times(*window))) as own:
            yield from islice(own, received, None)
