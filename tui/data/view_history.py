"""Back and forward: the views before and after the present one, each with its scroll position. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from storage.domain.filters import Filter
from tui.data.pager import ScrollPosition
from tui.data.reading import View

_MAX_ENTRIES = 200
_MAX_BREADCRUMBS = 4  # the status line has no room for more
_TOP = ScrollPosition()


class HistoryEntry(NamedTuple):
    """A view, and what the user had selected in it.

    Attributes:
        view: the view.
        position: the scroll position of the table.
        focus: the id of the widget that had the focus.
        item: the item under the cursor, if that was a panel.
    """

    view: View
    position: ScrollPosition = _TOP
    focus: str = "starts"
    item: int = 0


@dataclass(slots=True)
class History:
    """The previous views and, after going back, the next ones."""

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

    def recent_filters(self) -> list[Filter]:
        """The filters of the last few previous views, the oldest first."""
        return [entry.view.filter for entry in self._before[-_MAX_BREADCRUMBS:]]

    def push(self, entry: HistoryEntry) -> None:
        """Adds the present view before going to a new one; the next views are forgotten."""
        self._before.append(entry)
        del self._before[:-_MAX_ENTRIES]
        self._after.clear()

    def back(self, entry: HistoryEntry) -> HistoryEntry | None:
        """Goes back.

        Args:
            entry: the present view.

        Returns:
            The previous view; None if there is none.
        """
        if not self._before:
            return None
        self._after.append(entry)
        return self._before.pop()

    def forward(self, entry: HistoryEntry) -> HistoryEntry | None:
        """Goes forward; arguments and result as in `back`."""
        if not self._after:
            return None
        self._before.append(entry)
        return self._after.pop()
