"""The columns of the two tables: which fit a width, how wide each is, and the text of each cell. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.style import Style

from storage.domain.failures import explain_kind
from storage.domain.proportions import Rate
from storage.domain.vocabulary import StartStatus
from storage.language.texts import pgettext
from storage.report.notifications import GroupOrder
from storage.table.pages import NotificationRow, StartRow
from tui.terminal.style import BOLD, DIM, PLAIN, STATUS_LETTER, safe, status_style
from tui.words.numbers import NO_VALUE, percent, short_number
from tui.words.wording import SHORT_ORIGINS, STATUS_NAMES, USER_TYPE_NAMES, day, name_shown, short_moment, status_name

Row = TypeVar("Row", StartRow, NotificationRow)
GAP = 2  # cells between two columns


class Column(NamedTuple, Generic[Row]):
    """One column.

    Attributes:
        title: its heading.
        width: its minimum width in cells.
        rank: columns with the highest rank are left out first if the table is too narrow.
        text: the text of a row in this column.
        grows: its share of spare cells, relative to the other columns; 0 for none.
        right: whether its text is aligned right.
        style: the style of a row in this column.
    """

    title: str
    width: int
    rank: int
    text: Callable[[Row], str]
    grows: int = 0
    right: bool = False
    style: Callable[[Row], Style] = lambda row: PLAIN


def _column(
    title: str,
    width: int,
    rank: int,
    text: Callable[[Row], str],
    grows: int = 0,
    right: bool = False,
    style: Callable[[Row], Style] = lambda row: PLAIN,
) -> Column[Row]:
    """A column that is wide enough for its heading, in any language."""
    return Column(title, max(width, cell_len(title)), rank, text, grows, right, style)


def _why(row: StartRow) -> str:
    if row.status is not StartStatus.FAILED:
        return ""
    name = explain_kind(row.reason or "other", row.code).title
    if row.reason == "other" and row.failure_text:
        name = safe(row.failure_text)
    return name if row.code is None else f"{name} ({row.code})"


def _status(row: StartRow) -> str:
    return f"{STATUS_LETTER[row.status]} {status_name(row.status)}"


_STATUS = max(11, 2 + max(map(cell_len, STATUS_NAMES.values())))  # cells of a status
_USER_TYPE = max(9, *map(cell_len, USER_TYPE_NAMES.values()))  # cells of a user type
STARTS: tuple[Column[StartRow], ...] = (
    _column(pgettext("column", "Time"), 12, 0, lambda row: short_moment(row.at)),
    _column(pgettext("column", "Status"), _STATUS, 0, _status, style=lambda row: status_style(row.status, bold=True)),
    _column(pgettext("column", "Contact"), 13, 1, lambda row: safe(row.contact) or NO_VALUE),
    _column(pgettext("column", "Name"), 12, 4, lambda row: safe(row.name), grows=2),
    _column(pgettext("column", "Template"), 20, 1, lambda row: name_shown(row.template) or NO_VALUE, grows=4),
    _column(pgettext("column", "Line"), 14, 6, lambda row: name_shown(row.line), grows=1),
    _column(pgettext("column", "Started by"), 10, 5, lambda row: SHORT_ORIGINS[row.origin], style=lambda row: DIM),
    _column(
        pgettext("column", "User"), _USER_TYPE, 5, lambda row: USER_TYPE_NAMES[row.user_type], style=lambda row: DIM
    ),
    _column(
        pgettext("column", "Why it failed"), 14, 2, _why, grows=5, style=lambda row: status_style(StartStatus.FAILED)
    ),
)


def _count(title: str, status: StartStatus, count: Callable[[NotificationRow], int]) -> Column[NotificationRow]:
    """A column of the sends that got so far, in the colour of their status."""
    return _column(
        title,
        6,
        0,
        lambda row: short_number(count(row)),
        right=True,
        style=lambda row: status_style(status) if count(row) else DIM,
    )


def _rate(title: str, rank: int, rate: Callable[[NotificationRow], Rate]) -> Column[NotificationRow]:
    """A column of a rate; of a base under 30 there is none."""
    return _column(title, 8, rank, lambda row: percent(rate(row).shown), right=True, style=lambda row: DIM)


NOTIFICATIONS: tuple[Column[NotificationRow], ...] = (
    _column(pgettext("column", "Day"), 9, 0, lambda row: f"{day(row.day):>6} {row.day.year % 100:02}"),
    _column(
        pgettext("column", "Template"), 14, 0, lambda row: name_shown(row.template), grows=4, style=lambda row: BOLD
    ),
    _column(pgettext("column", "Line"), 14, 4, lambda row: name_shown(row.line), grows=1),
    _column(pgettext("column", "Users"), 6, 1, lambda row: short_number(row.users), right=True),
    _column(pgettext("column", "Sends"), 6, 0, lambda row: short_number(row.sends), right=True),
    _count(pgettext("column", "Deliv."), StartStatus.DELIVERED, lambda row: row.delivered),
    _rate(pgettext("column", "Deliv.%"), 7, lambda row: row.rates.delivered),
    _count(pgettext("column", "Read"), StartStatus.READ, lambda row: row.read),
    _rate(pgettext("column", "Read %"), 6, lambda row: row.rates.read),
    _count(pgettext("column", "Answ."), StartStatus.ANSWERED, lambda row: row.answered),
    _rate(pgettext("column", "Answ.%"), 5, lambda row: row.rates.answered),
    _count(pgettext("short column", "Failed"), StartStatus.FAILED, lambda row: row.failed),
    _rate(pgettext("column", "Failed%"), 5, lambda row: row.rates.failed),
)


# The column that is sorted by, or the next one if that is not on the screen.
_SORTED: dict[GroupOrder, tuple[str, ...]] = {
    GroupOrder.DAY: (pgettext("column", "Day"),),
    GroupOrder.TEMPLATE: (pgettext("column", "Template"),),
    GroupOrder.LINE: (pgettext("column", "Line"),),
    GroupOrder.USERS: (pgettext("column", "Users"),),
    GroupOrder.SENDS: (pgettext("column", "Sends"),),
    GroupOrder.DELIVERED: (pgettext("column", "Deliv.%"), pgettext("column", "Deliv.")),
    GroupOrder.READ: (pgettext("column", "Read %"), pgettext("column", "Read")),
    GroupOrder.ANSWERED: (pgettext("column", "Answ.%"), pgettext("column", "Answ.")),
    GroupOrder.FAILED: (pgettext("column", "Failed%"), pgettext("short column", "Failed")),
}
_FROM_A = (GroupOrder.TEMPLATE, GroupOrder.LINE)


def sorted_title(titles: Collection[str], order: GroupOrder, reverse: bool) -> tuple[str, str]:
    """The title of the column that notifications are sorted by, and its arrow: up where the smallest comes first."""
    title = next((title for title in _SORTED[order] if title in titles), "")
    return title, "▲" if (order in _FROM_A) is not reverse else "▾"


@lru_cache(maxsize=16)
def placed(columns: tuple[Column[Row], ...], width: int) -> tuple[tuple[Column[Row], int], ...]:
    """The columns that fit `width` cells, each with its width; spare cells go to the columns that grow."""
    shown = list(columns)
    while len(shown) > 1 and _needed(shown) > width:
        shown.remove(max(shown, key=lambda column: (column.rank, columns.index(column))))
    spare = max(0, width - _needed(shown))
    shares = sum(column.grows for column in shown)
    cells = [column.width + (spare * column.grows // shares if shares else 0) for column in shown]
    growing = [index for index, column in enumerate(shown) if column.grows]
    if growing:
        cells[growing[-1]] += max(0, width - sum(cells) - GAP * (len(cells) - 1))
    return tuple(zip(shown, cells, strict=True))


def _needed(columns: list[Column[Row]]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)
