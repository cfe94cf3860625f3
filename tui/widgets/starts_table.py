"""The table of starts, one by one, grouped by notification or as a breakdown: draws the rows of a pager.

It requests only the rows on the screen and half a screen around them, so ten rows and ten million cost the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, cast

from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip

from storage.domain.folding import where_folded
from storage.language.texts import _, ngettext, pgettext
from storage.report.breakdown_comparison import ComparedRow
from storage.table.pages import NotificationRow, StartRow
from tui.data.breakdown_list import BreakdownList
from tui.data.pager import Pager, ScrollPosition
from tui.data.worker_messages import NothingToOpen, RowOpened
from tui.terminal.style import BOLD, CURSOR, DIM, KEY, MATCH, PLAIN, cut, fit
from tui.widgets import breakdown_columns, breakdown_window
from tui.widgets.breakdown_columns import PlacedColumn
from tui.widgets.columns import GAP, NOTIFICATIONS, STARTS, Column, placed, sorted_title
from tui.widgets.painted_widget import PaintedWidget
from tui.widgets.panel import Piece, heading, strip, wrapped
from tui.words.keys import Where, bindings
from tui.words.numbers import number
from tui.words.wording import BY_DIMENSION

Rows = Pager | BreakdownList
_SEARCHED = frozenset(
    (pgettext("column", "Contact"), pgettext("column", "Name"), pgettext("column", "Template"))
)  # the columns that a search looks at
_HEADER_LINES = 2  # lines above the first row: the heading and the names of the columns


class PagesRequested(Message):
    """The table needs pages of the pager that are not read yet."""

    def __init__(self, pager: Pager, pages: list[int]) -> None:
        self.pager, self.pages = pager, pages
        super().__init__()


class MarkRequested(Message):
    """The user pressed the key that marks the row of a breakdown under the cursor."""


class NoMoreColumns(Message):
    """The user pressed a key that scrolls columns where none is left to scroll to.

    Attributes:
        by: 1 to the right, -1 to the left.
    """

    def __init__(self, by: int) -> None:
        self.by = by
        super().__init__()


class StartsTable(PaintedWidget, can_focus=True):
    """The rows of one pager, with a cursor; `notice` is shown if there are no rows."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.TABLE)]
    number = 8

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.pager: Rows | None = None
        self.top = self.cursor = 0
        self.notice: tuple[str, ...] = ()
        self._notice_top = 0
        self.about = self.order = ""
        self._first_column = 0  # of a breakdown that is too wide
        self._highlight = ""

    @property
    def rows(self) -> int:
        """How many rows fit on the screen."""
        return max(0, self.size.height - _HEADER_LINES)

    @property
    def count(self) -> int:
        """How many rows there are in all."""
        return 0 if self.pager is None else self.pager.count

    def show(self, pager: Rows, about: str, order: str, position: ScrollPosition, notice: tuple[str, ...]) -> None:
        """Shows the rows of another pager.

        Args:
            pager: the rows.
            about: which rows they are, in words.
            order: how they are sorted, in words; empty for the newest first.
            position: the first row on the screen and the row under the cursor.
            notice: lines to show if there are no rows.
        """
        same = self._visible_state()
        if self.pager is not None and _source(pager) != _source(self.pager):
            self._highlight = ""
            self._first_column = 0
        if notice != self.notice:
            self._notice_top = 0
        self.pager, self.about, self.notice = pager, about, notice
        self.order = order
        self.cursor = max(0, min(position.cursor, pager.count - 1))
        self.top = position.top
        self._scroll_to_cursor()
        if self._visible_state() != same:
            self.refresh()

    def highlight(self, text: str) -> None:
        """Shows where rows contain a text, until they are rows of another filter; empty: nowhere."""
        if text != self._highlight:
            self._highlight = text
            self.refresh()

    def go_to(self, position: ScrollPosition) -> None:
        """Shows the rows from a position on, with the cursor on its row."""
        self.top = position.top
        self._move_cursor(position.cursor)

    def explain(self, notice: tuple[str, ...]) -> None:
        """Shows a notice while there is no pager, such as why the database cannot be read."""
        self.pager, self.notice, self._notice_top = None, notice, 0
        self.refresh()

    def stand_on(self, place: int) -> None:
        """Moves the cursor to a row, and draws all rows: their order may be another."""
        self.cursor = max(0, min(place, self.count - 1))
        self._scroll_to_cursor()
        self.refresh()

    def show_sorted_column(self) -> None:
        """Scrolls the columns of a breakdown so that the one that is sorted by is in view."""
        if isinstance(self.pager, BreakdownList):
            by, room = self.pager.sorting.by, self.size.width - 2
            self._first_column = breakdown_window.first_to_show(self.pager, room, self._first_column, by)
            self.refresh()

    def row(self) -> StartRow | NotificationRow | ComparedRow | None:
        """The row under the cursor; None if there is none or it is not read yet."""
        return None if self.pager is None else self.pager.row(self.cursor)

    def _visible_state(self) -> object:
        if self.pager is None:
            return None
        shown = [self.pager.row(place) for place in range(self.top, self.top + self.rows)]
        return shown, self.top, self.cursor, self.count, self.about, self.order, self.notice

    def on_resize(self, event: Resize) -> None:
        self._scroll_to_cursor()

    def _scroll_to_cursor(self) -> None:
        rows = max(1, self.rows)
        self.top = max(0, min(self.top, self.count - rows))
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + rows:
            self.top = self.cursor - rows + 1
        self._request_pages()

    def _request_pages(self) -> None:
        if not isinstance(self.pager, Pager) or self.rows == 0:
            return
        # Half a screen more on either side, so that the next page is already read.
        missing = self.pager.missing(self.top - self.rows // 2, self.top + self.rows + self.rows // 2)
        if missing:
            self.post_message(PagesRequested(self.pager, missing))

    def _move_cursor(self, cursor: int, by_page: int = 0) -> None:
        if not self.count:
            self._scroll_notice(cursor - self.cursor)
            return
        before = self.top, self.cursor
        self.cursor = max(0, min(cursor, self.count - 1))
        self.top += by_page
        self._scroll_to_cursor()
        if (self.top, self.cursor) != before:
            self.refresh()

    def action_move(self, by: int) -> None:
        self._move_cursor(self.cursor + by)

    def action_page(self, by: int) -> None:
        size = max(1, self.rows - 1)
        self._move_cursor(self.cursor + by * size, by * size)

    def action_move_to(self, place: int) -> None:
        if self.count:
            self._move_cursor(place if place >= 0 else self.count - 1)
        else:
            self._scroll_notice(len(self._notice_lines()) * (1 if place < 0 else -1))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Only rows of a breakdown can be marked: elsewhere the key is the dashboard's.
        return action != "mark" or isinstance(self.pager, BreakdownList)

    def action_scroll_columns(self, by: int) -> None:
        left = right = 0
        if isinstance(self.pager, BreakdownList):
            _, _, left, right = breakdown_window.window(self.pager, self.size.width - 2, self._first_column)
        if left if by < 0 else right:
            self._first_column = left + by
            self.refresh()
        else:
            self.post_message(NoMoreColumns(by))

    def action_mark(self) -> None:
        self.post_message(MarkRequested())

    def action_open(self) -> None:
        row = self.row()
        self.post_message(NothingToOpen() if row is None else RowOpened(row))

    def on_click(self, event: Click) -> None:
        place = self.top + event.y - _HEADER_LINES
        if event.y >= _HEADER_LINES and place < self.count:
            again = place == self.cursor
            self._move_cursor(place)
            if again:
                self.action_open()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self._move_cursor(self.cursor + 3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self._move_cursor(self.cursor - 3)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self.size.width
        if width < 4:
            return Strip.blank(width)
        if y == 0:
            return heading(self.number, self._title(), self._position(), width, self.has_focus)
        if not self.count:
            return self._notice(y, width)
        if isinstance(self.pager, BreakdownList):
            return self._breakdown_line(self.pager, y, width)
        columns = self._columns(width)
        if y == 1:
            return strip((" ", PLAIN), *self._titles(columns)).adjust_cell_length(width)
        return self._row(self.top + y - _HEADER_LINES, columns, width)

    def _titles(self, columns: tuple[tuple[Column[StartRow], int], ...]) -> Iterator[Piece]:
        """The names of the columns; of notifications, the sorted one has an arrow."""
        by, arrow = "", ""
        if isinstance(self.pager, Pager) and self.pager.grouped:
            titles = [column.title for column, _ in columns]
            by, arrow = sorted_title(titles, self.pager.group_order, self.pager.group_reverse)
        for column, cells in columns:
            title, style = column.title, DIM
            if title == by:
                title, style = f"{cut(title, cells - 1)}{arrow}", BOLD
            yield fit(title, cells, column.right) + " " * GAP, style

    def _breakdown_line(self, rows: BreakdownList, y: int, width: int) -> Strip:
        """The headings or a row of a breakdown."""
        columns = breakdown_columns.placed(rows, width - 2, self._first_column)
        if y == 1:
            return self._breakdown_header(rows, columns, width)
        place = self.top + y - _HEADER_LINES
        one = rows.row(place)
        if one is None:
            return Strip.blank(width)
        mark, under = self._mark(place)
        name, *cells = breakdown_columns.cells(one, columns, under)
        return strip(mark, *self._highlighted(*name), *cells).adjust_cell_length(width, under)

    def _breakdown_header(self, rows: BreakdownList, columns: list[PlacedColumn], width: int) -> Strip:
        """The headings, with an arrow at an edge beyond which there are more columns."""
        _, _, left, right = breakdown_window.window(rows, width - 2, self._first_column)
        line = strip(("←" if left else " ", KEY), *breakdown_columns.header(rows, columns))
        return Strip.join([line.adjust_cell_length(width - 1), strip(("→" if right else " ", KEY))])

    def _mark(self, place: int) -> tuple[Piece, Style | None]:
        """The mark of the row under the cursor, and the one style that the row has from edge to edge; else None."""
        if place != self.cursor:
            return (" ", PLAIN), None
        if self.has_focus:
            return ("▸", CURSOR), CURSOR
        return ("▸", DIM), None

    def _title(self) -> str:
        if isinstance(self.pager, BreakdownList):
            return _("Starts by {dimension}").format(dimension=BY_DIMENSION[self.pager.dimension])
        if self.pager is not None and self.pager.grouped:
            return _("Notifications")
        return _("Starts{order}").format(order=self.order) if self.order else _("Last starts")

    def _position(self) -> str:
        if not self.count:
            return self.about
        below = self.count - self.top - self.rows
        text = _("{place} of {count}, {below} below") if below > 0 else _("{place} of {count}")
        place = text.format(place=number(self.cursor + 1), count=number(self.count), below=number(below))
        return f"{place}   {self.about}" if self.about else place

    def _columns(self, width: int) -> tuple[tuple[Column[StartRow], int], ...]:
        # Both kinds of columns are drawn alike, so the type of the notifications table is cast to that of the starts.
        room = width - 2
        if self.pager is not None and self.pager.grouped:
            return cast("tuple[tuple[Column[StartRow], int], ...]", placed(NOTIFICATIONS, room))
        return placed(STARTS, room)

    def _row(self, place: int, columns: tuple[tuple[Column[StartRow], int], ...], width: int) -> Strip:
        if self.pager is None or place >= self.count:
            return Strip.blank(width)
        row = cast("StartRow | None", self.pager.row(place))
        mark, under = self._mark(place)
        if row is None:
            return strip(mark, ("…", under or DIM)).adjust_cell_length(width, under)
        pieces: list[Piece] = [mark]
        for column, cells in columns:
            text = column.text(row)
            shown, style = fit(text, cells, column.right), under or (column.style(row) if text else PLAIN)
            pieces += self._highlighted(shown, style) if column.title in _SEARCHED else ((shown, style),)
            pieces.append((" " * GAP, under or PLAIN))
        return strip(*pieces).adjust_cell_length(width, under)

    def _highlighted(self, text: str, style: Style) -> list[Piece]:
        """A cell in pieces, with the part that the search looks for."""
        found = where_folded(text, self._highlight) if self._highlight else None
        if found is None:
            return [(text, style)]
        begin, end = found
        return [(text[:begin], style), (text[begin:end], style + MATCH), (text[end:], style)]

    def _notice(self, y: int, width: int) -> Strip:
        lines = self._notice_lines()
        line = y - _HEADER_LINES
        if y == self.size.height - 1 and 0 <= line < len(lines) - self._notice_top - 1:
            left = len(lines) - self._notice_top - line
            more = ngettext("{count} more line: 8, then ↓", "{count} more lines: 8, then ↓", left).format(count=left)
            return strip((cut(f"  {more}", width), DIM)).adjust_cell_length(width)
        line += self._notice_top
        if self._notice_top <= line < len(lines):
            text, style = lines[line]
            return strip(("  ", PLAIN), (text, style))
        return Strip.blank(width)

    def _notice_lines(self) -> list[Piece]:
        """The notice as lines of the table's width, broken between words."""
        found: list[Piece] = []
        for place, paragraph in enumerate(self.notice):
            style = BOLD if place == 0 else PLAIN
            found += [(line, style) for line in wrapped(paragraph, max(10, self.size.width - 3))]
        return found

    def _scroll_notice(self, by: int) -> None:
        bottom = max(0, len(self._notice_lines()) - self.rows)
        self._notice_top = max(0, min(self._notice_top + by, bottom))
        self.refresh()


def _source(rows: Rows) -> object:
    """What rows are read from: a filter, or the dimension of a breakdown."""
    return rows.dimension if isinstance(rows, BreakdownList) else rows.filter
