"""Saves what the screen shows to files: starts, people, whom to try again, or the numbers of a panel. Knows no widget.

Runs in worker threads. An existing file is never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from storage.domain.filters import Filter
from storage.language.of_process import FILE_LANGUAGE
from storage.language.texts import _, ngettext
from storage.stores.interface import Content
from storage.stores.opening import store
from tui.data.reading import ReadError
from tui.words.numbers import number

# Modules that only one key needs are imported when it is pressed, so that the first screen comes sooner.
if TYPE_CHECKING:
    from storage.stores.opening import Connection
    from storage.table.export_cells import Export


class Saved(NamedTuple):
    """A file, its rows, how many texts in it had to be cut, and in words how many are in no row; empty for none."""

    path: Path
    rows: int
    cut: int
    left_out: str = ""


def save(
    connection: Connection,
    filter: Filter,
    now: datetime,
    to: Path,
    progress: Callable[[int], None],
    content: Content = Content.STARTS,
) -> Saved:
    """Saves the rows of a filter as TSV, or as a workbook if the file's name ends in .xlsx.

    Args:
        connection: reads the database.
        filter: selects the starts.
        now: the time that its period refers to.
        to: the file, or a directory, in which an unused name is chosen.
        progress: called with the number of rows written so far, or with that of the starts read before the first row.
        content: what the rows are.

    Raises:
        ReadError: the file cannot be written.
    """
    from storage.table.export import ExportError, file_name, write_tsv
    from storage.table.export_file import is_workbook, write_export

    with store(connection) as opened:
        session, export = opened.session, opened.export(content, progress)
        if to.is_dir() or not is_workbook(to):
            rows = 0

            def write(out: BinaryIO) -> int:
                nonlocal rows
                rows = write_tsv(session, filter, now, out, language=FILE_LANGUAGE, export=export, progress=progress)
                return rows

            path = _saved(to, f"{content.prefix}{file_name(filter, now)}", write)
            return Saved(path, rows, 0, _left_out(export))
        try:
            written = write_export(
                session, filter, now, to, export=export, language=FILE_LANGUAGE, replace=False, progress=progress
            )
        except ExportError as error:
            raise ReadError(str(error)) from None
        return Saved(to, written.rows, written.cut, _left_out(export))


def _left_out(export: Export) -> str:
    """In words, how many are in no row; known once all rows are written. The screen of the retries says why."""
    retries = getattr(export, "retries", None)
    if retries is not None and (people := retries.left_out.total()):
        return ngettext("{count} person left out", "{count} people left out", people).format(count=number(people))
    if retries is None and (count := getattr(export, "without_contact", 0)):
        text = ngettext(
            "{count} start of unknown contacts left out", "{count} starts of unknown contacts left out", count
        )
        return text.format(count=number(count))
    return ""


def saved_words(saved: Saved, has_people: bool) -> str:
    """What was saved and where, for the status line; the path is last.

    Args:
        has_people: whether a row is a person.
    """
    parts = [saved.left_out] if saved.left_out else []
    if saved.cut:
        parts.append(
            ngettext("{count} long text cut", "{count} long texts cut", saved.cut).format(count=number(saved.cut))
        )
    text = _("saved {path}")
    if has_people:
        text = ngettext("saved {count} person to {path}", "saved {count} people to {path}", saved.rows)
    return ", ".join([*parts, text.format(count=number(saved.rows), path=saved.path)])


def save_numbers(name: str, filter: Filter, now: datetime, to: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Saves the numbers of a panel as TSV; `name`, `to` and the errors as in `save`, `rows` with their heading."""
    from storage.table.export import file_name
    from storage.table.export_cells import tsv_cell
    from storage.table.export_file import is_workbook

    if is_workbook(to) and not to.is_dir():
        raise ReadError(_("{path}: numbers are saved as TSV; choose a name that ends in .tsv").format(path=to))

    text = "".join("\t".join(tsv_cell(value) for value in row) + "\n" for row in rows).encode("utf-8", "replace")
    return _saved(to, f"{name}-{file_name(filter, now)}", lambda out: out.write(text))


def _saved(to: Path, name: str, write: Callable[[BinaryIO], int]) -> Path:
    from storage.table.export import ExportError, write_file, write_free

    try:
        if to.is_dir():
            return write_free(to, name, write)
        write_file(to, write, replace=False)
    except ExportError as error:
        raise ReadError(str(error)) from None
    return to
