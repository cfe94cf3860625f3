"""Shows what other processes import: checks once a second whether the database or the day has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from tui.data.reading import Stamp
from tui.screens.navigation import Navigation

INTERVAL = 1.0  # seconds


class LiveUpdates:
    """Reads the present view again when it is out of date, unless paused.

    Args:
        navigation: reads the view.
        stamp: returns a value that differs whenever the database has changed.
        clock: gives the current time: periods such as `today` change at midnight.
    """

    def __init__(
        self, navigation: Navigation, stamp: Callable[[], Awaitable[Stamp | None]], clock: Callable[[], datetime]
    ) -> None:
        self._navigation, self._stamp, self._clock = navigation, stamp, clock
        self.paused = False

    def toggle(self) -> None:
        """Pauses or resumes."""
        self.paused = not self.paused

    async def check(self) -> None:
        """Reads the view again if the database changed or a new day began; called every `INTERVAL`."""
        if self._navigation.is_reading or self.paused:
            return
        stamp = await self._stamp()
        snapshot = self._navigation.snapshot
        day_began = snapshot is not None and snapshot.day_of(self._clock()) != snapshot.today
        if stamp != self._navigation.stamp or day_began:
            self._navigation.reload()
