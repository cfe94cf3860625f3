"""The exports of a published version: the columns of `storage.table`, read from ClickHouse. Knows no file.

Each has the columns and the catalogue of its twin in `storage.table`; only where the rows come from differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED
from storage.domain.failures import explain_kind
from storage.domain.filters import Filter
from storage.published.version_retries import VersionRetries
from storage.published.version_session import VersionSession
from storage.report.session import Session
from storage.table import export_people, export_retries, export_starts
from storage.table.export_cells import Export, Formats, cells_of
from storage.table.export_windows import windows_of

_WINDOW = 20_000  # starts of one query
_CHUNK = 2_000  # people
_LAST = ("customer_id", "contact_label", "contact_name", "start_template", "line", "status")
_OF_LAST = (*_LAST, "failure_code", "failure_reason")
_PEOPLE = f"""
SELECT max((m.start_at, m.key, m.origin)) AS last,
       argMax(({", ".join(f"m.{name}" for name in _OF_LAST)}), (m.start_at, m.key, m.origin)),
       count(*), sum(m.origin < {REFERRED_FROM}), sum(m.status = {STATUS_ANSWERED})
FROM messages AS m WHERE {{condition}} AND m.contact IS NOT NULL GROUP BY m.contact ORDER BY last DESC
"""


class VersionStarts(Export):
    """One row a start, newest first: read in windows of time, which lie together."""

    columns = export_starts.StartsExport.columns
    name = export_starts.StartsExport.name
    context = export_starts.StartsExport.context

    def __init__(self, session: VersionSession) -> None:
        self._engine_columns = session.columns

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The starts in chunks of about 20,000."""
        selection = session.select(filter, now)
        columns = ", ".join(f"m.{name}" for name in export_starts.READ)
        for since_at, until_at in windows_of(session.metrics(selection).day_counts(selection), selection, _WINDOW):
            part = selection.at_times(since_at, until_at)
            values = self._engine_columns(
                f"SELECT {columns} FROM messages AS m WHERE {part.condition}"
                " ORDER BY m.start_at DESC, m.key DESC, m.origin DESC",
                part.parameters,
            )
            if values and len(values[0]):
                yield export_starts.cells_of_starts(dict(zip(export_starts.READ, values, strict=True)), formats)


class VersionPeople(Export):
    """One row a contact, newest last start first.

    Attributes:
        without_contact: the starts whose contact is unknown; known after the last chunk.
    """

    columns = export_people.PeopleExport.columns
    name = export_people.PeopleExport.name
    context = export_people.PeopleExport.context

    def __init__(self, counting: Callable[[int], None]) -> None:
        self._counting = counting
        self.without_contact = 0

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The people in chunks of 2,000."""
        selection = session.select(filter, now)
        total, self.without_contact = session.connection.execute(
            f"SELECT count(*), countIf(m.contact IS NULL) FROM messages AS m WHERE {selection.condition}",
            selection.parameters,
        ).fetchone()
        self._counting(total)
        people = session.connection.execute(_PEOPLE.format(condition=selection.condition), selection.parameters)
        while rows := people.fetchmany(_CHUNK):
            yield cells_of(self.columns, formats, _values_of_people(rows))


def _values_of_people(rows: Sequence[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    values: dict[str, Sequence[Any]] = {name: [row[1][index] for row in rows] for index, name in enumerate(_OF_LAST)}
    values["name"] = values["contact_name"]
    values["start_at"] = [row[0][0] for row in rows]
    values |= {name: [row[index] for row in rows] for index, name in ((2, "starts"), (3, "sends"), (4, "answered"))}
    values["retry"] = [
        None if reason is None else explain_kind(reason, code).retry.value
        for reason, code in zip(values["failure_reason"], values["failure_code"], strict=True)
    ]
    return values


class VersionRetryExport(Export):
    """One row a person whom a new try can reach.

    Attributes:
        retries: who is left out; complete after the last chunk.
    """

    columns = export_retries.RetryExport.columns
    name = export_retries.RetryExport.name
    context = export_retries.RetryExport.context

    def __init__(self, counting: Callable[[int], None]) -> None:
        self.retries = VersionRetries(counting)

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The people in chunks of at most 2,000."""
        for found in self.retries.find(session, filter, now):
            if found:
                rows = [self.retries.values_of(one.id) for one in found]
                yield cells_of(self.columns, formats, export_retries.values_of(rows, found))
