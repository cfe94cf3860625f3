"""The screen of the people to try again: how many and from when, who is left out and why, and the first of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from storage.language.texts import _, ngettext, pgettext
from tui.screens.lines_screen import LinesScreen
from tui.terminal.style import BOLD, DIM, HEADING, PLAIN, cut_words, fit, safe
from tui.widgets.panel import heading, strip, wrapped
from tui.words.filter_words import describe
from tui.words.keys import Where, bindings
from tui.words.numbers import NO_VALUE, number
from tui.words.retry_words import left_out_words
from tui.words.wording import name_shown, short_moment

if TYPE_CHECKING:
    from tui.data.retry_list import Person, RetryList

_TIME, _CONTACT, _NAME, _TEMPLATE = 12, 15, 14, 18  # cells of the columns
_WITH_NAME, _WITH_TEMPLATE = 90, 110  # cells from which these columns are shown


class RetryScreen(LinesScreen):
    """The people on an opaque screen; `w` saves all of them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.RETRY)]
    where = Where.RETRY

    def __init__(self) -> None:
        super().__init__()
        self._retries: RetryList | None = None
        self._save: Callable[[], None] = lambda: None

    def prepare(self, retries: RetryList, save: Callable[[], None]) -> None:
        """Sets what the screen shows, and what saves it."""
        self._retries, self._save = retries, save
        self.show_lines()

    def lines(self, width: int) -> Iterator[Strip]:
        return iter(()) if self._retries is None else retry_lines(self._retries, width)

    def action_save(self) -> None:
        self.app.pop_screen()
        self._save()


def retry_lines(retries: RetryList, width: int) -> Iterator[Strip]:
    """The people to try again as lines of at most `width` cells."""
    yield heading("", _("Try again"), describe(retries.filter), width, True)
    yield strip()
    for text in wrapped(_summary(retries), max(10, width - 4)):
        yield strip(("  ", PLAIN), (text, BOLD))
    if left_out := left_out_words(retries.left_out, retries.without_contact):
        yield strip()
        yield strip(("  " + _("Left out"), HEADING))
        for words in left_out:
            count, why = words.split(" ", 1)
            yield strip((f"  {count:>9}  ", PLAIN), (cut_words(why, width - 13), PLAIN))
    if retries.people:
        yield strip()
        yield _row(
            width,
            pgettext("column", "Try from"),
            pgettext("column", "Contact"),
            pgettext("column", "Name"),
            pgettext("column", "Template"),
            _("What failed, and how long to wait"),
            heads=True,
        )
        for person in retries.people:
            yield _person(person, retries, width)
        if more := retries.total - len(retries.people):
            text = ngettext(
                "… and {count} more person: w saves all of them", "… and {count} more people: w saves all of them", more
            )
            yield strip(("  " + text.format(count=number(more)), DIM))


def _summary(retries: RetryList) -> str:
    if not retries.total:
        return _("A new try can reach nobody.")
    who = ngettext("A new try can reach {count} person", "A new try can reach {count} people", retries.total)
    who = who.format(count=number(retries.total))
    later = retries.total - retries.ready
    if not later or retries.last_from is None:
        return _("{who}, all of them now.").format(who=who)
    last = short_moment(retries.last_from).strip()
    return _("{who}: {now} now, {later} later, the last from {time}.").format(
        who=who, now=number(retries.ready), later=number(later), time=last
    )


def _person(person: Person, retries: RetryList, width: int) -> Strip:
    row = person.row
    is_now = person.try_from <= retries.now
    when = _("now") if is_now else short_moment(person.try_from)
    return _row(
        width,
        when,
        safe(row.contact) or NO_VALUE,
        safe(row.name),
        name_shown(row.template) or NO_VALUE,
        person.why.partition(": ")[0] if is_now else person.why,
    )


def _row(width: int, when: str, contact: str, name: str, template: str, why: str, heads: bool = False) -> Strip:
    cells = [(when, _TIME), (contact, _CONTACT)]
    if width >= _WITH_NAME:
        cells.append((name, _NAME))
    if width >= _WITH_TEMPLATE:
        cells.append((template, _TEMPLATE))
    front = "  " + "".join(f"{fit(text, size)}  " for text, size in cells)
    room = max(0, width - 2 - sum(size + 2 for _, size in cells))
    return strip((front, DIM if heads else PLAIN), (cut_words(why, room), DIM))
