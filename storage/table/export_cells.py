"""How an export makes cells of values: texts, times in the report's zone, names. Knows no row, no file and no format.

An export is a table of columns with two headers. `export.py` writes it as TSV, `export_workbook.py` as a workbook; each
brings the formats of its own cells.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, NamedTuple

from storage.domain.calendar import QUARTER, Calendar
from storage.domain.filters import Filter
from storage.language.catalogue import catalogue
from storage.report.session import Session
from storage.sources.formula_guard import MAY_NEED_GUARD, guarded
from storage.table.start_record import chat_link

# C0 (tabs and line ends too), DEL, C1 and the Unicode line separators: a run of them becomes one space.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_QUARTERS_KEPT = 200_000


class Kind(Enum):
    """What the cells of a column are, for files that tell a number from a text."""

    TEXT = "text"  # numbers of phones and ids too: they have leading zeros, and more digits than a number keeps
    FLAG = "flag"
    TIME = "time"
    NUMBER = "number"


class Formats(NamedTuple):
    """What the cells of one export are formatted with.

    Attributes:
        text: makes a cell of a text.
        time: makes a cell of a time in ms.
        templates: the cell of each template, by id.
        lines: the cell of each line, by id.
        chat_link: the setting `chat_link`.
    """

    text: Callable[[str], str]
    time: Callable[[int], Any]
    templates: Mapping[int | None, str]
    lines: Mapping[int | None, str]
    chat_link: str


def file_text(text: str) -> str:
    """Marks an English text of a file, as the name of a sheet, for the catalogues: with the module as its context."""
    return text


class Column(NamedTuple):
    """One column of an export.

    Attributes:
        title: its header in English; the catalogues have the others, with the name of the export's module as context.
        reads: the names of the values that its cells are made of.
        cells: makes the cells of a chunk, from the formats and, for each name in `reads`, a list of values. A cell is a
            text, but a time is what the formats make of it; flags are "true" and "false", numbers are digits.
        kind: what the cells are.
    """

    title: str
    reads: tuple[str, ...]
    cells: Callable[..., Sequence[Any]]
    kind: Kind = Kind.TEXT


class Export(ABC):
    """A table that can be written to a file."""

    columns: ClassVar[tuple[Column, ...]]
    name: ClassVar[str]  # of the table, in English
    context: ClassVar[str]  # of the headers in the catalogues: the module that defines the columns

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "context"):
            cls.context = cls.__module__.rpartition(".")[2]

    @abstractmethod
    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The rows in chunks: for each column the cells of the same rows."""

    @classmethod
    def header(cls, language: str) -> tuple[str, ...]:
        """The header in a language of the program, which need not be that of the process."""
        return tuple(cls._in(language, column.title) for column in cls.columns)

    @classmethod
    def name_in(cls, language: str) -> str:
        """The name of the table in a language of the program."""
        return cls._in(language, cls.name)

    @classmethod
    def _in(cls, language: str, text: str) -> str:
        return catalogue(language).pgettext(cls.context, text)


def formats_of(session: Session, text: Callable[[str], str], time: Callable[[int], Any]) -> Formats:
    """The formats of an export whose cells of texts and times are made by these functions."""

    def names(statement: str) -> Mapping[int | None, str]:
        return {None: "", **{id: text(name) for id, name in session.connection.execute(statement)}}

    return Formats(
        text=text,
        time=time,
        templates=names("SELECT id, name FROM templates"),
        lines=names("SELECT id, value FROM lines"),
        chat_link=session.settings.chat_link,
    )


def cells_of(columns: Sequence[Column], formats: Formats, values: Mapping[str, Sequence[Any]]) -> list[Sequence[Any]]:
    """The cells of a chunk, column by column: faster than one call per row."""
    return [column.cells(formats, *(values[name] for name in column.reads)) for column in columns]


def texts(formats: Formats, values: Sequence[str | None]) -> list[str]:
    """The cells of texts."""
    text = formats.text
    return [text(value) if value else "" for value in values]


def times(formats: Formats, times: Sequence[int | None]) -> list[Any]:
    """The cells of times."""
    time = formats.time
    return ["" if at is None else time(at) for at in times]


def numbers(_: Formats, values: Sequence[int | None]) -> list[str]:
    """The cells of whole numbers."""
    return ["" if value is None else str(value) for value in values]


def words(words: Sequence[str]) -> Callable[[Formats, Sequence[int]], list[str]]:
    """Makes the cells of words that the database stores as their position."""
    return lambda _, values: list(map(words.__getitem__, values))


def contact_labels(formats: Formats, ids: Sequence[str | None], labels: Sequence[str | None]) -> list[str]:
    """The number, else the user id; empty where the customer id names the contact and has a column of its own."""
    text = formats.text
    return [
        text(label) if label and label != customer_id else "" for customer_id, label in zip(ids, labels, strict=True)
    ]


def template_names(formats: Formats, ids: Sequence[int | None]) -> list[str]:
    """The cells of templates."""
    return [formats.templates[id] for id in ids]


def line_names(formats: Formats, ids: Sequence[int | None]) -> list[str]:
    """The cells of lines."""
    return [formats.lines[id] for id in ids]


def chat_links(formats: Formats, ids: Sequence[str | None], labels: Sequence[str | None]) -> list[str]:
    """The links to the chats."""
    pattern, text = formats.chat_link, formats.text
    return [
        f"https://wa.me/{label}"  # the usual contact: nothing to look up and nothing to escape
        if customer_id is None and label and not pattern and label.isdecimal()
        else text(chat_link(one_line(customer_id or "") or None, one_line(label or ""), pattern) or "")
        for customer_id, label in zip(ids, labels, strict=True)
    ]


@cache
def _minutes_and_seconds(first: int) -> list[str]:
    """The minutes and seconds of the quarter of an hour that begins with a minute.

    There are four such lists. A list of its own for each quarter would be 7 KB, 250 MB for a year.
    """
    return [f"{minute:02}:{second:02}" for minute in range(first, first + 15) for second in range(60)]


def iso_times(calendar: Calendar) -> Callable[[int], str]:
    """A function that makes ISO 8601 of a time in ms, with milliseconds where it has any.

    Hour and offset are looked up once for each quarter of an hour: no offset changes within one (calendar.QUARTER).
    """
    quarters: dict[int, tuple[str, list[str], str]] = {}

    def learn(quarter: int) -> tuple[str, list[str], str]:
        """Date and hour with their separators, the minutes and seconds of the quarter, and the offset."""
        if len(quarters) >= _QUARTERS_KEPT:
            quarters.clear()
        local = calendar.local(quarter * QUARTER)
        text = local.isoformat(timespec="seconds")
        known = quarters[quarter] = text[:14], _minutes_and_seconds(local.minute), text[19:]
        return known

    def time(at: int) -> str:
        quarter, rest = divmod(at, QUARTER)
        try:
            hour, seconds, offset = quarters[quarter]
        except KeyError:
            hour, seconds, offset = learn(quarter)
        second, milliseconds = divmod(rest, 1000)
        if milliseconds:
            return f"{hour}{seconds[second]}.{milliseconds:03}{offset}"
        return f"{hour}{seconds[second]}{offset}"

    return time


def tsv_cell(value: str) -> str:
    """A value that stays one cell, and that neither a spreadsheet nor a reader of CSV takes for more than a text."""
    if value.isprintable() and value[:1] not in MAY_NEED_GUARD and value[-1] != " ":
        return value
    return guarded(one_line(value))


def one_line(value: str) -> str:
    """A value without tabs, line ends and control characters, and without blanks around it: imports strip them.

    A value of control characters alone becomes U+FFFD: an empty cell would mean that nothing is known.
    """
    return _CONTROL.sub(" ", value).strip() or ("\ufffd" if value.strip() else "")
