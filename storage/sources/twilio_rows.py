"""The rows of Twilio's message log, as the console exports it (storage/sources/twilio.py). Knows no JSON."""

from __future__ import annotations

from collections.abc import Sequence

from storage.domain.events import Item
from storage.domain.sends import Sends
from storage.sources.column_names import columns_of, squashed
from storage.sources.format import Context, RowReader
from storage.sources.message_row_parts import CONTENT_COLUMNS, Content
from storage.sources.message_table import MessageRows
from storage.sources.twilio import NAME, PREFIX, REPLY, SMS

_CSV_COLUMNS = frozenset(("sid", "from", "to", "status"))
_OWN_COLUMNS = frozenset(("accountsid", "apiversion", "numsegments", "messagingservicesid"))


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below the header of a message log; None for another header."""
    names = {squashed(name) for name in header}
    if not names >= _CSV_COLUMNS or names.isdisjoint(_OWN_COLUMNS):
        return None
    return LogRows(columns_of(header, context.options.columns), context, NAME)


class LogRows(MessageRows):
    """Reads the rows of a message log."""

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, Sequence[int]]:
        """The usual sends of many rows, and the places of the other rows; SMS are among these."""
        own = [place for place, cells in enumerate(rows) if self._is_of_whatsapp(cells)]
        sends, odd = super().together([rows[place] for place in own])
        return sends, sorted({*range(len(rows))}.difference(own).union(own[place] for place in odd))

    def item(self, cells: Sequence[str]) -> Item:
        """The message of one row; SMS are ignored."""
        return super().item(cells) if self._is_of_whatsapp(cells) else SMS

    def _is_of_whatsapp(self, cells: Sequence[str]) -> bool:
        return any(text.strip().lower().startswith(PREFIX) for text in self.people(cells))

    def content_of(self, cells: tuple[str, ...]) -> Content:
        """What was sent; its type only where it was surely no template."""
        direction = cells[CONTENT_COLUMNS.index("direction")]
        return super().content_of(cells)._replace(kind="text" if direction.strip() == REPLY else None)
