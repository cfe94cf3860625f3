"""Why a key is unavailable, for the key bar, the help and the status line. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """What decides which keys are available.

    selectable_count: the items that the cursor can stand on in the panel or table in use. no_data: why there is no data
    at all, empty where there is some.
    """

    way_back: bool
    way_forward: bool
    filtered: bool
    grouped: bool
    by_time: bool
    all_charts: bool
    saving: str | None
    selectable_count: int
    no_data: str = ""


NO_DATA = "no data yet: press 8 to see how to import, or run saludo demo"
UNREADABLE = "the database cannot be read; press r to try again"
# Actions that need data.
_OF_DATA = frozenset(
    "open drill copy copy_all save save_as view find find_next sort reverse choose filter_line shift funnel".split()
)
_NOTHING = "no item under the cursor"
_GROUPED = "the table by notification is sorted by day; press v for single starts"


def why_not(action: str, moment: Moment) -> str:
    """Why an action of the dashboard is unavailable; empty if it is available.

    Args:
        action: as its binding names it, such as `find_next(1)`.
        moment: the state of the screen.
    """
    name = action.partition("(")[0]
    if moment.no_data and name in _OF_DATA:
        return moment.no_data
    match name:
        case "back" if not moment.way_back and moment.saving is None:
            return "no previous filter; press q to quit"
        case "forward" if not moment.way_forward:
            return "no next filter"
        case "clear" if not moment.filtered:
            return "no filter is set"
        case "next_chart" if moment.all_charts:
            return "all charts are on the screen"
        case "sort" | "reverse" if moment.grouped:
            return _GROUPED
        case "find" | "find_next" if moment.grouped or not moment.by_time:
            return "search needs single starts by time: press v for single starts, s to sort by time"
        case "save" | "save_as" if moment.saving is not None:
            return f"still saving {moment.saving}; press Esc to cancel"
        case "open" | "copy" | "copy_all" if not moment.selectable_count:
            return _NOTHING
        case _:
            return ""
