"""Why a key cannot act just now, in words: for the key bar, the help and the status line. Knows no widget."""

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


NO_DATA = "no data yet: 8 tells how to import, or try saludo demo"
UNREADABLE = "the database could not be read; r tries again"
# What needs data: starts to open, to save, to sort, or to choose from.
_OF_DATA = frozenset(
    "open drill copy copy_all save save_as view find find_next sort reverse choose filter_line shift funnel".split()
)
_NOTHING = "there is nothing under the cursor"
_GROUPED = "the grouped table is sorted by day; v shows the starts one by one"


def why_not(action: str, moment: Moment) -> str:
    """Why the dashboard's action (as its binding names it) cannot act; nothing where it can."""
    name = action.partition("(")[0]
    if moment.no_data and name in _OF_DATA:
        return moment.no_data
    match name:
        case "back" if not moment.way_back and moment.saving is None:
            return "there is nothing to go back to; q quits"
        case "forward" if not moment.way_forward:
            return "there is nothing to go forward to"
        case "clear" if not moment.filtered:
            return "no filter is set"
        case "next_chart" if moment.all_charts:
            return "every chart is on the screen already"
        case "sort" | "reverse" if moment.grouped:
            return _GROUPED
        case "find" | "find_next" if moment.grouped or not moment.by_time:
            return "finding goes through the starts by time: v shows them one by one, s sorts them so"
        case "save" | "save_as" if moment.saving is not None:
            return f"still saving: {moment.saving}; Esc cancels it"
        case "open" | "copy" | "copy_all" if not moment.selectable_count:
            return _NOTHING
        case _:
            return ""
