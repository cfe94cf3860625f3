"""What tiles and charts have in common: a heading, a cursor over their items, and redrawing only on changes.

Knows no number: each panel reads its own part of the report.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.reactive import reactive
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.report.report import Report
from tui.data.drill import CountedUsers
from tui.data.worker_messages import Drill, Note, NothingToOpen
from tui.terminal.style import DIM, FOCUSED, HEADING, PLAIN, cut, cut_words
from tui.widgets.painted_widget import PaintedWidget
from tui.words.keys import Where, bindings
from tui.words.unavailable import NO_STARTS

Piece = tuple[str, Style]
_YEAR, _YEARS = re.compile(r" \d{4}$"), re.compile(r"\b\d{4}\b")


def strip(*pieces: Piece) -> Strip:
    """A line made of pieces of text, each already safe and of its final width."""
    return Strip([Segment(text, style) for text, style in pieces if text])


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words; a word is broken only if it is longer."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if cell_len(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = chop_cells(word, width) if cell_len(word) > width else (word,)
            lines += full
        lines.append(line)
    return lines


def heading(number: int | str, title: str, note: str, width: int, focused: bool) -> Strip:
    """A panel's first line: its number, title and note, with a rule to the right edge.

    Args:
        number: the key that goes to the panel; empty for none.
        title: shortened if it does not fit.
        note: beside the title, if it fits.
        width: cells of the line.
        focused: whether the panel has the focus.
    """
    front = f"{'▸' if focused else ' '}{number} " if number != "" else " "
    title = cut_words(title, max(0, width - len(front)))
    left = width - len(front) - cell_len(title)
    note = f"  {_shortened(note, left - 3)}" if note and left > 3 else ""
    rule = "─" * max(0, left - cell_len(note) - 1)
    return strip(
        (cut(front, width), FOCUSED if focused else DIM),
        (title, FOCUSED if focused else HEADING),
        (note, DIM),
        (f" {rule}" if left - cell_len(note) >= 1 else "", DIM),
    )


def _shortened(note: str, width: int) -> str:
    """The note without its year if it has one year only, then without its last parts, which commas separate."""
    if cell_len(note) > width and len(_YEARS.findall(note)) == 1:
        note = _YEAR.sub("", note)
    while cell_len(note) > width and ", " in note:
        note = note.rpartition(", ")[0]
    return cut_words(note, width)


class Panel(PaintedWidget, can_focus=True):
    """One panel of the dashboard, made of items that Enter opens.

    A chart is a subclass that sets the attributes below, and an entry in `charts.CHARTS`.

    Attributes:
        key: its name in the program, and the id of its widget.
        number: the key that goes to it.
        title: its heading.
        row: the row of the dashboard that it is in, one of `charts.ROWS`.
        stays_beside_details: whether it stays on the screen beside the details of one start.
        narrow_order: its position in the order of charts if the terminal has room for one.
        compares: whether it tells changes; if so, `previous` is the report of the period before, or None.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.PANEL)]

    key: ClassVar[str] = ""
    number: ClassVar[int] = 0
    title: ClassVar[str] = ""
    row: ClassVar[str] = ""
    stays_beside_details: ClassVar[bool] = False
    narrow_order: ClassVar[int] = 0
    compares: ClassVar[bool] = False

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self) -> None:
        super().__init__(id=self.key)
        self.report: Report | None = None
        self.previous: Report | None = None
        self._drawn: tuple[Hashable, list[Strip]] | None = None

    def shown_data(self, report: Report) -> Hashable:
        """The part of a report that this panel shows; the panel is redrawn only if it differs."""
        raise NotImplementedError

    def note(self) -> str:
        """The text beside the title."""
        return ""

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        """The lines below the heading, at most `height` lines of `width` cells."""
        raise NotImplementedError

    def item_count(self) -> int:
        """How many items the cursor can select."""
        return 0

    def drill_filter(self, filter: Filter) -> Filter | None:
        """`filter` narrowed to the starts of the item under the cursor; None if there can be none."""
        return None

    def count_at_cursor(self) -> int:
        """The count of the item under the cursor; Enter opens nothing if it is 0."""
        return 1

    def counted_users(self) -> CountedUsers | None:
        """The count of users under the cursor, if its starts can include other users; None if they cannot."""
        return None

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        """The numbers of the panel as rows of text, to copy or save; the first row has the names of the columns."""
        raise NotImplementedError

    def item_row(self, report: Report) -> tuple[str, ...] | None:
        """The numbers of the item under the cursor as texts, to copy; None if there is none."""
        rows = self.as_table(report)[1:]
        return rows[self.cursor] if self.cursor < len(rows) else None

    def item_at(self, x: int, y: int) -> int | None:
        """The item at cell (x, y) of the panel, for the mouse; None if there is none."""
        return None

    def show(self, report: Report | None, previous: Report | None = None) -> None:
        """Takes a report and the one that it is compared with, and repaints if the data that it shows has changed."""
        before = self._data()
        self.report, self.previous = report, previous if self.compares else None
        if report is None or self._data() != before:
            self.cursor = max(0, min(self.cursor, self.item_count() - 1))
            self.repaint()

    def _data(self) -> list[Hashable]:
        return [None if report is None else self.shown_data(report) for report in (self.report, self.previous)]

    def repaint(self) -> None:
        """Redraws the panel."""
        self._drawn = None
        self.refresh()

    def draw_line(self, y: int) -> Strip:
        width, height = self.size
        state = (width, height, self.has_focus, self.cursor)
        if self._drawn is None or self._drawn[0] != state:
            self._drawn = (state, self._lines(width, height))
        lines = self._drawn[1]
        return lines[y].crop(0, width) if y < len(lines) else Strip.blank(width)

    def _lines(self, width: int, height: int) -> list[Strip]:
        if width < 1 or height < 1:
            return []
        lines = [heading(self.number, self.title, self.note(), width, self.has_focus)]
        if self.report is not None and height > 1:
            lines += self.body(self.report, width, height - 1)
        return lines[:height]

    def marker(self, item: int) -> Piece:
        """The two cells before an item: an arrow if the cursor is on it."""
        on = self.has_focus and item == self.cursor
        return ("▸ ", FOCUSED) if on else ("  ", PLAIN)

    def watch_cursor(self) -> None:
        self.repaint()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.repaint()

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, self.item_count() - 1))

    def action_move_to(self, item: int) -> None:
        self.cursor = item if item >= 0 else max(0, self.item_count() - 1)

    def action_drill(self) -> None:
        if self.report is None or not self.item_count():
            self.post_message(NothingToOpen())
            return
        found = self.drill_filter(self.report.filter)
        if found is None or not self.count_at_cursor():
            self.post_message(Note(NO_STARTS))
        else:
            self.post_message(Drill(found, self.counted_users()))

    def on_click(self, event: Click) -> None:
        item = self.item_at(event.x, event.y)
        if item is not None:
            if self.cursor == item and event.chain > 1:
                self.action_drill()
            self.cursor = item
