"""Why a key is unavailable, for the key bar, the help and the status line. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass

from storage.language.texts import _


@dataclass(frozen=True, slots=True)
class ScreenState:
    """The state of the dashboard that decides which keys are available.

    Attributes:
        can_go_back: whether there is a previous view.
        can_go_forward: whether there is a next view.
        filtered: whether a filter is set.
        grouped: whether the table shows notifications, not single starts.
        by_time: whether the table is sorted by time.
        compared: whether the period is compared with another.
        broken_down: whether the table shows a breakdown.
        marked: how many of its rows are marked.
        all_charts: whether all charts are on the screen.
        saving: the progress of a save; None if there is none.
        selectable_count: how many items the cursor can select in the focused panel or table.
        no_data: why there is no data at all; empty if there is some.
        any_failed: whether a send of the view failed.
    """

    can_go_back: bool
    can_go_forward: bool
    filtered: bool
    grouped: bool
    by_time: bool
    compared: bool
    broken_down: bool
    marked: int
    all_charts: bool
    saving: str | None
    selectable_count: int
    no_data: str = ""
    any_failed: bool = True


NO_DATA = _("no data yet: press 8 to see how to import, or run saludo demo")
UNREADABLE = _("the database cannot be read; press r to try again")
# Actions that need data.
_NEED_DATA = frozenset(
    (
        "open drill copy copy_all save save_as view find find_next sort reverse choose filter_line shift funnel"
        " breakdown compare save_people retry"
    ).split()
)
NOTHING_FAILED = _("no send failed: there is nobody to try again")
NO_COLUMNS = {-1: _("no more columns on the left"), 1: _("no more columns on the right")}
NO_STARTS = _("no starts: the count is 0")
_NO_ITEM = _("no item under the cursor")
_NOTHING_MARKED = _("mark two or more rows of a breakdown (b) with Space first")


def why_not(action: str, state: ScreenState) -> str:
    """Why an action of the dashboard is unavailable; empty if it is available.

    Args:
        action: as its binding names it, such as `find_next(1)`.
        state: the state of the screen.
    """
    name = action.partition("(")[0]
    if state.no_data and name in _NEED_DATA:
        return state.no_data
    match name:
        case "back" if not state.can_go_back and state.saving is None:
            return _("no previous filter; press q to quit")
        case "forward" if not state.can_go_forward:
            return _("no next filter")
        case "clear" if not state.filtered:
            return _("no filter is set")
        case "next_chart" if state.all_charts:
            return _("all charts are on the screen")
        case "versus" if state.marked < 2:
            return _NOTHING_MARKED
        case "find" | "find_next" if not (state.broken_down or state.grouped or state.by_time):
            return _("search needs single starts by time: press v for single starts, s to sort by time")
        case "funnel" if state.compared:
            return _("the funnel is of the compared days; press m until nothing is compared")
        case "retry" if not state.any_failed:
            return NOTHING_FAILED
        case "save" | "save_as" | "save_people" if state.saving is not None:
            return _("still saving {progress}; press Esc to cancel").format(progress=state.saving)
        case "open" | "copy" | "copy_all" if not state.selectable_count:
            return _NO_ITEM
    return ""
