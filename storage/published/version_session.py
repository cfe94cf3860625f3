"""The session of a published version: the reports of `storage.report` over ClickHouse. Knows no row of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storage.clickhouse.engine import Engine, EngineError
from storage.language.texts import _
from storage.published.dialect import VersionConnection
from storage.published.version_counts import VersionCounts
from storage.published.versions import Version, latest
from storage.report.session import Session


class VersionSession(Session):
    """Reads one version.

    Attributes:
        version: which one.
    """

    def __init__(self, engine: Engine, version: Version) -> None:
        self.version = version
        self.connection: VersionConnection = VersionConnection(engine, version.number)
        self.recount = VersionCounts(self.connection)
        self._names: dict[str, dict[int, str]] = {}

    def names(self, statement: str) -> Mapping[int, str]:
        """The names that a statement reads, by id; read once, because a version does not change."""
        if statement not in self._names:
            self._names[statement] = dict(self.connection.execute(statement))
        return self._names[statement]

    def columns(self, statement: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The result of a statement, column by column."""
        return self.connection.columns(statement, parameters)


def session_of_latest(engine: Engine) -> VersionSession:
    """A session of the latest version; raises EngineError if there is none."""
    version = latest(engine)
    if version is None:
        raise EngineError(_("this ClickHouse database has no report yet; 'saludo push' or 'saludo import' makes one"))
    return VersionSession(engine, version)
