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
from storage.report.report import Report
from tui.data.drill import narrowed
from tui.terminal.style import BOLD, DIM, FOCUSED, STATUS_LETTER, chart_style, cut, cut_words, status_style
from tui.widgets.buckets import SERIES
from tui.widgets.panel import Panel, Piece, strip
from tui.words.numbers import number, percent, short_number
from tui.words.wording import days, status_name

if TYPE_CHECKING:
    from tui.widgets.plots import Drawing

STEP_STATUSES = {
    "sent": frozenset((StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)),
    "delivered": frozenset((StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)),
    "read": frozenset((StartStatus.READ, StartStatus.ANSWERED)),
    "answered": frozenset((StartStatus.ANSWERED,)),
}
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


class DailyChart(DrawnChart):
    """Sends by status and referred starts over the days of the period, in stacked bars."""

    key = "daily"
    number = 5
    title = "Daily evolution"
    row = "pair"
    stays_beside_details = True
    narrow_order = 0

    def shown_data(self, report: Report) -> Hashable:
        return report.daily

    def note(self) -> str:
        drawing = self._drawing()
        if self.report is None or drawing is None:
            return ""
        step = drawing.plan.step.removeprefix("1 ")
        return f"starts per {step}, {days(self.report.since, self.report.until)}"

    def item_count(self) -> int:
        drawing = self._drawing()
        return 0 if drawing is None else len(drawing.plan.buckets)

    def _drawing(self) -> Drawing | None:
        """The chart at its present size; None if it does not fit or plotext is not imported yet."""
        if self.report is None or not self.enabled:
            return None
        from tui.widgets import plots

        return plots.daily(self.report.daily, self.size.width, self.size.height - 2, chart_style())

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        names = ("day", "failed", "sent", "delivered", "read", "answered", "referred")
        rows = (
            (day.day.isoformat(), *(str(getattr(day.status, name)) for name in names[1:-1]), str(day.referred))
            for day in report.daily
        )
        return [names, *rows]

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
            words = "  not enough room for this chart" if self.enabled else ""
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
            return [legend(width, days(buckets[cursor].since, buckets[cursor].until), counts), *lines]
        return [legend(width, "", None), *lines]


def legend(width: int, name: str, counts: dict[StartStatus, int] | None) -> Strip:
    """The letters and colours of the series, in the longest form that fits.

    Shortened in this order: words to letters, no year, no counts of 0, short dates, no blocks of colour, single gaps.

    Args:
        width: cells of the line.
        name: the days of the bar under the cursor; empty without a cursor.
        counts: the counts of that bar; None without a cursor.
    """
    shown = chart_style()
    some = [status for status in LEGEND if counts is None or counts[status]]
    without_year = re.sub(r" \d{4}\b", "", name)
    short = _short_days(without_year)
    forms = (
        (name, True, LEGEND, True, 2),
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


def _fitting(count: int, cells: int) -> str:
    full = number(count)
    return full if len(full) <= cells else short_number(count)


class FunnelChart(DrawnChart):
    """Sent, delivered, read, answered: centred bars with count, share of the previous step and of the first."""

    key = "funnel"
    number = 6
    title = "Funnel"
    row = "pair"
    narrow_order = 2

    def shown_data(self, report: Report) -> Hashable:
        return (report.funnel, self.of_period, self.of_this_week)

    of_period = False
    of_this_week = True

    def note(self) -> str:
        if self.report is None:
            return ""
        funnel = self.report.funnel
        words = "period" if self.of_period else "this week" if self.of_this_week else "its last week"
        return f"{words}, {days(funnel.since, funnel.until)}"

    def item_count(self) -> int:
        return 0 if self.report is None else len(self.report.funnel.steps)

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        def text(value: float | None) -> str:
            return "" if value is None else str(value)

        rows = (
            (step.step, str(step.count), text(step.of_previous), text(step.of_first)) for step in report.funnel.steps
        )
        return [("step", "count", "of_previous", "of_first"), *rows]

    def item_at(self, x: int, y: int) -> int | None:
        rows = self._rows(self.size.height - 1)
        part = (y - 2) // rows if y >= 2 else -1
        return part if 0 <= part < self.item_count() else None

    def _rows(self, height: int) -> int:
        return max(1, min(4, (height - 1) // max(1, self.item_count())))

    def drill_filter(self, filter: Filter) -> Filter | None:
        if self.report is None:
            return None
        funnel = self.report.funnel
        found = narrowed(filter, STEP_STATUSES[funnel.steps[self.cursor].step])
        if found is None or self.of_period:
            return found
        return replace(found, period=Period(None, funnel.since.isoformat(), funnel.until.isoformat()))

    def count_at_cursor(self) -> int:
        return 0 if self.report is None else self.report.funnel.steps[self.cursor].count

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        steps = report.funnel.steps
        if height < len(steps) + 1 or width < 42:
            return [strip((cut("  not enough room for this chart", width), DIM))]
        rows = self._rows(height)
        left, count_width, share_width = 14, 8, 17
        middle = min(60, width - left - count_width - share_width - 1)
        counts = tuple((step.step, step.count) for step in steps)
        drawn = self._bars(counts, middle, rows * len(steps))
        head = f"{'':{left + max(0, middle) + 1}}{'count':>{count_width}}{'of prev':>8}{'of first':>9}"
        lines = [strip((cut(head, width), DIM))]
        for index, step in enumerate(steps):
            for row in range(rows):
                picture = (
                    text_strip(drawn[index * rows + row], middle)
                    if drawn is not None and index * rows + row < len(drawn)
                    else Strip.blank(max(0, middle))
                )
                has_numbers = row == (rows - 1) // 2
                lines.append(self._line(index, step.step, picture, has_numbers, left, report))
        if not steps[0].count:
            lines[0] = strip(("  ", DIM), (cut_words("No sends in this period.", width - 2), DIM))
        return lines

    def _bars(self, counts: tuple[tuple[str, int], ...], width: int, height: int) -> tuple[Text, ...] | None:
        if not self.enabled or width < 4:
            return None
        from tui.widgets import plots

        return plots.funnel(counts, width, height, chart_style())

    def _line(self, index: int, name: str, picture: Strip, has_numbers: bool, left: int, report: Report) -> Strip:
        if not has_numbers:
            return Strip.join([strip((" " * left, Style())), picture])
        step = report.funnel.steps[index]
        status = StartStatus(name)
        label = strip(
            self.marker(index),
            (STATUS_LETTER[status] + " ", status_style(status, bold=True)),
            (f"{status_name(status):<{left - 4}}", Style()),
        )
        shares = f"{percent(step.of_previous):>8}{percent(step.of_first):>9}"
        numbers = strip((f" {_fitting(step.count, 8):>8}", BOLD), (shares, Style()))
        return Strip.join([label, picture, numbers])
