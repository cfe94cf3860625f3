"""The funnel: `plots` draws the bars; this adds names, counts, shares and, compared, the changes below them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.domain.proportions import Rate
from storage.domain.vocabulary import StartStatus
from storage.language.texts import _, pgettext
from storage.report.report import FunnelStep, Report
from tui.data.drill import AT_LEAST, narrowed
from tui.terminal.style import BOLD, DIM, PLAIN, STATUS_LETTER, chart_style, cut, cut_words, status_style
from tui.widgets.drawn_charts import NO_ROOM, DrawnChart, text_strip
from tui.widgets.panel import strip
from tui.words import file_headings
from tui.words.numbers import NO_VALUE, number, percent, short_number
from tui.words.wording import STATUS_NAMES, days, status_name


class FunnelChart(DrawnChart):
    """Sent, delivered, read, answered: centred bars with count, share of the previous step and of the first."""

    key = "funnel"
    number = 6
    title = _("Funnel")
    row = "pair"
    narrow_order = 2
    compares = True

    def shown_data(self, report: Report) -> Hashable:
        return (report.funnel, self.of_period, self.of_this_week)

    of_period = False
    of_this_week = True

    def note(self) -> str:
        if self.report is None:
            return ""
        funnel = self.report.funnel
        text = _("its last week, {days}")
        if self.of_period:
            text = _("period, {days}")
        elif self.of_this_week:
            text = _("this week, {days}")
        return text.format(days=days(funnel.since, funnel.until))

    def item_count(self) -> int:
        return 0 if self.report is None else len(self.report.funnel.steps)

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        def text(value: float | None) -> str:
            return "" if value is None else str(value)

        rows = (
            (step.step, str(step.count), text(step.of_previous), text(step.of_first)) for step in report.funnel.steps
        )
        return [file_headings.FUNNEL, *rows]

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
        found = narrowed(filter, AT_LEAST[StartStatus(funnel.steps[self.cursor].step)])
        if found is None or self.of_period:
            return found
        return replace(found, period=Period(None, funnel.since.isoformat(), funnel.until.isoformat()))

    def count_at_cursor(self) -> int:
        return 0 if self.report is None else self.report.funnel.steps[self.cursor].count

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        steps = report.funnel.steps
        if height < len(steps) + 1 or width < 42:
            return [strip((cut(f"  {NO_ROOM}", width), DIM))]
        rows = self._rows(height)
        columns = self._columns(report, rows, width)
        middle = max(0, min(60, width - _LEFT - sum(column.width for column in columns) - 1))
        counts = tuple((step.step, step.count) for step in steps)
        drawn = self._bars(counts, middle, rows * len(steps))
        heads = "".join(f"{column.head:>{column.width}}" for column in columns)
        lines = [strip((cut(f"{'':{_LEFT + middle + 1}}{heads}", width), DIM))]
        for index, step in enumerate(steps):
            numbers = (rows - 1) // 2
            for row in range(rows):
                at = index * rows + row
                picture = (
                    text_strip(drawn[at], middle) if drawn is not None and at < len(drawn) else Strip.blank(middle)
                )
                label = self._label(index, step) if row == numbers else strip((" " * _LEFT, PLAIN))
                cells = [column.cell(index, row - numbers) for column in columns]
                figures = strip((" ", PLAIN), *((f"{text:>{width}}", style) for text, style, width in cells))
                lines.append(Strip.join([label, picture, figures]))
        if not steps[0].count:
            lines[0] = strip(("  ", DIM), (cut_words(_("No sends in this period."), width - 2), DIM))
        return lines

    def _label(self, index: int, step: FunnelStep) -> Strip:
        status = StartStatus(step.step)
        return strip(
            self.marker(index),
            (STATUS_LETTER[status] + " ", status_style(status, bold=True)),
            (f"{status_name(status):<{_LEFT - 4}}", PLAIN),
        )

    def _bars(self, counts: tuple[tuple[str, int], ...], width: int, height: int) -> tuple[Text, ...] | None:
        if not self.enabled or width < 4:
            return None
        from tui.widgets import plots

        return plots.funnel(counts, width, height, chart_style())

    def _columns(self, report: Report, rows: int, width: int) -> list[_Column]:
        """The columns of numbers. Changes are below their numbers, or beside them if a step has one row only."""
        steps = report.funnel.steps
        count = _Column(pgettext("column", "count"), 8, tuple((_fitting(step.count, 8), BOLD) for step in steps))
        of_previous = _Column(
            pgettext("column", "of prev"), 8, tuple((percent(step.of_previous), PLAIN) for step in steps)
        )
        of_first = _Column(pgettext("column", "of first"), 9, tuple((percent(step.of_first), PLAIN) for step in steps))
        if self.previous is None:
            return [count, of_previous, of_first]
        changes = _changes(steps, self.previous.funnel.steps)
        if rows > 1:
            return [
                column._replace(below=change.cells)
                for column, change in zip((count, of_previous, of_first), changes, strict=True)
            ]
        beside = [count, changes[0], of_previous, changes[1], of_first, changes[2]]
        if _LEFT + sum(column.width for column in beside) < width:
            return beside
        return [count, changes[0], of_first, changes[2]]


_LEFT = 5 + max(9, *map(cell_len, STATUS_NAMES.values()))  # cells of the marker, the letter, the name and a gap


class _Column(NamedTuple):
    """A column of numbers: its heading, its width, a cell for each step, and what is below each of them."""

    head: str
    width: int
    cells: tuple[tuple[str, Style], ...]
    below: tuple[tuple[str, Style], ...] = ()

    def cell(self, step: int, row: int) -> tuple[str, Style, int]:
        """The text, style and width in a row, counted from the one with the numbers."""
        of_row = self.cells if row == 0 else self.below if row == 1 else ()
        return (*(of_row[step] if of_row else ("", PLAIN)), self.width)


def _changes(steps: Sequence[FunnelStep], before: Sequence[FunnelStep]) -> tuple[_Column, _Column, _Column]:
    """The changes of the counts, of the shares of the step before, and of the shares of the first step."""
    # Only a comparison needs it, and the first screen comes sooner without it.
    from tui.words.changes import SHORT_UNCLEAR, count_change, shortest_rate_change

    counts = [(count_change(old.count, new.count, short=True), PLAIN) for old, new in zip(before, steps, strict=True)]
    of_previous, of_first = [("", PLAIN)], [("", PLAIN)]
    for index in range(1, len(steps)):
        for bases, column in ((index - 1, of_previous), (0, of_first)):
            old, new = (Rate(some[index].count, some[bases].count) for some in (before, steps))
            shortest = shortest_rate_change(old, new)
            column.append((shortest, DIM if shortest in (SHORT_UNCLEAR, NO_VALUE) else PLAIN))
    return (
        _Column(pgettext("column", "change"), 8, tuple(counts)),
        _Column(pgettext("column", "points"), 8, tuple(of_previous)),
        _Column(pgettext("column", "points"), 9, tuple(of_first)),
    )


def _fitting(count: int, cells: int) -> str:
    full = number(count)
    return full if len(full) <= cells else short_number(count)
