"""The help screen: every key, from the list of bindings, and what each number means, as in docs/definitions.md."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.strip import Strip

from storage.language.texts import _
from tui.screens.lines_screen import LinesScreen
from tui.terminal.style import BOLD, DIM, HEADING, KEY, PLAIN, fit, key_names, safe
from tui.widgets.panel import heading, strip, wrapped
from tui.words.filter_help import GRAMMAR, field_words
from tui.words.keys import Key, Where, bindings, ids, sections
from tui.words.questions import questions

DEFINITIONS: tuple[tuple[str, str], ...] = (
    (
        _("Start"),
        _(
            "A template or mass notification sent to one contact, or a message that a referral led to (an "
            "ad, a post, a web chat)."
        ),
    ),
    (
        _("Send"),
        _("A start that is a notification: sent, not referred."),
    ),
    (
        _("User"),
        _("A distinct contact in the selection. Ids seen together (number, user id, customer id) are one contact."),
    ),
    (
        _("Reached"),
        _("Users with at least one notification that did not fail."),
    ),
    (
        _("Answered"),
        _(
            "Replied to the notification itself, or wrote on the same line within the answer window (24 "
            "hours by default) after the latest one. The tile is answered users as a share of reached users."
        ),
    ),
    (
        _("Rates"),
        _(
            "Delivered: sends delivered or further, of all sends. Read: sends read or further, of those "
            "delivered or further. Answered: answered sends, of those delivered or further. Of a base under "
            "30 only counts are shown."
        ),
    ),
    (
        _("Compared"),
        _(
            "The days of the period that are over with as many days before them; today is left out of both. "
            "A change is told in counts and in points of the rate, and is unclear where it can be chance."
        ),
    ),
    (
        _("Failed"),
        _("It failed, and no later delivery or read was recorded. The tile is failed sends as a share of all sends."),
    ),
    (
        _("Status"),
        _("The furthest a send got: failed, sent, delivered, read, answered. They add up to all sends."),
    ),
    (
        _("New"),
        _(
            "The contact had no message before the start, on any line. A user is new with a new start in the "
            "selection that did not fail; all others are recurrent."
        ),
    ),
    (
        _("Funnel"),
        _(
            "Notifications of the current week (setting first_day) that did not fail, under every filter but the "
            "period; of a period that ends before it, of its last week. Each step shows its share of the "
            "previous and of the first step."
        ),
    ),
    (
        _("Failures"),
        _(
            "By reason; Enter opens the codes of a reason. Under a filter of failures the panel says what "
            "the one under the cursor means and what to do."
        ),
    ),
    (
        _("Try again"),
        _(
            "The people with a failed send whom a new try can reach: their failure passes, nothing arrived "
            "since, nothing is on its way, and they did not stop. Meta's limit for a person needs 24 hours."
        ),
    ),
    (
        _("Implied"),
        _("A step that only a later one proves: WhatsApp sends no 'delivered' if a message is read at once."),
    ),
    (
        _("(unknown)"),
        _("No source names the template: statuses do not, so import the log of your sends too."),
    ),
)


class HelpScreen(LinesScreen):
    """Keys and definitions on an opaque screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.HELP)]
    where = Where.HELP

    def __init__(self) -> None:
        super().__init__()
        self._reasons: dict[Key, str] = {}
        self._hidden_text = ""

    def prepare(self, why_not: Callable[[Key], str], hidden_text: str) -> None:
        """Sets what the help shows besides the keys.

        Args:
            why_not: why a key is unavailable; empty if it is available.
            hidden_text: the text that did not fit the status line; shown first.
        """
        self._hidden_text = hidden_text
        self._reasons = {key: reason for _, keys in sections() for key in keys if (reason := why_not(key))}
        self.show_lines()

    @property
    def keeps_place(self) -> bool:
        return not self._hidden_text

    def lines(self, width: int) -> Iterator[Strip]:
        return help_lines(width, self._reasons, self._hidden_text)


def help_lines(width: int, reasons: Mapping[Key, str], hidden_text: str = "") -> Iterator[Strip]:
    """The help as lines.

    Args:
        width: of the lines, in cells.
        reasons: why some keys are unavailable.
        hidden_text: the text that did not fit the status line; shown first.
    """
    yield heading("", "saludo", _("keys and definitions"), width, True)
    if hidden_text:
        yield strip()
        yield strip(("  " + _("What the status line says"), HEADING))
        yield from (strip((f"    {text}", PLAIN)) for text in wrapped(safe(hidden_text), max(10, width - 6)))
    yield from _section(_("Questions and the keys that answer them"), questions(), width)
    for where, keys in sections():
        yield strip()
        yield strip((f"  {where}", HEADING))
        for key in keys:
            reason = reasons.get(key)
            shown = key_names(key.shown)
            name = f"({shown})" if reason else shown
            does = _("{action} (not now: {reason})").format(action=key.does, reason=reason) if reason else key.does
            for place, text in enumerate(wrapped(does, max(10, width - 20))):
                front = f"    {name if place == 0 else '':<14}"
                yield strip((front, DIM if reason else KEY), (text, DIM if reason else PLAIN))
    yield from _section(_("Filters, as / and --filter take them"), (*GRAMMAR, *field_words()), width)
    yield from _section(_("What the numbers mean"), DEFINITIONS, width)
    names = [(key_names(key.shown), key.id) for where, keys in sections() for key in keys if key.id in ids()]
    yield from _section(_("Names of key actions, for [keys] in the settings file"), names, width)


def _section(title: str, lines: Collection[tuple[str, str]], width: int) -> Iterator[Strip]:
    """A heading, and lines of a name and its meaning."""
    longest = max(cell_len(name) for name, meaning in lines)
    cells = 14 if longest < 14 else min(longest + 2, width // 2)
    yield strip()
    yield strip((f"  {title}", HEADING))
    for name, meaning in lines:
        for place, text in enumerate(wrapped(meaning, max(10, width - cells - 6))):
            yield strip((f"    {fit(name if place == 0 else '', cells)}", BOLD), (text, PLAIN))
