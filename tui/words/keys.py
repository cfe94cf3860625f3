"""Every key of the dashboard, once: the bindings, the key bar, the help and the documents are made from this list."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from textual.binding import Binding


class Where(StrEnum):
    """The part of the program that listens to a key."""

    EVERYWHERE = "Everywhere"
    DASHBOARD = "Dashboard"
    PANEL = "Tiles and charts"
    TABLE = "Table of starts"
    DROPDOWN = "Filter bar"
    LIST = "List"
    FILTER_LINE = "Filter line"
    PROMPT = "Text prompt"
    DETAIL = "One start"
    TEXT = "Help and one start: scrolling"
    HELP = "Help"
    VERSUS = "A against B"
    RETRY = "People to try again"


class Key(NamedTuple):
    """One action.

    Attributes:
        keys: its keys as Textual names them, separated by commas.
        shown: its keys as people read them.
        action: the action that Textual calls; empty if the key is only shown.
        does: its description.
        where: the part of the program that listens.
        bar: its word in the key bar; empty if not there.
        priority: works even while a text is typed.
        name: the last part of its id, if the action alone would not be unique.
    """

    keys: str
    shown: str
    action: str
    does: str
    where: Where
    bar: str = ""
    priority: bool = False
    name: str = ""

    @property
    def id(self) -> str:
        """Its name in the settings file, such as `dashboard.save`. It must not change: existing files use it."""
        name, _, argument = self.action.removeprefix("app.").rstrip(")").partition("(")
        words = [name.replace("_", "-"), _ARGUMENT_NAMES.get(argument, argument.strip("'"))]
        return f"{self.where.name.lower().replace('_', '-')}.{self.name or '-'.join(filter(None, words))}"


# The names of the arguments of moves, in ids.
_ARGUMENT_NAMES = {"-1": "back", "1": "on", "0": "first", "-10": "back-ten", "10": "on-ten"}

KEYS: tuple[Key, ...] = (
    Key("tab", "Tab", "app.focus_next", "next filter or panel", Where.DASHBOARD),
    Key("shift+tab", "Shift+Tab", "app.focus_previous", "previous filter or panel", Where.DASHBOARD),
    Key(
        "1,2,3,4,5,6,7,8,9",
        "1 … 8",
        "panel({key})",
        "go to a panel: tiles, answered, status, users, daily, funnel, failures, starts",
        Where.DASHBOARD,
    ),
    Key(
        "enter",
        "Enter",
        "",
        "open the item under the cursor: its starts, or one start",
        Where.DASHBOARD,
        "Open",
    ),
    Key(
        "escape,backspace,left_square_bracket",
        "Esc",
        "back",
        "back to the previous filter (also Backspace and [)",
        Where.DASHBOARD,
        "Back",
    ),
    Key("right_square_bracket", "]", "forward", "forward again", Where.DASHBOARD),
    Key("slash", "/", "filter_line", "type a filter", Where.DASHBOARD, "Filter"),
    Key("p,d", "p", "choose('period')", "filter by period", Where.DASHBOARD, "Period"),
    Key("o", "o", "choose('origin')", "filter by origin", Where.DASHBOARD),
    Key("l", "l", "choose('line')", "filter by line", Where.DASHBOARD),
    Key("t", "t", "choose('template')", "filter by template; type to find it", Where.DASHBOARD),
    Key("u", "u", "choose('user')", "filter by new or recurrent users", Where.DASHBOARD),
    Key("less_than_sign", "<", "shift(-1)", "previous period of the same length", Where.DASHBOARD),
    Key("greater_than_sign", ">", "shift(1)", "next period of the same length", Where.DASHBOARD),
    Key("x", "x", "clear", "clear all filters", Where.DASHBOARD, "Clear"),
    Key("c", "c", "next_chart", "next chart, if the terminal is too small for all", Where.DASHBOARD, "Chart"),
    Key("v", "v", "view", "table: by notification, or start by start", Where.DASHBOARD, "View"),
    Key("b", "b", "breakdown", "table by template, line, …: again for the next dimension", Where.DASHBOARD, "By"),
    Key("B", "B", "choose_breakdown", "choose the dimension of the table", Where.DASHBOARD),
    Key("equals_sign", "=", "versus", "compare the marked rows of a breakdown: A against B", Where.DASHBOARD),
    Key(
        "n",
        "n",
        "find_next(1)",
        "find text in contact, name or template; again for the next match",
        Where.DASHBOARD,
        "Find",
    ),
    Key("N", "N", "find_next(-1)", "previous match", Where.DASHBOARD),
    Key("F", "F", "find", "find another text", Where.DASHBOARD),
    Key(
        "s",
        "s",
        "sort",
        "sort by the next column; starts by time, template, status, contact",
        Where.DASHBOARD,
        "Sort",
    ),
    Key("S", "S", "reverse", "reverse the order", Where.DASHBOARD),
    Key("f", "f", "funnel", "funnel of this week, or of the selected period", Where.DASHBOARD, "Funnel"),
    Key("w", "w", "save", "save as TSV what the table shows, or the numbers of a chart", Where.DASHBOARD, "Save"),
    Key(
        "m",
        "m",
        "compare",
        "compare with the period before; again: with the same days last year; again: off",
        Where.DASHBOARD,
        "Compare",
    ),
    Key("M", "M", "compare_weeks", "compare this week with the last one", Where.DASHBOARD),
    Key("P", "P", "save_people", "save the people of this filter, one row each", Where.DASHBOARD),
    Key("R", "R", "retry", "whom to try again: who failed and can be reached, and from when", Where.DASHBOARD, "Retry"),
    Key("W", "W", "save_as", "save as…", Where.DASHBOARD),
    Key("y", "y", "copy", "copy the contact of the row, or the item under the cursor", Where.DASHBOARD),
    Key("Y", "Y", "copy_all", "copy the whole row, or all numbers of the chart", Where.DASHBOARD),
    Key("space", "Space", "pause", "pause or resume live updates", Where.DASHBOARD),
    Key("colon", ":", "commands", "find a command by name", Where.DASHBOARD),
    Key("r", "r", "refresh", "read the database again", Where.DASHBOARD),
    Key("question_mark,f1", "?", "app.help", "this help", Where.EVERYWHERE, "Help"),
    Key("q", "q", "app.quit", "quit", Where.EVERYWHERE, "Quit"),
    Key(
        "ctrl+c,ctrl+q",
        "Ctrl+C",
        "app.quit",
        "quit, also while typing",
        Where.EVERYWHERE,
        priority=True,
        name="quit-always",
    ),
    Key(
        "ctrl+z",
        "Ctrl+Z",
        "app.suspend_process",
        "suspend; fg in the shell resumes",
        Where.EVERYWHERE,
        priority=True,
    ),
    Key("ctrl+l", "Ctrl+L", "app.repaint", "redraw the screen", Where.EVERYWHERE, priority=True),
    Key("T", "T", "app.next_theme", "next theme: the terminal's own colours, dark, light", Where.EVERYWHERE),
    Key("left,up,k", "← ↑ k", "move(-1)", "previous item", Where.PANEL),
    Key("right,down,j", "→ ↓ j", "move(1)", "next item", Where.PANEL),
    Key("home,g", "Home g", "move_to(0)", "first item", Where.PANEL),
    Key("end,G", "End G", "move_to(-1)", "last item", Where.PANEL, name="move-to-last"),
    Key("enter", "Enter", "drill", "show its starts", Where.PANEL),
    Key("up,k", "↑ k", "move(-1)", "row up", Where.TABLE),
    Key("down,j", "↓ j", "move(1)", "row down", Where.TABLE),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "page(-1)", "page up", Where.TABLE),
    Key("pagedown,ctrl+d", "PgDn Ctrl+D", "page(1)", "page down", Where.TABLE),
    Key("home,g", "Home g", "move_to(0)", "newest row", Where.TABLE),
    Key("end,G", "End G", "move_to(-1)", "oldest row", Where.TABLE, name="move-to-last"),
    Key("enter", "Enter", "open", "the starts of this notification, or the details of this start", Where.TABLE),
    Key("space", "Space", "mark", "mark a row of a breakdown, to compare it with others (=)", Where.TABLE),
    Key("enter,space,down", "Enter", "open", "open the list", Where.DROPDOWN),
    Key("left", "←", "app.focus_previous", "previous filter", Where.DROPDOWN),
    Key("right", "→", "app.focus_next", "next filter", Where.DROPDOWN),
    Key("up", "↑", "move(-1)", "up; typing narrows the list", Where.LIST),
    Key("down", "↓", "move(1)", "down", Where.LIST),
    Key("pageup", "PgUp", "move(-10)", "ten up", Where.LIST),
    Key("pagedown", "PgDn", "move(10)", "ten down", Where.LIST),
    Key("tab", "Tab", "mark", "mark several origins, lines or templates (also Space, before typing)", Where.LIST),
    Key("exclamation_mark", "!", "exclude", "leave out what is picked: all but these", Where.LIST, "All but"),
    Key("backspace", "Backspace", "erase", "delete the last character", Where.LIST),
    Key("enter", "Enter", "pick", "apply the selection", Where.LIST, "Apply"),
    Key("escape,shift+tab", "Esc", "close", "cancel", Where.LIST, "Cancel"),
    Key("enter", "Enter", "submit_text", "accept", Where.PROMPT, "Accept"),
    Key("escape,tab,shift+tab", "Esc", "close", "cancel", Where.PROMPT, "Cancel"),
    Key("enter", "Enter", "submit_filter", "apply the filter", Where.FILTER_LINE, "Apply"),
    Key("tab", "Tab", "complete", "complete the word", Where.FILTER_LINE, "Complete"),
    Key("escape,shift+tab", "Esc", "close", "cancel", Where.FILTER_LINE, "Cancel"),
    Key(
        "escape,backspace,q,left",
        "Esc",
        "close",
        "back to the table (also q and Backspace)",
        Where.DETAIL,
        "Back",
    ),
    Key("n", "n", "step(1)", "next start of the table", Where.DETAIL, "Next"),
    Key("b", "b", "step(-1)", "previous start of the table", Where.DETAIL, "Previous"),
    Key("enter", "Enter", "contact", "all starts of this person", Where.DETAIL, "This person"),
    Key("y", "y", "copy_link", "copy the link to the chat", Where.DETAIL, "Copy link"),
    Key("o", "o", "open_link", "open the chat in a browser on this machine", Where.DETAIL),
    Key("escape,backspace,q,question_mark,f1", "Esc", "close", "close the help", Where.HELP, "Back"),
    Key("escape,backspace,q,R", "Esc", "close", "back to the dashboard", Where.RETRY, "Back"),
    Key("w", "w", "save", "save these people as TSV, with their chat links", Where.RETRY, "Save"),
    Key("escape,backspace,q,equals_sign", "Esc", "close", "back to the breakdown", Where.VERSUS, "Back"),
    Key("up,k", "↑ k", "scroll(-1)", "up", Where.TEXT),
    Key("down,j", "↓ j", "scroll(1)", "down", Where.TEXT, "Scroll"),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "scroll_page(-1)", "page up", Where.TEXT),
    Key("pagedown,space,ctrl+d", "PgDn Space", "scroll_page(1)", "page down", Where.TEXT),
    Key("home,g", "Home g", "scroll_to(0)", "to the top", Where.TEXT),
    Key("end,G", "End G", "scroll_to(-1)", "to the end", Where.TEXT, name="scroll-to-last"),
)


# What people call an action besides the words of its description, for the command palette; by its name.
ALSO_CALLED = {
    "save": "export download write tsv csv",
    "save_as": "export download write tsv csv excel xlsx",
    "save_people": "export contacts",
    "retry": "failed failures again resend",
    "find_next": "search",
    "find": "search",
    "filter_line": "search query where",
    "clear": "reset remove",
    "refresh": "reload update",
    "app.quit": "exit close",
    "app.next_theme": "colours colors dark light",
    "app.repaint": "refresh",
    "copy": "clipboard",
    "copy_all": "clipboard",
    "breakdown": "group by",
    "choose_breakdown": "group by",
    "compare": "previous change difference",
}

_renamed: dict[str, str] = {}


def rename(keys: Mapping[str, str]) -> None:
    """Sets the keys that the bar and the help show, as the settings file has them.

    Args:
        keys: the keys of each action, by its id.
    """
    _renamed.clear()
    _renamed.update(keys)


def ids() -> frozenset[str]:
    """The ids of all actions whose keys can be changed."""
    return frozenset(key.id for key in KEYS if key.action and "{key}" not in key.action)


def bindings(where: Where) -> list[Binding]:
    """The bindings of one part of the program; `{key}` in an action becomes the key that was pressed."""
    found = []
    for key in KEYS:
        if key.where is not where or not key.action:
            continue
        if "{key}" in key.action:
            names = key.keys.split(",")
            found += [Binding(name, key.action.format(key=name), key.does, show=False) for name in names]
        else:
            found.append(Binding(key.keys, key.action, key.does, show=False, priority=key.priority, id=key.id))
    return found


def bar(*wheres: Where) -> list[Key]:
    """The keys in the key bar of these parts, in order."""
    return [_shown(key) for where in wheres for key in KEYS if key.where is where and key.bar]


def sections() -> list[tuple[Where, list[Key]]]:
    """The keys of each part of the program, for the help and the documents."""
    return [(where, [_shown(key) for key in KEYS if key.where is where]) for where in Where]


def _shown(key: Key) -> Key:
    """The key, with the keys that the settings file gives it."""
    keys = _renamed.get(key.id)
    return key if keys is None else key._replace(keys=keys, shown=keys.split(",")[0])


def commands(*wheres: Where) -> list[Key]:
    """The actions that the command palette offers for these parts, one for each panel among them."""
    found = [key for where in wheres for key in KEYS if key.where is where and key.action]
    return [one for key in found for one in (_panels(key) if "{key}" in key.action else (key,))]


def _panels(key: Key) -> list[Key]:
    """The actions of a key that goes to a panel by its number, one for each."""
    panels = key.does.partition(": ")[2].split(", ")
    return [
        key._replace(keys=number, shown=number, action=key.action.format(key=number), does=f"go to {panel}")
        for number, panel in zip(key.keys.split(","), panels, strict=False)
    ]
