"""How a filter is chosen: the dropdowns' lists, the filter line, and the keys that change the filter at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from storage.domain.filters import Filter
from storage.report.filter_choices import Choice
from tui.data.filter_options import Option, commands_of, marked, options_of, shifted, taken
from tui.data.worker_messages import Counted, FilterChosen
from tui.screens.viewing import ViewingScreen
from tui.widgets.choice_list import ChoiceList, Picked
from tui.widgets.filter_bar import Dropdown
from tui.widgets.filter_line import FilterLine
from tui.words.keys import Where, commands

_LIST_WIDTH, _WIDE_LIST, _COMMANDS_WIDTH, _LIST_HEIGHT = 44, 60, 76, 22  # cells, where there is room
COMMANDS = "command"


class FilteringScreen(ViewingScreen):
    """A screen whose view's filter can be chosen."""

    def known_choices(self) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
        """The lines and the templates that there are, as far as they are read."""
        return ((), ()) if self.snapshot is None else (self.snapshot.lines, self.snapshot.templates)

    def go_to(self, filter: Filter) -> None:
        """Goes on to the same view of another filter."""
        self.go(replace(self.view, filter=filter))

    def action_choose(self, field: str) -> None:
        if self.refused("choose"):
            return
        if self.snapshot is None:
            self.say("still reading; try again in a moment")
            return
        options = options_of(field, *self.known_choices(), None)
        self._open_list(field, options, marked(self.view.filter, field))
        if field != "period":
            self.load_counts(self.view.filter, field)

    def action_commands(self) -> None:
        options = commands_of(commands(Where.DASHBOARD, Where.EVERYWHERE))
        self._open_list(COMMANDS, options, frozenset())

    def _open_list(self, field: str, options: Sequence[Option], marked: frozenset[Hashable]) -> None:
        self._place_list(field, len(options))
        choices = self.query_one(ChoiceList)
        self.lend_keys(choices)
        choices.open(field, options, marked)

    def _place_list(self, field: str, options: int) -> None:
        """The list lies below its dropdown, as wide and high as there is room for."""
        left, width = 0, _COMMANDS_WIDTH
        if field != COMMANDS:
            dropdown = self.query_one(f"#choose-{field}", Dropdown)
            left = dropdown.region.x
            width = max(dropdown.size.width, _WIDE_LIST if field == "template" else _LIST_WIDTH)
        width = min(self.size.width, width)
        styles = self.query_one(ChoiceList).styles
        styles.width, styles.height = width, min(options + 3, self.size.height - 3, _LIST_HEIGHT)
        styles.offset = (max(0, min(left, self.size.width - width)), 1)

    def place_open_list(self) -> None:
        """Gives a list that is open its place in a terminal of another size."""
        choices = self.query_one(ChoiceList)
        if choices.display:
            self._place_list(choices.field, choices.options)

    def on_counted(self, message: Counted) -> None:
        choices = self.query_one(ChoiceList)
        if choices.display and choices.field == message.field:
            choices.count(options_of(message.field, *self.known_choices(), message.counts))

    async def on_picked(self, message: Picked) -> None:
        if message.field == COMMANDS:
            await self.run_action(str(next(iter(message.values))))
            return
        self.go_to(taken(self.view.filter, message.field, message.values))

    def action_filter_line(self) -> None:
        if self.refused("filter_line"):
            return
        line = self.query_one(FilterLine)
        self.lend_keys(line)
        line.edit(self.view.filter)
        self.say("Tab completes a field or a value, Enter applies, Esc leaves")

    def on_filter_chosen(self, message: FilterChosen) -> None:
        self.go_to(message.filter)

    def action_clear(self) -> None:
        if not self.refused("clear"):
            self.go_to(Filter())

    def action_shift(self, by: int) -> None:
        if self.refused("shift"):
            return
        filter = self.view.filter
        if self.snapshot is None or self.snapshot.view.filter.period != filter.period:
            return
        report = self.snapshot.report
        self.go_to(replace(filter, period=shifted(filter.period, report.since, report.until, by)))
