"""Where one has been: the views before and after the present one, each with its place in the table. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from storage.domain.filters import Filter
from tui.data.reading import View
from tui.data.worker_messages import ScrollPosition

_KEPT = 200
_SHOWN = 4  # steps of the way that are worth telling
_TOP = ScrollPosition()


class HistoryEntry(NamedTuple):
    """A view and where one stood in it: in the table, and on which part of which panel; `focus` is the id of the widget
    that had the keys."""

    view: View
    place: ScrollPosition = _TOP
    focus: str = "starts"
    part: int = 0


@dataclass(slots=True)
class History:
    """The way here and, after going back, the way on."""

    _before: list[HistoryEntry] = field(default_factory=list)
    _after: list[HistoryEntry] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many steps back there are."""
        return len(self._before)

    @property
    def ahead(self) -> int:
        """How many steps forward there are."""
        return len(self._after)

    def way(self) -> list[Filter]:
        """The filters on the way here, the last few of them."""
        return [stop.view.filter for stop in self._before[-_SHOWN:]]

    def leave(self, stop: HistoryEntry) -> None:
        """Goes on to a new view from this one: there is no way on any more."""
        self._before.append(stop)
        del self._before[:-_KEPT]
        self._after.clear()

    def back(self, stop: HistoryEntry) -> HistoryEntry | None:
        """The view before, None where there is none; `stop` is where one is now."""
        if not self._before:
            return None
        self._after.append(stop)
        return self._before.pop()

    def forward(self, stop: HistoryEntry) -> HistoryEntry | None:
        """The view after, None where there is none."""
        if not self._after:
            return None
        self._before.append(stop)
        return self._after.pop()
