"""The charts of the dashboard, in the order of their numbers. To add one: a class, and its entry in CHARTS."""

from __future__ import annotations

from tui.widgets.drawn_charts import DailyChart
from tui.widgets.failures_chart import FailuresChart
from tui.widgets.funnel_chart import FunnelChart
from tui.widgets.panel import Panel
from tui.widgets.proportion_charts import AnsweredChart, StatusChart, UsersChart

ROWS = ("proportions", "pair")  # from the top; a normal-size terminal shows the first chart of the pair and one other
CHARTS: tuple[type[Panel], ...] = (AnsweredChart, StatusChart, UsersChart, DailyChart, FunnelChart, FailuresChart)


def charts() -> dict[str, type[Panel]]:
    """All charts by their keys."""
    return {chart.key: chart for chart in CHARTS}


def charts_in(row: str) -> tuple[type[Panel], ...]:
    """The charts of one row, from the left."""
    return tuple(chart for chart in CHARTS if chart.row == row)
