"""The daily evolution and the funnel: `plots` draws the bars; this adds legend, cursor and numbers."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus
from storage.language.texts import _, pgettext
from storage.report.report import Report
from tui.terminal.style import BOLD, DIM, FOCUSED, STATUS_LETTER, chart_style, cut, status_style
from tui.widgets.buckets import SERIES, totals_before
from tui.widgets.panel import Panel, Piece, strip
from tui.words import file_headings
from tui.words.numbers import number, short_number
from tui.words.wording import days, status_name

if TYPE_CHECKING:
    from tui.widgets.plots import Drawing

LEGEND = (
    StartStatus.FAILED,
    StartStatus.SENT,
    StartStatus.DELIVERED,
    StartStatus.READ,
    StartStatus.ANSWERED,
    StartStatus.RECEIVED,
)


def text_strip(text: Text, width: int) -> Strip:
    """A line drawn by `plots`, as a Textual strip of `width` cells."""
    segments = []
    position = 0
    plain = text.plain
    for span in sorted(text.spans, key=lambda span: span.start):
        if span.start > position:
            segments.append(Segment(plain[position : span.start], Style()))
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        segments.append(Segment(plain[max(position, span.start) : span.end], style))
        position = max(position, span.end)
    if position < len(plain):
        segments.append(Segment(plain[position:], Style()))
    return Strip(segments).adjust_cell_length(width)


class DrawnChart(Panel):
    """A chart drawn with plotext, which is slow to import: it is imported once the first numbers are on the screen."""

    DEFAULT_CLASSES = "chart"
    enabled = False

    def enable(self) -> None:
        """Draws the chart from now on: plotext is imported."""
        self.enabled = True
        self.repaint()


NO_ROOM = _("not enough room for this chart")
BEFORE = pgettext("legend", "before")
_STEP_NAMES = {
    "1 day": _("day"),
    "2 days": _("2 days"),
    "1 week": _("week"),
    "2 weeks": _("2 weeks"),
    "1 month": _("month"),
    "3 months": _("3 months"),
    "1 year": _("year"),
    "5 years": _("5 years"),
}


class DailyChart(DrawnChart):
    """Sends by status and referred starts over the days of the period, in stacked bars."""

    key = "daily"
    number = 5
    title = _("Daily evolution")
    row = "pair"
    stays_beside_details = True
    narrow_order = 0
    compares = True

    def shown_data(self, report: Report) -> Hashable:
        return report.daily

    def note(self) -> str:
        drawing = self._drawing()
        if self.report is None or drawing is None:
            return ""
        shown = days(self.report.since, self.report.until)
        return _("starts per {step}, {days}").format(step=_STEP_NAMES[drawing.plan.step], days=shown)

    def item_count(self) -> int:
        drawing = self._drawing()
        return 0 if drawing is None else len(drawing.plan.buckets)

    def _drawing(self) -> Drawing | None:
        """The chart at its present size; None if it does not fit or plotext is not imported yet."""
        if self.report is None or not self.enabled:
            return None
        from tui.widgets import plots

        before = () if self.previous is None else self.previous.daily
        report, size = self.report, self.size
        return plots.daily(report.daily, size.width, size.height - 2, chart_style(), before, report.first_weekday)

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        rows = ((day.day.isoformat(), *map(str, day.status), str(day.referred)) for day in report.daily)
        return [file_headings.DAILY, *rows]

    def item_at(self, x: int, y: int) -> int | None:
        drawing = self._drawing()
        if drawing is None or x < drawing.left:
            return None
        part = (x - drawing.left) // drawing.plan.columns
        return part if part < len(drawing.plan.buckets) else None

    def drill_filter(self, filter: Filter) -> Filter | None:
        drawing = self._drawing()
        if drawing is None or not drawing.plan.buckets:
            return None
        bucket = drawing.plan.buckets[min(self.cursor, len(drawing.plan.buckets) - 1)]
        return replace(filter, period=Period(None, bucket.since.isoformat(), bucket.until.isoformat()))

    def count_at_cursor(self) -> int:
        buckets = () if (drawing := self._drawing()) is None else drawing.plan.buckets
        return buckets[min(self.cursor, len(buckets) - 1)].total if buckets else 0

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        drawing = self._drawing()
        if drawing is None:
            words = f"  {NO_ROOM}" if self.enabled else ""
            return [strip((cut(words, width), DIM))]
        lines = [text_strip(line, width) for line in drawing.lines]
        buckets = drawing.plan.buckets
        cursor = min(self.cursor, len(buckets) - 1)
        if self.has_focus and buckets:
            column = drawing.left + cursor * drawing.plan.columns
            size = max(1, drawing.plan.columns - (1 if drawing.plan.columns >= 3 else 0))
            axis = len(lines) - 2
            lines[axis] = Strip.join(
                [lines[axis].crop(0, column), strip(("▲" * size, FOCUSED)), lines[axis].crop(column + size, width)]
            )
            counts = dict(zip(SERIES, buckets[cursor].counts, strict=True))
            name = days(buckets[cursor].since, buckets[cursor].until)
            before = None if self.previous is None else totals_before(drawing.plan, self.previous.daily)[cursor]
            return [legend(width, name, counts, before), *lines]
        return [legend(width, "", None, None if self.previous is None else 0), *lines]


def legend(width: int, name: str, counts: dict[StartStatus, int] | None, before: int | None = None) -> Strip:
    """The letters and colours of the series, in the longest form that fits.

    Shortened in this order: words to letters, no year, no counts of 0, short dates, no blocks of colour, single gaps.

    Args:
        width: cells of the line.
        name: the days of the bar under the cursor; empty without a cursor.
        counts: the counts of that bar; None without a cursor.
        before: all starts of the days that it is compared with; None if nothing is compared.
    """
    shown = chart_style()
    some = [status for status in LEGEND if counts is None or counts[status]]
    without_year = re.sub(r" \d{4}\b", "", name)
    short = _short_days(without_year)
    forms = (
        (name, True, LEGEND, True, 2),
        (name, True, LEGEND, True, 1),
        (name, False, LEGEND, True, 2),
        (without_year, False, LEGEND, True, 2),
        (without_year, False, some, True, 2),
        (short, False, some, True, 2),
        (short, False, some, False, 2),
        (short, False, some, False, 1),
    )
    for words, long, statuses, blocks, gap in forms:
        pieces: list[Piece] = [("  ", DIM), (f"{words} " if words else "", BOLD)]
        for status in statuses:
            block = f"{shown.glyph(status)} " if blocks and (long or not shown.ascii) else ""
            word = status_name(status) if long else STATUS_LETTER[status]
            count = "" if counts is None else f" {number(counts[status]) if long else short_number(counts[status])}"
            style = Style() if blocks else status_style(status)
            pieces += [(block, status_style(status)), (f"{word}{count}{' ' * gap}", style)]
        if before is not None:
            line = "-" if shown.ascii else "─"
            total = "" if counts is None else f" {number(before) if long else short_number(before)}"
            pieces.append((f"{line} {BEFORE}{total}{' ' * gap}", Style()))
        if sum(cell_len(text) for text, _ in pieces) <= width + gap:
            break
    return strip(*pieces)


def _short_days(name: str) -> str:
    """Days in fewer cells: `29–30 Oct`, `26 Oct–8 Nov`."""
    first, dash, last = name.partition(" – ")
    if not dash:
        return name
    number, _, month = first.partition(" ")
    return f"{number}–{last}" if last.endswith(month) else f"{first}–{last}"
