"""Every key of the dashboard, once: the bindings, the key bar and the help are all made of this list."""

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
    DROPDOWN = "Filters at the top"
    LIST = "Open list of a filter"
    FILTER_LINE = "Filter line"
    PROMPT = "A name or a text is asked for"
    DETAIL = "One start"
    TEXT = "Reading: help and one start"
    HELP = "Help"


class Key(NamedTuple):
    """One action: its keys as Textual names them, how people read them, what it does, and its word in the key bar."""

    keys: str
    shown: str
    action: str
    does: str
    where: Where
    bar: str = ""
    priority: bool = False
    name: str = ""  # of its id, where the action does not tell it from another

    @property
    def id(self) -> str:
        """The name by which the settings file gives it other keys, such as `dashboard.save`."""
        name, _, argument = self.action.removeprefix("app.").rstrip(")").partition("(")
        words = [name.replace("_", "-"), _WORDS.get(argument, argument.strip("'"))]
        return f"{self.where.name.lower().replace('_', '-')}.{self.name or '-'.join(filter(None, words))}"


# What the arguments of moves are called.
_WORDS = {"-1": "back", "1": "on", "0": "first", "-10": "back-ten", "10": "on-ten"}

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
        "escape,backspace,left_square_bracket",
        "Esc",
        "back",
        "go back to the filter before; Backspace and [ do the same",
        Where.DASHBOARD,
        "Back",
    ),
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
    Key("n", "n", "find_next(1)", "find text in contact, name or template; again: the next one below", Where.DASHBOARD),
    Key("N", "N", "find_next(-1)", "the one above", Where.DASHBOARD),
    Key("F", "F", "find", "find another text", Where.DASHBOARD),
    Key("s", "s", "sort", "sort by time, template, status or contact", Where.DASHBOARD),
    Key("S", "S", "reverse", "turn the order round", Where.DASHBOARD),
    Key("f", "f", "funnel", "funnel: this week, or the selected period", Where.DASHBOARD, "Funnel"),
    Key("w", "w", "save", "save as TSV: the starts of this filter, or a chart's figures", Where.DASHBOARD, "Save"),
    Key("W", "W", "save_as", "save under a name of one's own", Where.DASHBOARD),
    Key("y", "y", "copy", "copy the contact of the row, or the part under the cursor", Where.DASHBOARD),
    Key("Y", "Y", "copy_all", "copy the whole row, or all figures of the chart", Where.DASHBOARD),
    Key("space", "Space", "pause", "stop or go on reading what others import", Where.DASHBOARD),
    Key("colon", ":", "commands", "find a command by its name", Where.DASHBOARD),
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
        "suspend; fg in the shell comes back",
        Where.EVERYWHERE,
        priority=True,
    ),
    Key("ctrl+l", "Ctrl+L", "app.repaint", "draw the screen anew", Where.EVERYWHERE, priority=True),
    Key("T", "T", "app.next_theme", "the next theme: the terminal's own colours, dark, light", Where.EVERYWHERE),
    Key("left,up,k", "← ↑ k", "move(-1)", "cursor to the part before", Where.PANEL),
    Key("right,down,j", "→ ↓ j", "move(1)", "cursor to the next part", Where.PANEL),
    Key("home,g", "Home g", "move_to(0)", "cursor to the first part", Where.PANEL),
    Key("end,G", "End G", "move_to(-1)", "cursor to the last part", Where.PANEL, name="move-to-last"),
    Key("enter", "Enter", "drill", "show the starts behind it", Where.PANEL),
    Key("up,k", "↑ k", "move(-1)", "row up", Where.TABLE),
    Key("down,j", "↓ j", "move(1)", "row down", Where.TABLE),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "page(-1)", "page up", Where.TABLE),
    Key("pagedown,ctrl+d", "PgDn Ctrl+D", "page(1)", "page down", Where.TABLE),
    Key("home,g", "Home g", "move_to(0)", "newest row", Where.TABLE),
    Key("end,G", "End G", "move_to(-1)", "oldest row", Where.TABLE, name="move-to-last"),
    Key("enter", "Enter", "open", "the starts of this notification, or this start in detail", Where.TABLE),
    Key("enter,space,down", "Enter", "open", "open its list", Where.DROPDOWN),
    Key("left", "←", "app.focus_previous", "the filter before", Where.DROPDOWN),
    Key("right", "→", "app.focus_next", "the next filter", Where.DROPDOWN),
    Key("up", "↑", "move(-1)", "up; typing narrows the list", Where.LIST),
    Key("down", "↓", "move(1)", "down", Where.LIST),
    Key("pageup", "PgUp", "move(-10)", "ten up", Where.LIST),
    Key("pagedown", "PgDn", "move(10)", "ten down", Where.LIST),
    Key("tab", "Tab", "mark", "mark several: origins, lines, templates (so does Space before one types)", Where.LIST),
    Key("backspace", "Backspace", "erase", "take the last character back", Where.LIST),
    Key("enter", "Enter", "pick", "take it, or what is marked", Where.LIST, "Take"),
    Key("escape,shift+tab", "Esc", "close", "leave it as it was", Where.LIST, "Leave"),
    Key("enter", "Enter", "submit_text", "take it", Where.PROMPT, "Take"),
    Key("escape,tab,shift+tab", "Esc", "close", "leave it", Where.PROMPT, "Leave"),
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
    Key("n", "n", "step(1)", "the next start of the table", Where.DETAIL, "Next"),
    Key("b", "b", "step(-1)", "the start before", Where.DETAIL, "Before"),
    Key("enter", "Enter", "contact", "every start of this person", Where.DETAIL, "All of this person"),
    Key("y", "y", "copy_link", "copy the link to the chat", Where.DETAIL, "Copy link"),
    Key("o", "o", "open_link", "open the chat in the browser of this machine", Where.DETAIL),
    Key("escape,backspace,q,question_mark,f1", "Esc", "close", "close the help", Where.HELP, "Back"),
    Key("up,k", "↑ k", "scroll(-1)", "up", Where.TEXT),
    Key("down,j", "↓ j", "scroll(1)", "down", Where.TEXT, "Scroll"),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "scroll_page(-1)", "page up", Where.TEXT),
    Key("pagedown,space,ctrl+d", "PgDn Space", "scroll_page(1)", "page down", Where.TEXT),
    Key("home,g", "Home g", "scroll_to(0)", "to the top", Where.TEXT),
    Key("end,G", "End G", "scroll_to(-1)", "to the end", Where.TEXT, name="scroll-to-last"),
)


_renamed: dict[str, str] = {}


def rename(keys: Mapping[str, str]) -> None:
    """Takes what the settings file says of keys (id -> keys), for what the bar and the help show of them."""
    _renamed.clear()
    _renamed.update(keys)


def ids() -> frozenset[str]:
    """The names of all keys that can be given others."""
    return frozenset(key.id for key in KEYS if key.action and "{key}" not in key.action)


def bindings(where: Where) -> list[Binding]:
    """The bindings of one part of the program; `{key}` in an action stands for the key that was pressed."""
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
    """The keys that the key bar shows for these parts, in order."""
    return [_shown(key) for where in wheres for key in KEYS if key.where is where and key.bar]


def sections() -> list[tuple[Where, list[Key]]]:
    """The keys by the part they belong to, for the help."""
    return [(where, [_shown(key) for key in KEYS if key.where is where]) for where in Where]


def _shown(key: Key) -> Key:
    """The key as it is after `rename`."""
    keys = _renamed.get(key.id)
    return key if keys is None else key._replace(keys=keys, shown=keys.split(",")[0])


def commands(*wheres: Where) -> list[Key]:
    """What the command palette offers for these parts: every action that makes sense by its name alone."""
    return [key for where in wheres for key in KEYS if key.where is where and key.action and "{key}" not in key.action]
