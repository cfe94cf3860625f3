"""The sends grouped by template, line and day as an export: one row a notification, newest day first. Knows no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from storage.domain.filters import Filter
from storage.report.notifications import groups, groups_by_day
from storage.report.session import Session
from storage.table.export_cells import (
    Column,
    Export,
    Formats,
    Kind,
    cells_of,
    file_text,
    line_names,
    numbers,
    template_names,
    texts,
)

_CHUNK = 2_000  # notifications

COLUMNS = (
    Column("Day", ("day",), texts),
    Column("Template/notification", ("template",), template_names),
    Column("Line", ("line",), line_names),
    Column("Users", ("users",), numbers, Kind.NUMBER),
    Column("Sends", ("sends",), numbers, Kind.NUMBER),
    Column("Failed", ("failed",), numbers, Kind.NUMBER),
    Column("Delivered", ("delivered",), numbers, Kind.NUMBER),
    Column("Read", ("read",), numbers, Kind.NUMBER),
    Column("Answered", ("answered",), numbers, Kind.NUMBER),
)


class NotificationsExport(Export):
    """One row for each template, line and day, in the order of the grouped table."""

    columns = COLUMNS
    name = file_text("Notifications")

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The notifications in chunks of 2,000."""
        selection = session.select(filter, now)
        by_day = groups_by_day(session, selection)
        for position in range(0, sum(by_day.values()), _CHUNK):
            found = groups(session, selection, position, _CHUNK, by_day)
            values: dict[str, Sequence[Any]] = {
                name: [getattr(one, name) for one in found]
                for name in ("template", "line", "users", "sends", "failed", "delivered", "read", "answered")
            }
            yield cells_of(COLUMNS, formats, values | {"day": [one.day.isoformat() for one in found]})
