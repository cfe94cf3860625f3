"""Every key of the dashboard, once: the bindings, the key bar and the help are all made of this list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Where(StrEnum):
    """The part of the program that listens to a key."""

    EVERYWHERE = "Everywhere"
    DASHBOARD = "Dashboard"
    PANEL = "Tiles and charts"
    TABLE = "Table of starts"
    DROPDOWN = "Filters at the top"
    LIST = "Open list of a filter"
    FILTER_LINE = "Filter line"
    DETAIL = "One start"
    TEXT = "Reading: help and one start"
    HELP = "Help"


@dataclass(frozen=True, slots=True)
class Key:
    """One action: its keys as Textual names them, how people read them, what it does, and its word in the key bar."""

    keys: str
    shown: str
    action: str
    does: str
    where: Where
    bar: str = ""
    priority: bool = False


KEYS: tuple[Key, ...] = (
    Key("tab", "Tab", "app.focus_next", "go to the next filter or panel", Where.DASHBOARD),
    Key("shift+tab", "Shift+Tab", "app.focus_previous", "go to the one before", Where.DASHBOARD),
    Key(
        "1,2,3,4,5,6,7,8",
        "1 … 8",
        "panel({key})",
        "go to a panel by its number: tiles, answered, status, users, daily, funnel, failures, starts",
        Where.DASHBOARD,
    ),
    Key(
        "enter",
        "Enter",
        "",
        "open what is under the cursor: the starts behind it, or one start",
        Where.DASHBOARD,
        "Open",
    ),
    Key(
        "escape,backspace",
        "Esc",
        "back",
        "go back to the filter before (Backspace does the same)",
        Where.DASHBOARD,
        "Back",
    ),
    Key("left_square_bracket", "[", "back", "go back as well", Where.DASHBOARD),
    Key("right_square_bracket", "]", "forward", "go forward again", Where.DASHBOARD),
    Key("slash", "/", "filter_line", "type a filter", Where.DASHBOARD, "Filter"),
    Key("p,d", "p", "choose('period')", "choose the period", Where.DASHBOARD),
    Key("o", "o", "choose('origin')", "choose what started them", Where.DASHBOARD),
    Key("l", "l", "choose('line')", "choose the line", Where.DASHBOARD),
    Key("t", "t", "choose('template')", "choose the template; type to find it", Where.DASHBOARD),
    Key("u", "u", "choose('user')", "choose new or recurrent users", Where.DASHBOARD),
    Key("less_than_sign", "<", "shift(-1)", "the period before, as long as this one", Where.DASHBOARD),
    Key("greater_than_sign", ">", "shift(1)", "the period after", Where.DASHBOARD),
    Key("x", "x", "clear", "clear every filter", Where.DASHBOARD, "Clear"),
    Key("c", "c", "next_chart", "show the next chart, where the terminal is small", Where.DASHBOARD, "Chart"),
    Key("v", "v", "view", "table: grouped by notification, or one by one", Where.DASHBOARD, "View"),
    Key("f", "f", "funnel", "funnel: this week, or the selected period", Where.DASHBOARD, "Funnel"),
    Key("w", "w", "save", "save the starts of this filter as TSV", Where.DASHBOARD, "Save"),
    Key("r", "r", "refresh", "read the database again", Where.DASHBOARD),
    Key("question_mark,f1", "?", "app.help", "this help", Where.EVERYWHERE, "Help"),
    Key("q", "q", "app.quit", "quit", Where.EVERYWHERE, "Quit"),
    Key("ctrl+c,ctrl+q", "Ctrl+C", "app.quit", "quit, also while typing", Where.EVERYWHERE, priority=True),
    Key(
        "ctrl+z",
        "Ctrl+Z",
        "app.suspend_process",
        "suspend; fg in the shell comes back",
        Where.EVERYWHERE,
        priority=True,
    ),
    Key("ctrl+l", "Ctrl+L", "app.repaint", "draw the screen anew", Where.EVERYWHERE, priority=True),
    Key("left,up,k", "← ↑ k", "move(-1)", "cursor to the part before", Where.PANEL),
    Key("right,down,j", "→ ↓ j", "move(1)", "cursor to the next part", Where.PANEL),
    Key("home,g", "Home g", "move_to(0)", "cursor to the first part", Where.PANEL),
    Key("end,G", "End G", "move_to(-1)", "cursor to the last part", Where.PANEL),
    Key("enter", "Enter", "drill", "show the starts behind it", Where.PANEL),
    Key("up,k", "↑ k", "move(-1)", "row up", Where.TABLE),
    Key("down,j", "↓ j", "move(1)", "row down", Where.TABLE),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "page(-1)", "page up", Where.TABLE),
    Key("pagedown,ctrl+d", "PgDn Ctrl+D", "page(1)", "page down", Where.TABLE),
    Key("home,g", "Home g", "move_to(0)", "newest row", Where.TABLE),
    Key("end,G", "End G", "move_to(-1)", "oldest row", Where.TABLE),
    Key("enter", "Enter", "open", "the starts of this notification, or this start in detail", Where.TABLE),
    Key("enter,space,down", "Enter", "open", "open its list", Where.DROPDOWN),
    Key("left", "←", "app.focus_previous", "the filter before", Where.DROPDOWN),
    Key("right", "→", "app.focus_next", "the next filter", Where.DROPDOWN),
    Key("up", "↑", "move(-1)", "up; typing narrows the list", Where.LIST),
    Key("down", "↓", "move(1)", "down", Where.LIST),
    Key("pageup", "PgUp", "move(-10)", "ten up", Where.LIST),
    Key("pagedown", "PgDn", "move(10)", "ten down", Where.LIST),
    Key("space", "Space", "mark", "mark several: origins, lines and templates", Where.LIST),
    Key("enter", "Enter", "pick", "take it, or what is marked", Where.LIST, "Take"),
    Key("escape,tab,shift+tab", "Esc", "close", "leave it as it was", Where.LIST, "Leave"),
    Key("enter", "Enter", "submit_filter", "apply the filter", Where.FILTER_LINE, "Apply"),
    Key("tab", "Tab", "complete", "complete the word", Where.FILTER_LINE, "Complete"),
    Key("escape,shift+tab", "Esc", "close", "leave it as it was", Where.FILTER_LINE, "Leave"),
    Key(
        "escape,backspace,q,left",
        "Esc",
        "close",
        "back to the table (q and Backspace do the same)",
        Where.DETAIL,
        "Back",
    ),
    Key("n,right_square_bracket", "n", "step(1)", "the next start of the table", Where.DETAIL, "Next"),
    Key("b,left_square_bracket", "b", "step(-1)", "the start before", Where.DETAIL, "Before"),
    Key("enter", "Enter", "contact", "every start of this person", Where.DETAIL, "All of this person"),
    Key("escape,backspace,q,question_mark,f1", "Esc", "close", "close the help", Where.HELP, "Back"),
    Key("up,k", "↑ k", "scroll(-1)", "up", Where.TEXT),
    Key("down,j", "↓ j", "scroll(1)", "down", Where.TEXT, "Scroll"),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "scroll_page(-1)", "page up", Where.TEXT),
    Key("pagedown,space,ctrl+d", "PgDn Space", "scroll_page(1)", "page down", Where.TEXT),
    Key("home,g", "Home g", "scroll_to(0)", "to the top", Where.TEXT),
    Key("end,G", "End G", "scroll_to(-1)", "to the end", Where.TEXT),
)


def bindings(where: Where) -> list[Binding]:
    """The bindings of one part of the program; `{key}` in an action stands for the key that was pressed."""
    return [
        Binding(name, key.action.format(key=name), key.does, tooltip=key.does, show=False, priority=key.priority)
        for key in KEYS
        if key.where is where and key.action
        for name in key.keys.split(",")
    ]


def bar(*wheres: Where) -> list[Key]:
    """The keys that the key bar shows for these parts, in order."""
    return [key for where in wheres for key in KEYS if key.where is where and key.bar]


def sections() -> list[tuple[Where, list[Key]]]:
    """The keys by the part they belong to, for the help."""
    return [(where, [key for key in KEYS if key.where is where]) for where in Where]
