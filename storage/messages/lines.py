"""The lines by their ids: finds, creates and merges them.

Owns the tables `lines` and `line_ids`. Knows nothing of messages, except that each names one id.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from storage.domain.events import LineIds
from storage.messages.identities import Found


class Lines:
    """The lines by their ids. Numbers, identifiers and names share one name space, so an id is a text alone.

    merged: lines whose messages must be derived again, because one was merged into another.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._found: dict[str, Found] = {}
        self._kinds: dict[str, int] = {}
        self._seen: set[LineIds] = set()
        self.merged: set[int] = set()

    def find(self, text: str) -> Found:
        """The line with this id, which must be linked already.

        Raises:
            KeyError: It is not.
        """
        found = self._found.get(text)
        return found if found is not None else self._load(text)

    def _load(self, text: str) -> Found:
        row = self._connection.execute("SELECT id, line, kind FROM line_ids WHERE text = ?", (text,)).fetchone()
        if row is None:
            raise KeyError(text)
        self._kinds[text] = row[2]
        self._found[text] = Found(row[0], row[1])
        return self._found[text]

    def link(self, ids: LineIds) -> None:
        """Makes all ids that a record gives lead to one line: creates it, or merges those that have them."""
        if ids in self._seen:
            return
        self._seen.add(ids)
        given = [(kind, text) for kind, text in enumerate((ids.number, ids.identifier, ids.name)) if text]
        if not given:
            return
        owners = sorted({found.owner for kind, text in given if (found := self._known(text)) is not None})
        line = owners[0] if owners else self._new_line()
        changed = len(owners) > 1
        for owner in owners[1:]:
            self._merge(owner, line)
        for kind, text in given:
            changed |= self._place(kind, text, line)
        if changed:
            self._relabel(line)

    def _known(self, text: str) -> Found | None:
        try:
            return self.find(text)
        except KeyError:
            return None

    def _new_line(self) -> int:
        cursor = self._connection.execute("INSERT INTO lines (label, value) VALUES ('', '')")
        return int(cursor.lastrowid or 0)

    def _merge(self, owner: int, line: int) -> None:
        self._connection.execute("UPDATE line_ids SET line = ? WHERE line = ?", (line, owner))
        self._connection.execute("DELETE FROM lines WHERE id = ?", (owner,))
        self._found = {
            text: Found(found.id, line) if found.owner == owner else found for text, found in self._found.items()
        }
        self.merged |= {owner, line}

    def _place(self, kind: int, text: str, line: int) -> bool:
        """Gives the line an id, or the id a smaller kind. Returns whether anything changed."""
        known = self._known(text)
        if known is None:
            cursor = self._connection.execute(
                "INSERT INTO line_ids (text, kind, line) VALUES (?, ?, ?)", (text, kind, line)
            )
            self._found[text] = Found(int(cursor.lastrowid or 0), line)
            self._kinds[text] = kind
            return True
        if kind < self._kinds[text]:
            self._connection.execute("UPDATE line_ids SET kind = ? WHERE id = ?", (kind, known.id))
            self._kinds[text] = kind
            return True
        return False

    def _relabel(self, line: int) -> None:
        rows = self._connection.execute("SELECT kind, min(text) FROM line_ids WHERE line = ? GROUP BY kind", (line,))
        self._connection.execute(
            "UPDATE lines SET label = ?, value = ? WHERE id = ?", (*label_and_value(dict(rows.fetchall())), line)
        )


def label_and_value(texts: Mapping[int, str]) -> tuple[str, str]:
    """How a line is shown, and how filters and files name it.

    Args:
        texts: the smallest text of each kind (0 number, 1 identifier, 2 name) that the line has; at least one.
    """
    number = "+" + texts[0] if 0 in texts else None
    identifier, name = texts.get(1), texts.get(2)
    return name or number or identifier or "", number or identifier or name or ""
