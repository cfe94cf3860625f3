"""The keys that change the view but not its filter: by notification or start by start, the order, the funnel's days,
and what the period is compared with."""

from __future__ import annotations

from dataclasses import replace

from storage.domain.period import Period, week_start
from storage.report.notifications import GroupOrder
from storage.table.sorting import Order
from tui.screens.arrangement import Arrangement
from tui.screens.breakdowns import Breakdowns
from tui.screens.navigation import Navigation


class ViewSwitches:
    """Each action goes to another view; the user can go back to the present one."""

    def __init__(self, navigation: Navigation, arrangement: Arrangement, breakdowns: Breakdowns) -> None:
        self._navigation, self._arrangement, self._breakdowns = navigation, arrangement, breakdowns

    def group(self) -> None:
        """Groups the table by notification, or shows it start by start."""
        view = self._navigation.view
        self._navigation.go(replace(view, grouped=not view.grouped, by=None))

    def sort(self) -> None:
        """Sorts the table by the next order, or a breakdown by the next column."""
        if (rows := self._breakdowns.rows) is not None:
            self._breakdowns.sort(rows)
            return
        if self._navigation.view.grouped:
            self._sort_groups()
            return
        view, orders = self._navigation.view, list(Order)
        following = orders[(orders.index(view.order) + 1) % len(orders)]
        self._navigation.go(replace(view, order=following))

    def reverse(self) -> None:
        """Reverses the order."""
        if (rows := self._breakdowns.rows) is not None:
            self._breakdowns.reverse(rows)
            return
        view = self._navigation.view
        if view.grouped:
            self._navigation.go(replace(view, group_reverse=not view.group_reverse))
        else:
            self._navigation.go(replace(view, reverse=not view.reverse))

    def _sort_groups(self) -> None:
        """Sorts the notifications by the next column."""
        view, orders = self._navigation.view, list(GroupOrder)
        following = orders[(orders.index(view.group_order) + 1) % len(orders)]
        self._navigation.go(replace(view, group_order=following, group_reverse=False))

    def compare(self) -> None:
        """Compares the period with the one before, then with the same days last year, then with nothing."""
        from storage.domain.compared_days import Against

        view, ways = self._navigation.view, [None, *Against]
        following = ways[(ways.index(view.compare) + 1) % len(ways)]
        self._navigation.go(replace(view, compare=following))

    def compare_weeks(self) -> None:
        """Compares this week with the last one; on its first day the last one with the one before."""
        from storage.domain.compared_days import Against

        snapshot, view = self._navigation.snapshot, self._navigation.view
        begins = snapshot is not None and week_start(snapshot.today, snapshot.report.first_weekday) == snapshot.today
        week = replace(view.filter, period=Period("last_week" if begins else "week"))
        self._navigation.go(replace(view, filter=week, compare=Against.BEFORE))

    def switch_funnel(self) -> None:
        """Shows the funnel, of this week or of the selected period."""
        if not self._arrangement.is_shown("funnel"):
            self._arrangement.show_chart("funnel")
        view = self._navigation.view
        self._navigation.go(replace(view, funnel_of_period=not view.funnel_of_period))
