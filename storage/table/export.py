"""Writes the TSV file: a header, then one line for each start. A file appears complete or not at all. Knows no screen.

`storage.sources.botmaker` reads what this writes; docs/formats.md describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from storage.database.complete_file import FileError, complete_file
from storage.domain.errors import StorageError
from storage.domain.filters import Filter
from storage.report.session import Session
from storage.table.export_blocks import blocks
from storage.table.export_cells import Export
from storage.table.export_starts import StartsExport

STARTS = StartsExport()

_NAMES_TRIED = 1_000
Result = TypeVar("Result")


class ExportError(StorageError):
    """The file cannot be written; the message is one line."""


def write_tsv(
    session: Session,
    filter: Filter,
    now: datetime,
    out: BinaryIO,
    *,
    language: str = "en",
    export: Export = STARTS,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes the rows of a filter as TSV; before the first, the session may move to a later moment.

    Args:
        language: of the header, such as `es`.
        export: the rows and their columns.
        progress: called after each chunk with the number of rows written so far.

    Returns:
        The number of rows.
    """
    count = 0
    out.write(("\t".join(export.header(language)) + "\n").encode())
    with closing(blocks(session, filter, now, export)) as found:  # an error here ends the helper process too
        for lines, rows in found:
            out.write(lines)
            count += rows
            if progress is not None:
                progress(count)
    return count


def file_name(filter: Filter, now: datetime) -> str:
    """A file name of the filter and the time, in characters that every file system accepts."""
    text = re.sub(r"[^A-Za-z0-9._+-]+", "-", str(filter)).strip("-.")[:80].rstrip("-.")
    return f"{text}-{now:%Y%m%d-%H%M%S}.tsv"


def write_free(directory: Path, name: str, write: Callable[[BinaryIO], int]) -> Path:
    """Writes a file under a name that is free: with a number appended if the name is taken.

    The file has mode 0600 and appears complete or not at all.

    Returns:
        The path of the file.

    Raises:
        ExportError: the file cannot be written.
    """
    wanted = Path(name)
    for attempt in range(1, _NAMES_TRIED):
        path = directory / (wanted.name if attempt == 1 else f"{wanted.stem}-{attempt}{wanted.suffix}")
        if not path.exists():
            break
    write_file(path, write, replace=False)
    return path


def write_file(path: Path, write: Callable[[BinaryIO], Result], *, replace: bool) -> Result:
    """Writes a file of mode 0600 by way of a temporary file beside it.

    Returns:
        What `write` returns.

    Raises:
        ExportError: the file cannot be written, or exists and `replace` is false.
    """
    try:
        with complete_file(path, replace=replace) as temporary, temporary.open("wb") as out:
            return write(out)
    except FileError as error:
        raise ExportError(str(error)) from None
