"""The lines of a TSV of starts, row by row from fragments: the fast twin of `StartsExport`. Knows no file.

`COLUMNS` of export_starts.py is the plain rule: it makes every cell of every start. Most cells of a start are those of
many others: its flags, names and codes. These are made by the plain rule once, kept as a piece of a line, and put
together with the contact, the times and the key, which each start has of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from storage.database.codes import REFERRED_FROM
from storage.database.queries import Queries
from storage.domain.bounded_cache import BoundedCache
from storage.report.selection import Selection
from storage.table.export_cells import Column, Formats, cells_of
from storage.table.export_starts import COLUMNS, CONTACT, OF_CONTACT, in_order, with_joined
from storage.table.positions import every_start

# What is read of a start. It begins with what starts are sorted by, and the values of a piece stand side by side:
# those of _AFTER_TIMES, then those of _BEFORE_TIMES; `status` belongs to both.
READ = (
    "start_at", "key", "origin", "line", "language", "agent_groups", "failure_code", "status", "channel_id",
    "user_type", "start_template", "error_text", "error_detail", "customer_id", "contact_label", "session_start",
    "delivered_at", "read_at", "answered_at", "id", "marks",
)  # fmt: skip
_OF_AFTER_TIMES = slice(READ.index("origin"), READ.index("status") + 1)
_OF_BEFORE_TIMES = slice(READ.index("status"), READ.index("error_detail") + 1)
_OF_CONTACT_AND_TIMES = slice(READ.index("customer_id"), READ.index("answered_at") + 1)
_SELECTED = ", ".join(OF_CONTACT.get(name, f"m.{name}") for name in READ)
_PIECES_KEPT = 50_000  # some 10 MB

Row = tuple[Any, ...]  # the values of READ


def _between(first: str, last: str) -> tuple[Column, ...]:
    titles = [column.title for column in COLUMNS]
    return COLUMNS[titles.index(first) : titles.index(last) + 1]


_IDS, _LINK = _between("User id", "Contact id/number"), _between("Chat link", "Chat link")
_BEFORE_TIMES, _AFTER_TIMES = _between("Channel id", "Failure detail"), _between("Agent groups", "Error code")


class StartLines:
    """Makes lines of starts; discard it with the read transaction that its formats are of."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._before_times = BoundedCache(self._pieces(_BEFORE_TIMES, READ[_OF_BEFORE_TIMES]), _PIECES_KEPT)
        self._after_times = BoundedCache(self._pieces(_AFTER_TIMES, READ[_OF_AFTER_TIMES]), _PIECES_KEPT)
        contact = ("customer_id", "contact_label")
        self._ids, self._link = self._pieces(_IDS, contact), self._pieces(_LINK, contact)

    def selected(self, connection: Queries, selection: Selection) -> Generator[tuple[bytes, int], None, None]:
        """The lines of a selection, newest first, in blocks of about 2,000: each with how many they are."""
        for rows in in_order(every_start(connection, selection, _SELECTED, CONTACT)):
            yield self.lines(with_joined(connection, rows, READ)).encode("utf-8", "replace"), len(rows)

    def lines(self, rows: Sequence[Row]) -> str:
        """The lines of some starts."""
        before_times, after_times, to_wa_me = self._before_times, self._after_times, not self._formats.chat_link
        text, time = self._formats.text, self._formats.time
        lines: list[str] = []
        for row in rows:
            at, key, origin = row[:3]
            customer_id, label, session, delivered_at, read_at, answered_at = row[_OF_CONTACT_AND_TIMES]
            if customer_id is None and label and to_wa_me and label.isdecimal():  # nothing to escape
                ids, link = f"\t{label}", f"https://wa.me/{label}"
            else:
                ids, link = self._ids((customer_id, label)), self._link((customer_id, label))
            own = time(at)
            session_at = own if session is None else time(session)
            sent_at = "" if origin >= REFERRED_FROM and (session is None or session == at) else own
            delivered = "" if delivered_at is None else time(delivered_at)
            read = "" if read_at is None else time(read_at)
            answered = "" if answered_at is None else time(answered_at)
            lines.append(
                f"{ids}\t{session_at}\t{before_times[row[_OF_BEFORE_TIMES]]}\t{sent_at}\t{delivered}\t{read}\t{answered}"
                f"\t{after_times[row[_OF_AFTER_TIMES]]}\t{link}\t{text(key)}\n"
            )
        return "".join(lines)

    def _pieces(self, columns: Sequence[Column], names: Sequence[str]) -> Callable[[Row], str]:
        """A function that makes the cells of some columns from the values of these names."""
        formats = self._formats

        def piece(values: Row) -> str:
            read = {name: (value,) for name, value in zip(names, values, strict=True)}
            return "\t".join(cell for (cell,) in cells_of(columns, formats, read))

        return piece
