"""The sends grouped by template, line and day as an export: one row a notification, newest day first. Knows no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from storage.domain.filters import Filter
from storage.report.notifications import groups, groups_by_day
from storage.report.read_session import ReadSession
from storage.table.export_cells import (
    Column,
    Export,
    Formats,
    Kind,
    cells_of,
    line_names,
    numbers,
    template_names,
    texts,
)

_CHUNK = 2_000  # notifications

COLUMNS = (
    Column("Day", "Día", ("day",), texts),
    Column("Template/notification", "Nombre Plantilla/Notificación", ("template",), template_names),
    Column("Line", "Línea", ("line",), line_names),
    Column("Users", "Usuarios", ("users",), numbers, Kind.NUMBER),
    Column("Sends", "Envíos", ("sends",), numbers, Kind.NUMBER),
    Column("Failed", "Fallidos", ("failed",), numbers, Kind.NUMBER),
    Column("Delivered", "Entregados", ("delivered",), numbers, Kind.NUMBER),
    Column("Read", "Leídos", ("read",), numbers, Kind.NUMBER),
    Column("Answered", "Respondidos", ("answered",), numbers, Kind.NUMBER),
)


class NotificationsExport(Export):
    """One row for each template, line and day, in the order of the grouped table."""

    columns = COLUMNS
    names = MappingProxyType({"en": "Notifications", "es": "Notificaciones"})

    def chunks(
        self, session: ReadSession, filter: Filter, now: datetime, formats: Formats
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
