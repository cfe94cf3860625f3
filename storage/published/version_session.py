"""The session of a published version: the reports of `storage.report` over ClickHouse. Knows no row of the table."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from storage.clickhouse.engine import Engine, EngineError
from storage.domain.dimension import Dimension
from storage.language.texts import _
from storage.published.cell_counts import CellCounts
from storage.published.cells_without_people import MOST_PEOPLE, CellsWithoutPeople
from storage.published.dialect import Kept, VersionConnection
from storage.published.version_counts import VersionCounts
from storage.published.versions import Version, latest
from storage.report.metrics import MetricsSource
from storage.report.selection import Selection
from storage.report.session import Session

Value = TypeVar("Value")


class VersionSession(Session):
    """Reads one version.

    Attributes:
        version: which one.
    """

    def __init__(self, engine: Engine, version: Version) -> None:
        self.version = version
        kept = engine.remembered
        if kept.get("version") != version:
            kept.clear()
            kept["version"] = version
        self._remembered = kept
        rows: Kept = self.remember("rows", dict)
        self.connection: VersionConnection = VersionConnection(engine, version.number, rows)
        self.recount = VersionCounts(self.connection)
        self._cells = CellCounts(self.connection)

    def names(self, statement: str) -> Mapping[int, str]:
        """The names that a statement reads, by id."""
        return self.remember(("names", statement), lambda: dict(self.connection.execute(statement)))

    def remember(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """What was read of this version before on the same connection, or is read now: a version does not change."""
        if key not in self._remembered:
            self._remembered[key] = read()
        found: Value = self._remembered[key]
        return found

    def metrics(self, selection: Selection) -> MetricsSource:
        """The source of a selection's counts: the cells, or the starts where a filter names people."""
        dimensions = selection.dimensions
        if dimensions.needs_recount or len(dimensions.other_contacts) > MOST_PEOPLE:
            return self.recount
        return self._cells if not dimensions.other_contacts else CellsWithoutPeople(self._cells, self.recount)

    def starts_by(self, selection: Selection, dimension: Dimension) -> dict[int, int] | None:
        cells = self._cells_of(selection)
        return None if cells is None else cells.starts_by(selection, dimension)

    def days_of_templates(self, selection: Selection) -> list[tuple[int, ...]] | None:
        """How many starts each template has on each day (`CellCounts.days_of_templates`); None: count the messages."""
        cells = self._cells_of(selection)
        return None if cells is None else cells.days_of_templates(selection)

    def send_groups(self, selection: Selection, users: bool) -> list[tuple[int, ...]] | None:
        cells = self._cells_of(selection)
        return None if cells is None else cells.send_groups(selection, users)

    def _cells_of(self, selection: Selection) -> CellCounts | None:
        """The cells, if they can answer alone."""
        dimensions = selection.dimensions
        return None if dimensions.needs_recount or dimensions.other_contacts else self._cells

    def columns(self, statement: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The result of a statement, column by column."""
        return self.connection.columns(statement, parameters)


def session_of_latest(engine: Engine) -> VersionSession:
    """A session of the latest version; raises EngineError if there is none."""
    version = latest(engine)
    if version is None:
        raise EngineError(_("this ClickHouse database has no report yet; 'saludo push' or 'saludo import' makes one"))
    return VersionSession(engine, version)
