"""The layouts of the dashboard by the size of the terminal, and which charts each one shows.

The sizes of widgets are in style.tcss. Knows no chart in particular.
"""

from __future__ import annotations

from collections.abc import Set
from enum import Enum

from textual.geometry import Region, Size
from textual.strip import Strip

from storage.language.texts import _
from storage.report.report import Report
from tui.terminal.style import BOLD, PLAIN
from tui.widgets import charts
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import strip, wrapped

# Textual gives the screen these classes; style.tcss is written for them.
HORIZONTAL = [(0, "-tiny"), (60, "-narrow"), (100, "-normal"), (140, "-wide")]
VERTICAL = [(0, "-flat"), (16, "-low"), (20, "-short"), (33, "-tall"), (40, "-high")]


def classes_of(size: Size) -> tuple[str, str]:
    """The classes that Textual gives a screen of this size, so that it can have them from the start."""
    return _class_of(size.width, HORIZONTAL), _class_of(size.height, VERTICAL)


def _class_of(cells: int, bounds: list[tuple[int, str]]) -> str:
    return next(name for least, name in reversed(bounds) if cells >= least)


class Layout(Enum):
    """TINY: only a sentence. NARROW: one chart. NORMAL: the proportions and a pair of charts. WIDE: all charts."""

    TINY = 0
    NARROW = 1
    NORMAL = 2
    WIDE = 3


def layout_of(size: Size) -> Layout:
    """The layout of a size in cells; the same bounds as HORIZONTAL and VERTICAL."""
    width, height = size
    if width < 60 or height < 16:
        return Layout.TINY
    if width < 100 or height < 33:
        return Layout.NARROW
    return Layout.WIDE if width >= 140 and height >= 40 else Layout.NORMAL


class Failures(Enum):
    """What the selection has of failures. ALL: everything that is selected failed."""

    NONE = 0
    SOME = 1
    ALL = 2


def failures_in(report: Report) -> Failures:
    """What the selection of a report has of failures."""
    if not report.status.failed:
        return Failures.NONE
    return Failures.ALL if report.status.failed == report.starts else Failures.SOME


_FAILURES = "failures"
_TWO_IN_NARROW = 80  # cells from which the narrow layout has room for the failures beside another chart


def shown_charts(size: Size, chart: str, beside: bool = False, failures: Failures = Failures.SOME) -> frozenset[str]:
    """The keys of the charts that a terminal shows.

    Args:
        size: of the terminal.
        chart: the key of the chart that was chosen last.
        beside: whether the details of one start are shown beside them.
        failures: where something failed, the failures are shown too if there is room.
    """
    match layout_of(size):
        case Layout.TINY:
            return frozenset((chart,))
        case Layout.NARROW:
            in_pair = any(one.key == chart for one in charts.charts_in("pair"))
            with_failures = in_pair and failures is not Failures.NONE and size.width >= _TWO_IN_NARROW
            return frozenset((chart, _FAILURES) if with_failures else (chart,))
        case _ if beside:
            return frozenset(one.key for one in charts.CHARTS if one.stays_beside_details)
        case Layout.NORMAL:
            first, *others = charts.charts_in("pair")
            chosen = next((one for one in others if one.key == chart), others[0])
            shown = (*charts.charts_in("proportions"), first, chosen)
            return frozenset(one.key for one in shown) | (frozenset() if failures is Failures.NONE else {_FAILURES})
        case _:
            return frozenset(charts.charts())


def pair_classes(size: Size, shown: Set[str]) -> tuple[str, ...]:
    """The classes of the row with the daily evolution, which say where its failures are.

    Args:
        size: of the terminal.
        shown: the keys of the charts that it shows.
    """
    others = sum(one.key in shown for one in charts.charts_in("pair")) - 1
    if _FAILURES not in shown or others < 1:
        return ()
    match layout_of(size):
        case Layout.NARROW:
            return ("-with-failures",)
        case Layout.NORMAL if others > 1:
            return ("-failures-below",)
        case _:
            return ()


PAIR_CLASSES = ("-with-failures", "-failures-below")


def detail_region(layout: Layout, size: Size) -> Region:
    """Where one start is shown: on the right below the tiles if there is room, else on all but the last two lines."""
    width, height = size
    if layout in (Layout.TINY, Layout.NARROW):
        return Region(0, 0, width, max(0, height - 2))
    wide = 76 if layout is Layout.WIDE else 60
    return Region(width - wide, 4, wide, height - 6)


def next_chart(layout: Layout, chart: str) -> str:
    """The key of the chart after the chosen one: among all charts, or among those that share one place."""
    if layout is Layout.NARROW:
        order = [one.key for one in sorted(charts.CHARTS, key=lambda one: one.narrow_order)]
    else:
        order = [one.key for one in charts.charts_in("pair")[1:]]
    return order[(order.index(chart) + 1) % len(order)] if chart in order else order[1 % len(order)]


class TooSmall(PaintedWidget):
    """The text on a terminal that is too small for the dashboard."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        size = _("saludo needs 60 x 16 cells; this terminal has {width} x {height}.").format(
            width=self.app.size.width, height=self.app.size.height
        )
        lines = [
            *((line, BOLD) for line in wrapped(size, width)),
            *((line, PLAIN) for line in wrapped(_("Enlarge it, or leave with Ctrl+C and run: saludo report"), width)),
        ]
        return strip(*lines[y : y + 1]).adjust_cell_length(width)
