"""Creates the widgets of the dashboard and yields them from top to bottom. Does not handle their messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from storage.domain.filter_context import FilterContext
from storage.report.filter_choices import Choice
from tui.screens.screen_layout import TooSmall, pair_classes, shown_charts
from tui.widgets import charts
from tui.widgets.choice_list import ChoiceList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.drawn_charts import DrawnChart
from tui.widgets.filter_bar import FilterBar
from tui.widgets.filter_line import FilterLine
from tui.widgets.panel import Panel
from tui.widgets.prompt_line import PromptLine
from tui.widgets.starts_table import StartsTable
from tui.widgets.status_bar import KeyBar, StatusLine
from tui.widgets.tiles import Tiles


class DashboardWidgets:
    """The widgets of one dashboard.

    Args:
        choose: opens the list of a filter field.
        known_choices: the values that the filter line completes, by the name of the field.
        context: what the filter line reads its text with.
        leave_detail: called when the open start is closed.
        restore_focus: called when a list or a line is closed.
    """

    def __init__(
        self,
        choose: Callable[[str], None],
        known_choices: Callable[[], Mapping[str, Sequence[Choice]]],
        context: Callable[[], FilterContext],
        leave_detail: Callable[[], None],
        restore_focus: Callable[[], None],
    ) -> None:
        self.filter_bar = FilterBar("filters", choose)
        of_panels: tuple[type[Panel], ...] = (Tiles, *charts.CHARTS)
        self.panels = {panel.key: panel() for panel in of_panels}
        self.table = StartsTable("starts")
        self.status_line, self.key_bar = StatusLine("status-line"), KeyBar("key-bar")
        self.detail = DetailPane("detail", leave_detail)
        self.choices = ChoiceList("choices", restore_focus)
        self.filter_line = FilterLine("filter-line", known_choices, context, restore_focus)
        self.prompt_line = PromptLine("prompt-line", restore_focus)

    def compose(self, size: Size, chosen: str) -> ComposeResult:
        """Yields every widget. Charts get the classes of the first layout here; later they would be styled twice."""
        shown = shown_charts(size, chosen)
        yield self.filter_bar
        yield self.panels["tiles"]
        for row in charts.ROWS:
            in_row = [self.panels[chart.key] for chart in charts.charts_in(row)]
            for chart in in_row:
                chart.set_class(chart.key in shown, "-shown", update=False)
            container = Horizontal(*in_row, id=row)
            if row == "pair":
                container.add_class(*pair_classes(size, shown), update=False)
            container.set_class(any(chart.key in shown for chart in in_row), "-shown", update=False)
            yield container
        yield from (self.table, self.status_line, self.key_bar, TooSmall("too-small"))
        yield from (self.detail, self.choices, self.filter_line, self.prompt_line)

    def draw_charts(self) -> None:
        """Draws the charts that need plotext, which is imported after the first frame."""
        for panel in self.panels.values():
            if isinstance(panel, DrawnChart):
                panel.enable()
