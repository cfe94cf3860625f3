"""What tiles and charts have in common: a heading, a cursor over their parts, and drawing only what has changed.

Knows no number: each panel takes its own part of the report.
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
from tui.data.drill import Pressed
from tui.data.worker_messages import Drill, Note, NothingThere
from tui.terminal.style import DIM, FOCUSED, HEADING, PLAIN, cut, cut_words
from tui.widgets.painted_widget import PaintedWidget
from tui.words.keys import Where, bindings

Piece = tuple[str, Style]
_YEAR, _YEARS = re.compile(r" \d{4}$"), re.compile(r"\b\d{4}\b")


def strip(*pieces: Piece) -> Strip:
    """A line made of pieces of text, each already safe and cut."""
    return Strip([Segment(text, style) for text, style in pieces if text])


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words where there are any."""
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
    """A panel's first line: its number, name and note, with a rule to the end."""
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
    """As many of a note's parts, which commas divide, as fit; a date can do without its year."""
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
        narrow_order: its turn where the terminal has room for one chart.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.PANEL)]

    key: ClassVar[str] = ""
    number: ClassVar[int] = 0
    title: ClassVar[str] = ""
    row: ClassVar[str] = ""
    stays_beside_details: ClassVar[bool] = False
    narrow_order: ClassVar[int] = 0

    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self) -> None:
        super().__init__(id=self.key)
        self.report: Report | None = None
        self._drawn: tuple[Hashable, list[Strip]] | None = None

    def part_of(self, report: Report) -> Hashable:
        """The part of a report that this panel shows: it is drawn anew only when that differs."""
        raise NotImplementedError

    def note(self) -> str:
        """What stands beside the title."""
        return ""

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        """The lines below the heading."""
        raise NotImplementedError

    def parts(self) -> int:
        """How many parts the cursor can stand on."""
        return 0

    def behind(self, filter: Filter) -> Filter | None:
        """The filter of the starts behind the part under the cursor; None where there are none."""
        return None

    def figure(self) -> int:
        """The number under the cursor."""
        return 1

    def pressed(self) -> Pressed | None:
        """The users under the cursor, where the starts behind them belong to others as well."""
        return None

    def figures(self, report: Report) -> list[tuple[str, ...]]:
        """What the panel shows as rows of text, the first one the names of the columns."""
        raise NotImplementedError

    def part_at(self, x: int, y: int) -> int | None:
        """The part at a cell of the panel, for the mouse."""
        return None

    def show(self, report: Report | None) -> None:
        """Takes another report, and repaints if its own part of it is another."""
        before = None if self.report is None else self.part_of(self.report)
        self.report = report
        if report is None or self.part_of(report) != before:
            self.cursor = max(0, min(self.cursor, self.parts() - 1))
            self.repaint()

    def repaint(self) -> None:
        """Draws again."""
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

    def marker(self, part: int) -> Piece:
        """The two cells before a part: an arrow where the cursor is."""
        on = self.has_focus and part == self.cursor
        return ("▸ ", FOCUSED) if on else ("  ", PLAIN)

    def watch_cursor(self) -> None:
        self.repaint()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.repaint()

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, self.parts() - 1))

    def action_move_to(self, part: int) -> None:
        self.cursor = part if part >= 0 else max(0, self.parts() - 1)

    def action_drill(self) -> None:
        if self.report is None or not self.parts():
            self.post_message(NothingThere())
            return
        found = self.behind(self.report.filter)
        if found is None or not self.figure():
            self.post_message(Note("no starts: the count is 0"))
        else:
            self.post_message(Drill(found, self.pressed()))

    def on_click(self, event: Click) -> None:
        part = self.part_at(event.x, event.y)
        if part is not None:
            if self.cursor == part and event.chain > 1:
                self.action_drill()
            self.cursor = part
