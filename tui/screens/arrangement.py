"""Which charts are on the screen, and where the open start is shown, at each size. Knows no number and no key."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from storage.language.texts import _
from storage.report.report import Report
from tui.screens.key_focus import KeyFocus
from tui.screens.screen_layout import (
    PAIR_CLASSES,
    Failures,
    Layout,
    detail_region,
    failures_in,
    layout_of,
    next_chart,
    pair_classes,
    shown_charts,
)
from tui.widgets import charts
from tui.widgets.detail_pane import DetailPane
from tui.widgets.panel import Panel
from tui.widgets.starts_table import StartsTable
from tui.widgets.tiles import Tiles


def panels() -> dict[int, str]:
    """The ids of tiles, charts and table by the number of their key."""
    of_panels: tuple[type[Panel], ...] = (Tiles, *charts.CHARTS)
    return {panel.number: panel.key for panel in of_panels} | {StartsTable.number: "starts"}


class Arrangement:
    """Shows, hides and places the panels of one screen.

    Args:
        screen: holds the panels.
        detail: shows one start over or beside them.
        key_focus: moves the focus from a panel that is no longer shown.
        say: shows a line in the status line.
        changed: called when the panels have their new sizes.
    """

    def __init__(
        self,
        screen: Screen[None],
        detail: DetailPane,
        key_focus: KeyFocus,
        say: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._screen, self._detail, self._key_focus = screen, detail, key_focus
        self._say, self._changed = say, changed
        self.chart = "daily"  # the chart that a small layout shows
        # Most selections have failures: the first layout, before the first report, has room for them.
        self._failures, self._chosen = Failures.SOME, False

    @property
    def layout(self) -> Layout:
        """The layout of the present size."""
        return layout_of(self._screen.size)

    def is_shown(self, panel: str) -> bool:
        """Whether the layout has room for a panel."""
        return panel not in charts.charts() or panel in self._shown()

    def show_failures(self, report: Report) -> None:
        """Makes room for the failures of a report: beside another chart, and instead of it where all sends failed."""
        found = failures_in(report)
        if found is not self._failures:
            self._failures = found
            self._chosen = self._key_focus.focused_id() in charts.charts()
            self.arrange(self.layout)
        self._key_focus.focus_awaited()

    def _chart(self) -> str:
        """The chart that is shown where there is room for one."""
        return "failures" if self._failures is Failures.ALL and not self._chosen else self.chart

    def _shown(self, beside: bool = False) -> frozenset[str]:
        return shown_charts(self._screen.size, self._chart(), beside, self._failures)

    def resize(self, layout: Layout) -> None:
        """Arranges the panels for a new size; a chart that has the focus stays on the screen."""
        panel = self._key_focus.focused_id()
        if panel in charts.charts() and panel not in self._shown():
            self.chart, self._chosen = panel, True
        self.arrange(layout)

    def show_chart(self, chart: str) -> None:
        """Shows a chart; it gets the focus if it replaces the chart that had it."""
        self._key_focus.close_start()
        focused = self._screen.focused
        self.chart, self._chosen = chart, True
        self.arrange(self.layout)
        if focused is not None and focused.id is not None and not self.is_shown(focused.id):
            self._key_focus.focus_on(chart)
        self._screen.call_after_refresh(self._changed)  # the item count of a chart depends on its size

    def show_next_chart(self) -> None:
        """Shows the chart that follows the present one."""
        self.show_chart(next_chart(self.layout, self._chart()))

    def show_panel(self, number: int) -> None:
        """Shows the panel with a number, and gives it the focus."""
        panel = panels().get(number)
        if panel is None:
            self._say(_("no panel has the number {number}").format(number=number))
            return
        self._key_focus.close_start()
        if not self.is_shown(panel) or (self.layout is Layout.NARROW and panel in charts.charts()):
            self.show_chart(panel)  # the narrow layout shows the failures also in a small place beside another chart
        self._key_focus.focus_on(panel)

    def arrange(self, layout: Layout) -> None:
        """Shows and hides panels, and places the open start."""
        region = detail_region(layout, self._screen.size)
        beside = region.x > 0
        makes_room = beside and self._detail.display
        self._detail.set_class(beside, "-beside")
        styles = self._detail.styles
        styles.offset, styles.width, styles.height = region.offset, region.width, region.height
        shown = self._shown(makes_room)
        for chart in charts.charts():
            self._screen.query_one(f"#{chart}").set_class(chart in shown, "-shown")
        for row in charts.ROWS:
            keys = {chart.key for chart in charts.charts_in(row)}
            self._screen.query_one(f"#{row}").set_class(not keys.isdisjoint(shown), "-shown")
        classes = pair_classes(self._screen.size, shown)
        self._screen.query_one("#pair").update_classes({name: name in classes for name in PAIR_CLASSES})
        for row in (*charts.ROWS, "starts"):
            self._screen.query_one(f"#{row}").styles.width = region.x if makes_room else "100%"
        # Textual cuts wide characters at the edges of a widget over them, so covered widgets are not drawn at all.
        for widget in self._screen.query("Dropdown, Panel, StartsTable"):
            widget.visible = beside or not self._detail.display
