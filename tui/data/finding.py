"""Searches the table for a text, in a worker thread: round the end, and with progress. Knows no widget."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from storage.domain.filters import Filter
from storage.stores.opening import store
from storage.table.positions import Cursor

if TYPE_CHECKING:
    from storage.messages.contact_texts import ContactTexts
    from storage.stores.opening import Connection
    from storage.table.search import Match

_PROGRESS_INTERVAL = 0.5  # seconds


class Found(NamedTuple):
    """The result of a search: a match or None, and whether the search went past the end of the table."""

    match: Match | None
    wrapped: bool


def find(
    connection: Connection,
    filter: Filter,
    now: datetime,
    text: str,
    cursor: Cursor | None,
    older: bool,
    progress: Callable[[date | None], None],
    texts: ContactTexts | None = None,
) -> Found:
    """The nearest start beyond the cursor whose contact, name or template contains a text.

    If there is none, the search goes on from the other end of the table.

    Args:
        connection: reads the database.
        filter: selects the starts.
        now: the time that its period refers to.
        text: the text to find.
        cursor: where to begin; None for an end of the table.
        older: search towards older starts, not newer ones.
        progress: called at most twice a second, with the day that the search has reached; None: it reads names first.
        texts: those of the connection; None: none are kept.

    Returns:
        The match, if there is one, and whether it comes after the end of the table.
    """
    next_progress = time.monotonic() + _PROGRESS_INTERVAL

    def report_progress(day: date | None) -> None:
        nonlocal next_progress
        if (moment := time.monotonic()) >= next_progress:
            next_progress = moment + _PROGRESS_INTERVAL
            progress(day)

    with store(connection) as opened:
        match = opened.find(filter, now, text, cursor, older, report_progress, texts)
        if match is not None or cursor is None:
            return Found(match, wrapped=False)
        return Found(opened.find(filter, now, text, None, older, report_progress, texts), wrapped=True)
