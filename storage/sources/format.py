"""What a format is: one `Format` object says how its files are recognised and how their records are read.

To add a format: write a module that ends with `FORMAT = Format(...)`, and add it to `formats.FORMATS`. Nothing else
names a format. Knows no format in particular.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from storage.domain.events import Event, Item
from storage.domain.log_lines import Sink
from storage.domain.sends import Sends
from storage.sources.opened import Options

if TYPE_CHECKING:  # only tables need it, and it takes long to load
    from storage.sources.column_dates import DateOrders


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader gets besides the records.

    Attributes:
        options: How the caller wants the file read.
        keyless_key: Matches every key that `fields.keyless_key` makes, in any format.
        sample: The first rows below the header of a table, while it is recognised and read.
        dates: The order of day and month in the columns of a table; None while it is only recognised.
    """

    options: Options
    keyless_key: re.Pattern[str]
    sample: Sequence[Sequence[str]] = ()
    dates: DateOrders | None = None


class RowReader(ABC):
    """Reads the rows of one table, whose header it was made for."""

    @abstractmethod
    def item(self, cells: Sequence[str]) -> Item:
        """Reads one row.

        Args:
            cells: As many cells as the header has.

        Raises:
            Unreadable: The row becomes a reject with this reason.
        """

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, Sequence[int]]:
        """Reads many rows at once, as far as they are of the usual kinds. It must give what `item` gives.

        Args:
            rows: Each of as many cells as the header has.

        Returns:
            Sends of usual rows, and the indices of the other rows, which `item` has to read.
        """
        return None, range(len(rows))

    def understood(self) -> Mapping[int, str]:
        """What each column means that is understood, by its place; for a person."""
        return {}

    def notes(self) -> Sequence[str]:
        """What a person should know about the rows that were read, one line each."""
        return ()

    def is_description(self, cells: Sequence[str]) -> bool:
        """Whether the first row below the header describes the columns and is no record."""
        return False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Reads a format's most common line without looking for the end of an object or for its format.

    Attributes:
        line_start: The bytes that such lines start with. The first shortcut whose bytes match is the only one tried.
        into: Gives a function that puts what such a line says into a sink, and returns whether the line is of the
            common shape. It puts nothing where it is not.
    """

    line_start: bytes
    into: Callable[[Sink], Callable[[bytes], bool]]


def adding(read: Callable[[bytes], Event | None]) -> Callable[[Sink], Callable[[bytes], bool]]:
    """`Shortcut.into` of a function that gives the one event of a line; None where the line is of another shape."""

    def into(sink: Sink) -> Callable[[bytes], bool]:
        add = sink.add

        def take(line: bytes) -> bool:
            if (event := read(line)) is None:
                return False
            add(event)
            return True

        return take

    return into


class JsonReader(ABC):
    """Reads the JSON objects of one format.

    `items` is the rule. `shortcut` and `direct_items` only save time and must give what `items` gives: a test compares
    them. What is around a record is not its concern: `unwrapping` finds the objects.

    Attributes:
        word: A word that a text has only if it is meant as a record of this format, whatever its escapes: such a text
            that cannot be read is a reject. None where there is none.
        hints: More bytes that make it worth looking for records of this format.
        signs: Bytes of which every text with a record of this format has at least one.
        tolerant: Whether it takes objects that only look like its records, so that exact readers go first.
    """

    word: ClassVar[bytes | None] = None
    hints: ClassVar[tuple[bytes, ...]] = ()
    signs: ClassVar[tuple[bytes, ...]] = (b"",)
    tolerant: ClassVar[bool] = False

    @abstractmethod
    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """Reads one JSON object.

        Args:
            value: The decoded object.
            text: What it was decoded from, for rejects.
            where: Its place in the file, for rejects.

        Returns:
            Its items; None where the value is not of this format.
        """

    def looks_like(self, sample: bytes) -> bool:
        """Whether a sample is of this format although no object in it can be read, as in a file of one long object."""
        return False

    def direct_items(self, text: bytes, where: str) -> list[Item] | None:
        """The items of a JSON text, decoded straight into the format's types; None where it does not fit them."""
        return None

    def shortcut(self) -> Shortcut | None:
        """How to read the most common line, where that is worth it."""
        return None


@dataclass(frozen=True, slots=True)
class Format:
    """One format of files.

    Attributes:
        name: What `--format` and the journal of imports call it.
        description: What it is, in a few words for the help.
        table: Makes the reader of the rows below a header; gives None for a header of another format. None where the
            format has no tables.
        refusal: Says what a header lacks to be of this format, and which of its columns are understood; None where
            the format has no tables with columns of any name.
        json: Makes the reader of JSON objects. None where the format has no JSON.
        keyless: Whether its records may lack a message key and get one from `fields.keyless_key`.
    """

    name: str
    description: str
    table: Callable[[Sequence[str], Context], RowReader | None] | None = None
    refusal: Callable[[Sequence[str], Context], str | None] | None = None
    json: Callable[[Context], JsonReader] | None = None
    keyless: bool = False
