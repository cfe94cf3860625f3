"""The people of a filter as an export: one row a contact, with their last start and how many they had. Knows no file.

The starts are read once, newest first: the first one of a contact is their last start. Beside a few numbers a contact,
20 MB for a million contacts, nothing is kept: the rows are read a chunk at a time. docs/definitions.md defines the
cells.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from storage.database.codes import REFERRED_FROM, STATUSES
from storage.database.queries import Queries
from storage.domain.failures import explain_kind
from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus
from storage.report.selection import Selection
from storage.report.session import Session
from storage.table.export_cells import (
    Column,
    Export,
    Formats,
    Kind,
    cells_of,
    contact_labels,
    file_text,
    line_names,
    numbers,
    template_names,
    texts,
    times,
    words,
)
from storage.table.export_starts import in_order
from storage.table.positions import every_start

_CHUNK = 2_000  # contacts
_ANSWERED = STATUSES.index(StartStatus.ANSWERED)

COLUMNS = (
    Column("User id", ("customer_id",), texts),
    Column("Contact id/number", ("customer_id", "contact_label"), contact_labels),
    Column("Name", ("name",), texts),
    Column("Last start", ("start_at",), times, Kind.TIME),
    Column("Template/notification", ("start_template",), template_names),
    Column("Line", ("line",), line_names),
    Column("Status", ("status",), words([status.value for status in STATUSES])),
    Column("Error code", ("failure_code",), numbers, Kind.NUMBER),
    Column("Reason", ("failure_reason",), texts),
    Column("Retry helps", ("retry",), texts),
    Column("Starts", ("starts",), numbers, Kind.NUMBER),
    Column("Sends", ("sends",), numbers, Kind.NUMBER),
    Column("Answered sends", ("answered",), numbers, Kind.NUMBER),
)

_READ = {
    "contact": "m.contact",
    "customer_id": "contacts.customer_id",
    "contact_label": "contacts.label",
    "name": "contacts.name",
    **{
        name: f"m.{name}" for name in ("start_at", "start_template", "line", "status", "failure_code", "failure_reason")
    },
}
_VALUES = {name: itemgetter(index) for index, name in enumerate(_READ)}
_ROWS = f"""
SELECT {", ".join(_READ.values())}
FROM json_each(?) AS wanted
CROSS JOIN messages AS m ON m.id = wanted.value
LEFT JOIN contacts ON contacts.id = m.contact
ORDER BY wanted.key
"""
_COUNTED = "m.start_at, m.key, m.origin, m.id, m.contact, m.status"


class PeopleExport(Export):
    """One row a contact, newest last start first.

    Args:
        counting: called now and then with the number of starts read, before the first row.

    Attributes:
        without_contact: the starts whose contact is unknown, and which are in no row; known after the last chunk.
    """

    columns = COLUMNS
    name = file_text("People")

    def __init__(self, *, counting: Callable[[int], None] = lambda starts: None) -> None:
        self._counting = counting
        self.without_contact = 0

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The people in chunks of 2,000."""
        connection = session.connection
        people = _People(connection)
        people.count(connection, session.select(filter, now), self._counting)
        self.without_contact = people.without_contact
        for first in range(0, len(people.shown), _CHUNK):
            ids = people.shown[first : first + _CHUNK].tolist()
            rows = connection.execute(_ROWS, (json.dumps(ids),)).fetchall()
            yield cells_of(COLUMNS, formats, people.values_of(rows))


class _People:
    """What is counted of each contact; the arrays are by contact id.

    Attributes:
        shown: row ids of the start that each row of the export describes, in order.
        without_contact: the starts of no known contact.
    """

    def __init__(self, connection: Queries) -> None:
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM contacts").fetchone()
        self._starts, self._sends, self._answered = (array("I", bytes(4 * (last + 1))) for _ in range(3))
        self.shown = array("q")
        self.without_contact = 0

    def count(self, connection: Queries, selection: Selection, progress: Callable[[int], None]) -> None:
        """Reads every start of the selection, newest first."""
        starts, sends, answered, shown = self._starts, self._sends, self._answered, self.shown
        total = 0
        for rows in in_order(every_start(connection, selection, _COUNTED)):
            for _, _, origin, id, contact, status in rows:
                if contact is None:
                    self.without_contact += 1
                    continue
                if not starts[contact]:
                    shown.append(id)
                starts[contact] += 1
                if origin < REFERRED_FROM:
                    sends[contact] += 1
                    answered[contact] += status == _ANSWERED
            total += len(rows)
            progress(total)

    def values_of(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
        """The values of the columns, by name, for rows of _ROWS."""
        values: dict[str, Sequence[Any]] = {name: list(map(value, rows)) for name, value in _VALUES.items()}
        values["retry"] = [
            None if reason is None else explain_kind(reason, code).retry.value
            for reason, code in zip(values["failure_reason"], values["failure_code"], strict=True)
        ]
        contacts = values["contact"]
        counts = {"starts": self._starts, "sends": self._sends, "answered": self._answered}
        return values | {name: list(map(counted.__getitem__, contacts)) for name, counted in counts.items()}
