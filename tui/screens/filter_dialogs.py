"""Choosing a filter: the lists of the dropdowns, the filter line, the previous and next period; the command palette."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from textual.screen import Screen

from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.language.texts import _
from storage.report.filter_choices import COUNTS, Choice
from tui.data.filter_options import (
    NamedFilter,
    Option,
    commands_of,
    named_options,
    options_of,
    shifted,
    with_chosen,
)
from tui.data.filter_settings import FilterSettings
from tui.data.worker_messages import CountsRead
from tui.screens.database_worker import DatabaseWorker
from tui.screens.key_focus import KeyFocus
from tui.screens.navigation import Navigation
from tui.widgets.choice_list import ChoiceList, ValuesPicked
from tui.widgets.filter_bar import Dropdown
from tui.widgets.filter_line import FilterLine
from tui.words.filter_words import DROPDOWNS
from tui.words.keys import Where, commands
from tui.words.wording import DIMENSION_NAMES

STILL_LOADING = _("still loading; try again in a moment")
_LIST_WIDTH, _WIDE_LIST, _COMMANDS_WIDTH, _LIST_HEIGHT = 44, 60, 76, 22  # cells, less in a small terminal
_COMMANDS, _DIMENSIONS = "command", "dimension"


class FilterDialogs:
    """Opens the lists and the filter line of one screen, and applies what the user chooses.

    Args:
        screen: has the size and the dropdowns that a list opens below.
        choices: the list; one for all fields.
        line: the filter line.
        say: shows a line in the status line.
        settings: named filters and excluded people.
        clock: gives the current time.
    """

    def __init__(
        self,
        screen: Screen[None],
        choices: ChoiceList,
        line: FilterLine,
        navigation: Navigation,
        database: DatabaseWorker,
        key_focus: KeyFocus,
        say: Callable[[str], None],
        settings: FilterSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._screen, self._choices, self._line = screen, choices, line
        self._navigation, self._database, self._key_focus, self._say = navigation, database, key_focus, say
        self._settings, self._clock = settings, clock

    @property
    def context(self) -> FilterContext:
        """What the text of a filter is read with."""
        snapshot = self._navigation.snapshot
        return self._settings.context(None if snapshot is None else snapshot.day_of(self._clock()))

    def clear(self) -> None:
        """Goes to the filter without any choice of the user."""
        self._navigation.go_to(self._settings.everything)

    def choose(self, field: str) -> None:
        """Opens the list of a field; the counts of its values come later."""
        if self._navigation.snapshot is None:
            self._say(STILL_LOADING)
            return
        if field not in DROPDOWNS:  # what no dropdown shows
            self.edit()
            return
        filter = self._navigation.view.filter
        values, excluded = filter.values(field), filter.excluded_values(field)
        options = self._options(field, None)
        self._open(field, options, values or excluded, excludes=not values and bool(excluded))
        if field in COUNTS:
            self._database.load_counts(self._navigation.shown_filter, field)

    def choose_command(self) -> None:
        """Opens the command palette."""
        self._open(_COMMANDS, commands_of(commands(Where.DASHBOARD, Where.EVERYWHERE)), frozenset())

    def choose_breakdown(self) -> None:
        """Opens the list of dimensions."""
        options = [Option(dimension, name) for dimension, name in DIMENSION_NAMES.items()]
        self._open(_DIMENSIONS, options, frozenset((self._navigation.view.by,)))

    def count(self, message: CountsRead) -> None:
        """Shows the counts in the list that is open."""
        if self._choices.display and self._choices.field == message.field:
            self._choices.show_counts(self._options(message.field, message.counts))

    async def pick(self, message: ValuesPicked) -> None:
        """Applies what was picked from a list."""
        (first, *_) = message.values
        if message.field == _COMMANDS:
            await self._screen.run_action(str(first))
        elif message.field == _DIMENSIONS:
            await self._screen.run_action(f"by('{first}')")
        elif isinstance(first, NamedFilter):
            self._go_to_named(first.name)
        else:
            filter = self._navigation.view.filter
            self._navigation.go_to(with_chosen(filter, message.field, message.values, message.excluded))

    def _options(self, field: str, counts: Mapping[Hashable, int] | None) -> list[Option]:
        """The options of a field; the list of periods has the named filters too."""
        options = options_of(field, known_choices(self._navigation), counts)
        return options + named_options(self._settings.named) if field == "period" else options

    def _go_to_named(self, name: str) -> None:
        """Goes to a named filter, which takes the place of the present one."""
        try:
            filter = Filter.parse(f"@{name}", self.context)
        except FilterError as error:
            self._say(error.sentence)
        else:
            self._navigation.go_to(self._settings.excluding(filter))

    def edit(self) -> None:
        """Opens the filter line."""
        self._key_focus.open_dialog(self._line)
        self._line.edit(self._navigation.view.filter)
        self._say(_("Tab completes a field or value, Enter applies, Esc cancels"))

    def shift(self, by: int) -> None:
        """Goes to the period before (-1) or after (1), of the same length."""
        filter, snapshot = self._navigation.view.filter, self._navigation.snapshot
        if snapshot is None or snapshot.view.filter.period != filter.period:
            return
        period = shifted(filter.period, *snapshot.days, by)
        if by > 0 and period.since is not None and date.fromisoformat(period.since) > self.context.today:
            self._say(_("the next period begins after today"))
            return
        self._navigation.go_to(replace(filter, period=period))

    def place_open_list(self) -> None:
        """Places the open list, if there is one, in a terminal of another size."""
        if self._choices.display:
            self._place(self._choices.field, self._choices.options)

    def _open(self, field: str, options: Sequence[Option], marked: frozenset[Hashable], excludes: bool = False) -> None:
        self._place(field, len(options))
        self._key_focus.open_dialog(self._choices)
        today = self.context.today if field == "period" else None
        self._choices.open(field, options, marked, excludes, today)

    def _place(self, field: str, options: int) -> None:
        """Places the list below its dropdown, as wide and high as there is room for."""
        size = self._screen.size
        left, width = 0, _COMMANDS_WIDTH
        if field == _DIMENSIONS:
            width = _LIST_WIDTH
        elif field != _COMMANDS:
            dropdown = self._screen.query_one(f"#choose-{field}", Dropdown)
            left = dropdown.region.x
            width = max(dropdown.size.width, _WIDE_LIST if field == "template" else _LIST_WIDTH)
        width = min(size.width, width)
        styles = self._choices.styles
        styles.width, styles.height = width, min(options + 3, size.height - 3, _LIST_HEIGHT)
        styles.offset = (max(0, min(left, size.width - width)), 1)


def known_choices(navigation: Navigation) -> Mapping[str, Sequence[Choice]]:
    """The values that the database of the last snapshot knows, by the name of the field; none before the first."""
    snapshot = navigation.snapshot
    return {} if snapshot is None else snapshot.choices
