"""What is read once at one moment of a database, of whichever engine: its settings and its calendar.

The reports are written for a Session, so that each number has one definition: `read_session.py` is SQLite's, with the
cube, and `storage/published` has ClickHouse's. Knows no number and no engine.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from storage.database.queries import Queries
from storage.database.settings import Settings, load_settings
from storage.domain.calendar import Calendar, calendar_of
from storage.domain.dimension import Dimension
from storage.domain.filters import Filter
from storage.report.metrics import MetricsSource
from storage.report.recount import Recount
from storage.report.selection import Selection, select


class Session:
    """A connection that reads one moment.

    Attributes:
        connection: runs the statements that every engine understands.
        recount: counts from the messages: the plain rule.
    """

    connection: Queries
    recount: Recount

    @cached_property
    def settings(self) -> Settings:
        """The settings of the database."""
        return load_settings(self.connection)

    @cached_property
    def calendar(self) -> Calendar:
        """The local days and weeks of the report."""
        return calendar_of(self.settings.zone, self.settings.first_weekday)

    def select(self, filter: Filter, now: datetime) -> Selection:
        """What the filter selects at the time `now`, which decides rolling periods."""
        return select(self.connection, self.calendar, filter, now)

    def metrics(self, selection: Selection) -> MetricsSource:
        """The source of a selection's counts."""
        return self.recount

    def starts_by(self, selection: Selection, dimension: Dimension) -> dict[int, int] | None:
        """How many starts each line or template has, by its id; None: count the messages, or read the cube."""
        return None

    def send_groups(self, selection: Selection, users: bool) -> list[tuple[int, ...]] | None:
        """The sends by day, template and line; None: count the messages, or read the cube.

        Args:
            users: whether to count distinct contacts, which takes longest; otherwise they are 0.

        Returns:
            Rows of day, template, line, sends, failed, delivered or further, read or further, answered, and users.
        """
        return None
