"""The names and ids of all contacts as a few long texts in memory, in which a text is found at once.

Kept from search to search of a connection, as long as the database does not change: a search in the tables looks at
each of a million rows. The plain rule is `contacts_with` of storage/table/search.py. Reads, and writes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

from storage.domain.folding import folded, folded_lines
from storage.domain.patterns import phone_digits

_SPAN = 32_768  # ids of a table in one block: a cancelled search loses so many at most
_MOST_BYTES = 64 << 20  # of all texts: a database with more is searched in its tables
_DIGITS = b"0123456789\n"

# A row is a line of a block. Names have a row each; a contact has a row for each id.
_NAMES, _IDS = "contacts WHERE name IS NOT NULL AND", "contact_ids WHERE"
_COLUMNS = {_NAMES: ("name", "id"), _IDS: ("text", "contact")}


def no_progress() -> None:
    """Tells nobody."""


class _Block(NamedTuple):
    """Texts of the rows of a table with the ids [first, end).

    Attributes:
        texts: UTF-8, a line each.
        digits_only: whether the texts have no sign but digits.
    """

    rows: str
    first: int
    end: int
    texts: bytes
    digits_only: bool


class ContactTexts:
    """The texts of one connection's contacts; read block by block when first needed."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._version = 0
        self._blocks: dict[str, list[_Block]] = {}
        self._ends: dict[str, int] = {}
        self._bytes = 0

    def contacts_with(
        self, connection: sqlite3.Connection, text: str, progress: Callable[[], None] = no_progress
    ) -> set[int] | None:
        """The contacts whose name contains the text, or one of whose ids does; None: look in the tables.

        Args:
            connection: in a read transaction.
            progress: called again and again while the texts are read.
        """
        if "\n" in text or not self._complete(connection, progress):
            return None
        found: set[int] = set()
        wanted = {_NAMES: {folded(text)}, _IDS: {text, phone_digits(text)}}
        for rows, forms in wanted.items():
            for form in forms:
                sought = form.encode().lower()  # only letters of ASCII, as LIKE does
                for block in self._blocks[rows]:
                    if not block.digits_only or sought.isdigit() or not sought:
                        found.update(_contacts_with(connection, block, sought))
        return found

    def _complete(self, connection: sqlite3.Connection, progress: Callable[[], None]) -> bool:
        """Reads what is missing; False if it would be too much."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if connection is not self._connection or version != self._version:
            self._connection, self._version, self._bytes = connection, version, 0
            self._blocks = {_NAMES: [], _IDS: []}
            tables = {_NAMES: "contacts", _IDS: "contact_ids"}
            for rows, table in tables.items():
                (self._ends[rows],) = connection.execute(f"SELECT ifnull(max(id), 0) + 1 FROM {table}").fetchone()
        for rows, blocks in self._blocks.items():
            first = blocks[-1].end if blocks else 0
            while first < self._ends[rows] and self._bytes <= _MOST_BYTES:
                blocks.append(_block(connection, rows, first))
                self._bytes += len(blocks[-1].texts)
                first = blocks[-1].end
                progress()
        return self._bytes <= _MOST_BYTES


def _block(connection: sqlite3.Connection, rows: str, first: int) -> _Block:
    """The next rows from an id on."""
    text, _ = _COLUMNS[rows]
    end = first + _SPAN
    statement = f"SELECT group_concat({{}}, char(10)), count(*) FROM {rows} id >= ? AND id < ?"
    joined, count = connection.execute(statement.format(text), (first, end)).fetchone()
    if count and joined.count("\n") != count - 1:  # a text has several lines
        (joined, _) = connection.execute(statement.format(f"replace({text}, char(10), ' ')"), (first, end)).fetchone()
    texts = folded_lines(joined or "").encode() if rows == _NAMES else (joined or "").encode().lower()
    return _Block(rows, first, end, texts, not texts.translate(None, _DIGITS))


def _contacts_with(connection: sqlite3.Connection, block: _Block, wanted: bytes) -> list[int]:
    """The contacts of the lines that contain some bytes."""
    lines = list(_lines_with(block.texts, wanted))
    if not lines:
        return []
    _, contact = _COLUMNS[block.rows]
    (ids,) = connection.execute(
        f"SELECT json_group_array({contact}) FROM {block.rows} id >= ? AND id < ?", (block.first, block.end)
    ).fetchone()
    contacts: list[int] = json.loads(ids)
    return [contacts[line] for line in lines] if contacts else []


def _lines_with(texts: bytes, wanted: bytes) -> Iterator[int]:
    """The numbers of the lines that contain some bytes."""
    line = start = 0
    place = texts.find(wanted)
    while place >= 0:
        line += texts.count(b"\n", start, place)
        yield line
        start = texts.find(b"\n", place) + 1
        if not start:
            return
        line += 1
        place = texts.find(wanted, start)
