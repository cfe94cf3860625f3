"""Writes an export to a file, as TSV or as a workbook: the end of the file's name decides. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from storage.domain.filters import Filter
from storage.report.session import Session
from storage.table.export import write_file, write_tsv
from storage.table.export_cells import Export
from storage.table.export_workbook import Written, load_xlsxwriter, write_workbook


def check_format(path: Path) -> None:
    """Raises ExportError if a file of that name cannot be written because a library is missing."""
    if is_workbook(path):
        load_xlsxwriter()


def is_workbook(path: Path) -> bool:
    """Whether the name stands for a workbook."""
    return path.suffix.lower() == ".xlsx"


def write_export(
    session: Session,
    filter: Filter,
    now: datetime,
    path: Path,
    *,
    export: Export,
    language: str,
    replace: bool,
    progress: Callable[[int], None],
) -> Written:
    """Writes the rows of a filter to a file of mode 0600, which appears complete or not at all.

    Args:
        path: the file; a workbook if its name ends in .xlsx, else TSV.
        export: the rows and their columns.
        language: of the header, such as `es`.
        replace: whether an existing file is replaced.
        progress: called after each chunk with the number of rows written so far.

    Raises:
        ExportError: the file cannot be written, or exists and `replace` is false.
    """
    if is_workbook(path):
        return write_file(
            path,
            lambda out: write_workbook(
                session,
                filter,
                now,
                out,
                export=export,
                language=language,
                directory=path.parent,
                progress=progress,
            ),
            replace=replace,
        )
    rows = write_file(
        path,
        lambda out: write_tsv(session, filter, now, out, export=export, language=language, progress=progress),
        replace=replace,
    )
    return Written(rows, 0)
