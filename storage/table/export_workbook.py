"""Writes an export as a workbook (.xlsx) with XlsxWriter, row by row, in flat memory. Knows no row and no path.

A spreadsheet guesses what a cell of a TSV is, and guesses wrong: it rounds long ids, drops leading zeros and swaps days
and months. A cell of a workbook says what it is. XlsxWriter is an optional part of saludo and is loaded only here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple

from storage.database.complete_file import scratch_directory
from storage.domain.calendar import QUARTER, Calendar
from storage.domain.filters import Filter
from storage.language.texts import _
from storage.report.session import Session
from storage.table.export import ExportError
from storage.table.export_cells import Export, Kind, formats_of, one_line

ROWS_OF_A_SHEET = 1_048_575  # a sheet has 1,048,576 rows, and the first one is the header
_MOST_CHARACTERS = 32_767  # of a cell, as Excel counts: in UTF-16
_MOST_TEXT_FORMATTED = 255  # Excel shows longer texts as ##### if their cells are formatted as text
_FIRST_DAY = 25_569  # 1970-01-01 in days of a workbook
_DAY = 86_400_000  # ms
_LONGEST_TITLE = 255  # characters, of a property of the file
_TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
_LEAST_WIDTH, _MOST_WIDTH = 8, 44  # characters
_WIDTH_OF_TIME, _WIDTH_OF_FILTER_BUTTON = 19, 3


class Written(NamedTuple):
    """What was written.

    Attributes:
        rows: how many rows.
        cut: how many values were longer than a cell may be.
    """

    rows: int
    cut: int


def load_xlsxwriter() -> ModuleType:
    """The library that writes workbooks; raises ExportError, which says how to install it."""
    try:
        import xlsxwriter
    except ImportError:
        raise ExportError(_("a workbook needs XlsxWriter: install it with pip install 'saludo[xlsx]'")) from None
    module: ModuleType = xlsxwriter
    return module


def write_workbook(
    session: Session,
    filter: Filter,
    now: datetime,
    out: BinaryIO,
    *,
    export: Export,
    language: str,
    directory: Path,
    progress: Callable[[int], None],
) -> Written:
    """Writes the rows of a filter as a workbook.

    Args:
        language: of the header and the names of the sheets, such as `es`.
        export: the rows and their columns.
        directory: where the rows are kept until the workbook is complete; nothing stays there.
        progress: called after each chunk with the number of rows written so far.

    Raises:
        ExportError: XlsxWriter is not installed.
        OSError: the file cannot be written.
    """
    library = load_xlsxwriter()
    file = _File(out)
    shorten = _Shortening()
    formats = formats_of(session, shorten, _day_numbers(session.calendar))
    count = 0
    with file, scratch_directory(directory) as scratch:
        options = {
            "constant_memory": True,
            "tmpdir": str(scratch),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        workbook = library.Workbook(file, options)
        workbook.use_zip64()  # a sheet of a million rows is more than 2 GB before it is compressed
        title = "".join(sign if sign.isprintable() else " " for sign in str(filter))[:_LONGEST_TITLE]
        zone = f"Times are in the time zone {session.settings.zone.key}."
        workbook.set_properties({"title": title, "comments": zone, "created": now})
        sheets = _Sheets(workbook, export, language, shorten)
        with _closing_rows(workbook):
            for cells in export.chunks(session, filter, now, formats):
                count += sheets.add(cells)
                progress(count)
            sheets.finish()
            try:
                workbook.close()
            except library.exceptions.FileCreateError as error:
                raise error.args[0] from None  # the OSError that it stands for
    return Written(count, shorten.count)


@contextmanager
def _closing_rows(workbook: Any) -> Iterator[None]:
    """After an error, closes the files in which the library keeps rows: Python 3.13 prints it if that fails later."""
    try:
        yield
    except BaseException:
        for sheet in workbook.worksheets():
            for file in (sheet.row_data_fh, sheet.fh):  # its rows, and the part of the workbook that they go into
                with suppress(OSError):
                    file.close()
        raise


class _File:
    """The file of a workbook as the library sees it; after the block it accepts everything and writes nothing.

    After an error the library's archive is completed when it is collected as garbage. The file is closed by then, and
    the error of that would be printed.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out: BinaryIO = out

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._out = io.BytesIO()

    def write(self, data: bytes) -> int:
        """Writes bytes."""
        return self._out.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to a place."""
        return self._out.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._out.tell()

    def flush(self) -> None:
        """Flushes."""
        self._out.flush()


class _Sheets:
    """The sheets of a workbook: a new one begins when one is full."""

    def __init__(self, workbook: Any, export: Export, language: str, shorten: _Shortening) -> None:
        self._workbook, self._shorten = workbook, shorten
        self._columns, self._header, self._name = export.columns, export.header(language), export.name_in(language)
        self._bold = workbook.add_format({"bold": True})
        self._text_format = workbook.add_format({"num_format": "@"})  # a text that is edited stays a text
        self._time_format = workbook.add_format({"num_format": _TIME_FORMAT})
        self._widths = [len(name) + _WIDTH_OF_FILTER_BUTTON for name in self._header]
        self._sheet: Any = None
        self._sheets = self._row = 0

    def add(self, cells: list[Sequence[Any]]) -> int:
        """Adds rows, given column by column; returns how many."""
        if self._sheet is None:
            self._measure(cells)
            self._begin()
        writers = self._writers()
        rows = 0
        for row in zip(*cells, strict=True):
            if self._row == ROWS_OF_A_SHEET:
                self.finish()
                self._begin()
                writers = self._writers()
            self._row += 1
            rows += 1
            for column, (cell, write) in enumerate(zip(row, writers, strict=True)):
                if cell != "":
                    write(self._row, column, cell)
        return rows

    def finish(self) -> None:
        """Ends the sheet; one without rows has its header all the same."""
        if self._sheet is None:
            self._begin()
        self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _begin(self) -> None:
        self._sheets += 1
        self._row = 0
        self._sheet = self._workbook.add_worksheet(self._name if self._sheets == 1 else f"{self._name} {self._sheets}")
        formats = {Kind.TEXT: self._text_format, Kind.TIME: self._time_format}
        for index, (column, width) in enumerate(zip(self._columns, self._widths, strict=True)):
            self._sheet.set_column(index, index, min(max(width, _LEAST_WIDTH), _MOST_WIDTH), formats.get(column.kind))
        self._sheet.freeze_panes(1, 0)
        for index, name in enumerate(self._header):
            self._sheet.write_string(0, index, name, self._bold)

    def _measure(self, cells: list[Sequence[Any]]) -> None:
        """Makes the columns as wide as the first rows need."""
        for index, (column, values) in enumerate(zip(self._columns, cells, strict=True)):
            longest = _WIDTH_OF_TIME if column.kind is Kind.TIME else max(map(len, values), default=0)
            self._widths[index] = max(self._widths[index], longest + 1)

    def _writers(self) -> list[Callable[[int, int, Any], object]]:
        """For each column, what writes its cells into the sheet."""
        sheet, time_format, text_format, shorten = self._sheet, self._time_format, self._text_format, self._shorten

        def write_text(row: int, column: int, cell: str) -> None:
            if cell[0] == "<":
                cell = shorten.as_plain(cell)
            sheet.write_string(row, column, cell, text_format if len(cell) <= _MOST_TEXT_FORMATTED else None)

        kinds: dict[Kind, Callable[[int, int, Any], object]] = {
            Kind.TEXT: write_text,
            Kind.TIME: lambda row, column, cell: sheet.write_number(row, column, cell, time_format),
            Kind.FLAG: lambda row, column, cell: sheet.write_boolean(row, column, cell == "true"),
            Kind.NUMBER: lambda row, column, cell: sheet.write_number(row, column, int(cell)),
        }
        return [kinds[column.kind] for column in self._columns]


class _Shortening:
    """Makes texts that a cell can hold, and counts those that had to be cut."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, value: str) -> str:
        """The value as one line of at most 32,767 characters."""
        if not value.isprintable() or value[-1:] == " " or value[:1] == " ":
            value = one_line(value).encode("utf-8", "replace").decode()
        if len(value) <= _MOST_CHARACTERS // 2:
            return value
        in_utf16 = value.encode("utf-16-le")
        if len(in_utf16) <= 2 * _MOST_CHARACTERS:
            return value
        self.count += 1
        return in_utf16[: 2 * _MOST_CHARACTERS].decode("utf-16-le", "ignore")  # half a character is left out

    def as_plain(self, cell: str) -> str:
        """The cell such that XlsxWriter shows it as it is.

        In flat memory it takes a text from `<r>` to `</r>` for markup and writes it unchanged, which could damage the
        file or carry anything. Such a text is given as markup that shows it.
        """
        if not (cell.startswith("<r>") and cell.endswith("</r>")):
            return cell
        escaped = cell.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        markup = f'<r><t xml:space="preserve">{escaped}</t></r>'
        if len(markup.encode("utf-16-le")) <= 2 * _MOST_CHARACTERS:
            return markup
        self.count += 1
        return cell[:-1]


def _day_numbers(calendar: Calendar) -> Callable[[int], float]:
    """A function that makes the number of a workbook's local date and time of a time in ms.

    Workbooks know no time zone. The offset is looked up once for each quarter of an hour (calendar.QUARTER).
    """
    offsets: dict[int, int] = {}

    def day_number(at: int) -> float:
        quarter = at // QUARTER
        offset = offsets.get(quarter)
        if offset is None:
            local = calendar.local(quarter * QUARTER).utcoffset()
            assert local is not None
            offset = offsets[quarter] = round(local.total_seconds() * 1000)
        return (at + offset) / _DAY + _FIRST_DAY

    return day_number
