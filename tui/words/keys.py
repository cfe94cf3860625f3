"""Every key of the dashboard, once: the bindings, the key bar, the help and the documents are made from this list."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import NamedTuple

from textual.binding import Binding

from storage.language.texts import _, pgettext


@unique
class Where(StrEnum):
    """The part of the program that listens to a key."""

    EVERYWHERE = _("Everywhere")
    DASHBOARD = _("Dashboard")
    PANEL = _("Tiles and charts")
    TABLE = _("Table of starts")
    DROPDOWN = _("Filter bar")
    LIST = _("List")
    FILTER_LINE = _("Filter line")
    PROMPT = _("Text prompt")
    DETAIL = _("One start")
    TEXT = _("Help and one start: scrolling")
    HELP = _("Help")
    VERSUS = _("A against B")
    RETRY = _("People to try again")


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
    Key("tab", "Tab", "app.focus_next", _("next filter or panel"), Where.DASHBOARD),
    Key("shift+tab", "Shift+Tab", "app.focus_previous", _("previous filter or panel"), Where.DASHBOARD),
    Key(
        "1,2,3,4,5,6,7,8,9",
        "1 … 8",
        "panel({key})",
        _("go to a panel: tiles, answered, status, users, daily, funnel, failures, starts"),
        Where.DASHBOARD,
    ),
    Key(
        "enter",
        "Enter",
        "",
        _("open the item under the cursor: its starts, or one start"),
        Where.DASHBOARD,
        pgettext("key bar", "Open"),
    ),
    Key(
        "escape,backspace,left_square_bracket",
        "Esc",
        "back",
        _("back to the previous filter (also Backspace and [)"),
        Where.DASHBOARD,
        pgettext("key bar", "Back"),
    ),
    Key("right_square_bracket", "]", "forward", _("forward again"), Where.DASHBOARD),
    Key("slash", "/", "filter_line", _("type a filter"), Where.DASHBOARD, pgettext("key bar", "Filter")),
    Key("p,d", "p", "choose('period')", _("filter by period"), Where.DASHBOARD, pgettext("key bar", "Period")),
    Key("o", "o", "choose('origin')", _("filter by origin"), Where.DASHBOARD),
    Key("l", "l", "choose('line')", _("filter by line"), Where.DASHBOARD),
    Key("t", "t", "choose('template')", _("filter by template; type to find it"), Where.DASHBOARD),
    Key("u", "u", "choose('user')", _("filter by new or recurrent users"), Where.DASHBOARD),
    Key("less_than_sign", "<", "shift(-1)", _("previous period of the same length"), Where.DASHBOARD),
    Key("greater_than_sign", ">", "shift(1)", _("next period of the same length"), Where.DASHBOARD),
    Key("x", "x", "clear", _("clear all filters"), Where.DASHBOARD, pgettext("key bar", "Clear")),
    Key(
        "c",
        "c",
        "next_chart",
        _("next chart, if the terminal is too small for all"),
        Where.DASHBOARD,
        pgettext("key bar", "Chart"),
    ),
    Key("v", "v", "view", _("table: by notification, or start by start"), Where.DASHBOARD, pgettext("key bar", "View")),
    Key(
        "b",
        "b",
        "breakdown",
        _("table by template, line, …: again for the next dimension"),
        Where.DASHBOARD,
        pgettext("key bar", "By"),
    ),
    Key("B", "B", "choose_breakdown", _("choose the dimension of the table"), Where.DASHBOARD),
    Key("equals_sign", "=", "versus", _("compare the marked rows of a breakdown: A against B"), Where.DASHBOARD),
    Key(
        "n",
        "n",
        "find_next(1)",
        _("find text in contact, name or template; again for the next match"),
        Where.DASHBOARD,
        pgettext("key bar", "Find"),
    ),
    Key("N", "N", "find_next(-1)", _("previous match"), Where.DASHBOARD),
    Key("F", "F", "find", _("find another text"), Where.DASHBOARD),
    Key(
        "s",
        "s",
        "sort",
        _("sort by the next column; starts by time, template, status, contact"),
        Where.DASHBOARD,
        pgettext("key bar", "Sort"),
    ),
    Key("S", "S", "reverse", _("reverse the order"), Where.DASHBOARD),
    Key(
        "f",
        "f",
        "funnel",
        _("funnel of this week, or of the selected period"),
        Where.DASHBOARD,
        pgettext("key bar", "Funnel"),
    ),
    Key(
        "w",
        "w",
        "save",
        _("save as TSV what the table shows, or the numbers of a chart"),
        Where.DASHBOARD,
        pgettext("key bar", "Save"),
    ),
    Key(
        "m",
        "m",
        "compare",
        _("compare with the period before; again: with the same days last year; again: off"),
        Where.DASHBOARD,
        pgettext("key bar", "Compare"),
    ),
    Key("M", "M", "compare_weeks", _("compare this week with the last one"), Where.DASHBOARD),
    Key("P", "P", "save_people", _("save the people of this filter, one row each"), Where.DASHBOARD),
    Key(
        "R",
        "R",
        "retry",
        _("whom to try again: who failed and can be reached, and from when"),
        Where.DASHBOARD,
        pgettext("key bar", "Retry"),
    ),
    Key("W", "W", "save_as", _("save as…"), Where.DASHBOARD),
    Key("y", "y", "copy", _("copy the contact of the row, or the item under the cursor"), Where.DASHBOARD),
    Key("Y", "Y", "copy_all", _("copy the whole row, or all numbers of the chart"), Where.DASHBOARD),
    Key("space", "Space", "pause", _("pause or resume live updates"), Where.DASHBOARD),
    Key("colon", ":", "commands", _("find a command by name"), Where.DASHBOARD),
    Key("r", "r", "refresh", _("read the database again"), Where.DASHBOARD),
    Key("question_mark,f1", "?", "app.help", _("this help"), Where.EVERYWHERE, pgettext("key bar", "Help")),
    Key("q", "q", "app.quit", _("quit"), Where.EVERYWHERE, pgettext("key bar", "Quit")),
    Key(
        "ctrl+c,ctrl+q",
        "Ctrl+C",
        "app.quit",
        _("quit, also while typing"),
        Where.EVERYWHERE,
        priority=True,
        name="quit-always",
    ),
    Key(
        "ctrl+z",
        "Ctrl+Z",
        "app.suspend_process",
        _("suspend; fg in the shell resumes"),
        Where.EVERYWHERE,
        priority=True,
    ),
    Key("ctrl+l", "Ctrl+L", "app.repaint", _("redraw the screen"), Where.EVERYWHERE, priority=True),
    Key("T", "T", "app.next_theme", _("next theme: the terminal's own colours, dark, light"), Where.EVERYWHERE),
    Key("left,up,k", "← ↑ k", "move(-1)", _("previous item"), Where.PANEL),
    Key("right,down,j", "→ ↓ j", "move(1)", _("next item"), Where.PANEL),
    Key("home,g", "Home g", "move_to(0)", _("first item"), Where.PANEL),
    Key("end,G", "End G", "move_to(-1)", _("last item"), Where.PANEL, name="move-to-last"),
    Key("enter", "Enter", "drill", _("show its starts"), Where.PANEL),
    Key("up,k", "↑ k", "move(-1)", _("row up"), Where.TABLE),
    Key("down,j", "↓ j", "move(1)", _("row down"), Where.TABLE),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "page(-1)", _("page up"), Where.TABLE),
    Key("pagedown,ctrl+d", "PgDn Ctrl+D", "page(1)", _("page down"), Where.TABLE),
    Key("home,g", "Home g", "move_to(0)", _("first row"), Where.TABLE),
    Key("left", "←", "scroll_columns(-1)", _("columns further left, of a breakdown that is too wide"), Where.TABLE),
    Key("right", "→", "scroll_columns(1)", _("columns further right, of a breakdown that is too wide"), Where.TABLE),
    Key("end,G", "End G", "move_to(-1)", _("last row"), Where.TABLE, name="move-to-last"),
    Key("enter", "Enter", "open", _("the starts of this notification, or the details of this start"), Where.TABLE),
    Key("space", "Space", "mark", _("mark a row of a breakdown, to compare it with others (=)"), Where.TABLE),
    Key("enter,space,down", "Enter", "open", _("open the list"), Where.DROPDOWN),
    Key("left", "←", "app.focus_previous", _("previous filter"), Where.DROPDOWN),
    Key("right", "→", "app.focus_next", _("next filter"), Where.DROPDOWN),
    Key("up", "↑", "move(-1)", _("up; typing narrows the list"), Where.LIST),
    Key("down", "↓", "move(1)", _("down"), Where.LIST),
    Key("pageup", "PgUp", "move(-10)", _("ten up"), Where.LIST),
    Key("pagedown", "PgDn", "move(10)", _("ten down"), Where.LIST),
    Key("tab", "Tab", "mark", _("mark several origins, lines or templates (also Space, before typing)"), Where.LIST),
    Key(
        "exclamation_mark",
        "!",
        "exclude",
        _("leave out what is picked: all but these"),
        Where.LIST,
        pgettext("key bar", "All but"),
    ),
    Key("backspace", "Backspace", "erase", _("delete the last character"), Where.LIST),
    Key("enter", "Enter", "pick", _("apply the selection"), Where.LIST, pgettext("key bar", "Apply")),
    Key("escape,shift+tab", "Esc", "close", _("cancel"), Where.LIST, pgettext("key bar", "Cancel")),
    Key("enter", "Enter", "submit_text", _("accept"), Where.PROMPT, pgettext("key bar", "Accept")),
    Key("escape,tab,shift+tab", "Esc", "close", _("cancel"), Where.PROMPT, pgettext("key bar", "Cancel")),
    Key("enter", "Enter", "submit_filter", _("apply the filter"), Where.FILTER_LINE, pgettext("key bar", "Apply")),
    Key("tab", "Tab", "complete", _("complete the word"), Where.FILTER_LINE, pgettext("key bar", "Complete")),
    Key("escape,shift+tab", "Esc", "close", _("cancel"), Where.FILTER_LINE, pgettext("key bar", "Cancel")),
    Key(
        "escape,backspace,q,left",
        "Esc",
        "close",
        _("back to the table (also q and Backspace)"),
        Where.DETAIL,
        pgettext("key bar", "Back"),
    ),
    Key("n", "n", "step(1)", _("next start of the table"), Where.DETAIL, pgettext("key bar", "Next")),
    Key("b", "b", "step(-1)", _("previous start of the table"), Where.DETAIL, pgettext("key bar", "Previous")),
    Key("enter", "Enter", "contact", _("all starts of this person"), Where.DETAIL, pgettext("key bar", "This person")),
    Key("y", "y", "copy_link", _("copy the link to the chat"), Where.DETAIL, pgettext("key bar", "Copy link")),
    Key("o", "o", "open_link", _("open the chat in a browser on this machine"), Where.DETAIL),
    Key(
        "escape,backspace,q,question_mark,f1",
        "Esc",
        "close",
        _("close the help"),
        Where.HELP,
        pgettext("key bar", "Back"),
    ),
    Key("escape,backspace,q,R", "Esc", "close", _("back to the dashboard"), Where.RETRY, pgettext("key bar", "Back")),
    Key(
        "w", "w", "save", _("save these people as TSV, with their chat links"), Where.RETRY, pgettext("key bar", "Save")
    ),
    Key(
        "escape,backspace,q,equals_sign",
        "Esc",
        "close",
        _("back to the breakdown"),
        Where.VERSUS,
        pgettext("key bar", "Back"),
    ),
    Key("up,k", "↑ k", "scroll(-1)", _("up"), Where.TEXT),
    Key("down,j", "↓ j", "scroll(1)", _("down"), Where.TEXT, pgettext("key bar", "Scroll")),
    Key("pageup,ctrl+u", "PgUp Ctrl+U", "scroll_page(-1)", _("page up"), Where.TEXT),
    Key("pagedown,space,ctrl+d", "PgDn Space", "scroll_page(1)", _("page down"), Where.TEXT),
    Key("home,g", "Home g", "scroll_to(0)", _("to the top"), Where.TEXT),
    Key("end,G", "End G", "scroll_to(-1)", _("to the end"), Where.TEXT, name="scroll-to-last"),
)


# What people call an action besides the words of its description, for the command palette; by its name.
ALSO_CALLED = {
    "save": _("export download write tsv csv"),
    "save_as": _("export download write tsv csv excel xlsx"),
    "save_people": _("export contacts"),
    "retry": _("failed failures again resend"),
    "find_next": _("search"),
    "find": _("search"),
    "filter_line": _("search query where"),
    "clear": _("reset remove"),
    "refresh": _("reload update"),
    "app.quit": _("exit close"),
    "app.next_theme": _("colours colors dark light"),
    "app.repaint": _("refresh"),
    "copy": _("clipboard"),
    "copy_all": _("clipboard"),
    "breakdown": _("group by"),
    "choose_breakdown": _("group by"),
    "compare": _("previous change difference"),
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
    return [shown_key(key) for where in wheres for key in KEYS if key.where is where and key.bar]


def sections() -> list[tuple[Where, list[Key]]]:
    """The keys of each part of the program, for the help and the documents."""
    return [(where, [shown_key(key) for key in KEYS if key.where is where]) for where in Where]


def shown_key(key: Key) -> Key:
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
        key._replace(
            keys=number, shown=number, action=key.action.format(key=number), does=_("go to {panel}").format(panel=panel)
        )
        for number, panel in zip(key.keys.split(","), panels, strict=False)
    ]
