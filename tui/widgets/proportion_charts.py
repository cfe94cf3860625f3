"""The proportion charts: answered, status, new and recurrent.

Each part has a letter and words besides its colour, for terminals and people without colours.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from rich.style import Style
from textual.strip import Strip

from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus, UserType
from storage.language.texts import _, ngettext, pgettext
from storage.report.report import Report
from tui.data.drill import ARRIVED, UNANSWERED, CountedUsers, narrowed
from tui.terminal.style import (
    BOLD,
    DIM,
    PLAIN,
    STATUS_LETTER,
    chart_style,
    cut_words,
    fit,
    status_fill,
    status_style,
)
from tui.widgets.panel import Panel, strip
from tui.words import file_headings
from tui.words.numbers import number, share_of, short_number
from tui.words.wording import USER_TYPE_NAMES, status_name


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole.

    Attributes:
        letter: its letter in the bar.
        name: its name in the legend.
        count: how many it counts.
        text: the style of its name.
        fill: the style of its piece of the bar.
        filler: the character that fills its piece of the bar, around its letter.
    """

    letter: str
    name: str
    count: int
    text: Style
    fill: Style
    filler: str

    @property
    def box(self) -> str:
        """Its letter as shown before its name, three cells wide."""
        return self.letter.center(3, " " if self.filler == self.letter else self.filler)


_ANSWERED, _NOT_ANSWERED = pgettext("users", "Answered"), pgettext("users", "Not answered")
_SHORTER = {_NOT_ANSWERED: pgettext("users", "No answer")}


def status_part(status: StartStatus, count: int, name: str | None = None) -> Part:
    """A part that counts one status; `name` replaces the name of the status."""
    shown = chart_style()
    fill = status_fill(status) if shown.colored else PLAIN
    filler = " " if shown.solid else shown.glyph(status)
    text = status_style(status, bold=True)
    return Part(STATUS_LETTER[status], name or status_name(status), count, text, fill, filler)


def neutral_part(letter: str, name: str, count: int) -> Part:
    """A part for the rest, in grey."""
    return _part(letter, name, count, BOLD, Style(color="white", bgcolor="bright_black"), "·")


def _part(letter: str, name: str, count: int, text: Style, fill: Style, texture: str) -> Part:
    """A part that is not a status; without colours `texture` fills its bar, in ASCII its letter does."""
    shown = chart_style()
    filler = " " if shown.solid else letter if shown.ascii else texture
    return Part(letter, name, count, text if shown.colored else BOLD, fill if shown.colored else PLAIN, filler)


def bar(parts: list[Part], width: int) -> Strip:
    """All parts as one bar of `width` cells, each with its letter; a count above 0 gets at least one cell."""
    total = sum(part.count for part in parts)
    if width < 1:
        return strip()
    if not total:
        return strip(("·" * width, DIM))
    cells = shares(parts, width)
    return strip(
        *((part.letter.center(size, part.filler), part.fill) for part, size in zip(parts, cells, strict=True) if size)
    )


def shares(parts: list[Part], width: int) -> list[int]:
    """The cells of each part. They add up to `width`; a count above 0 gets at least one cell if there is room."""
    total = sum(part.count for part in parts)
    exact = [part.count * width / total for part in parts]
    cells = [max(1 if part.count else 0, int(size)) for part, size in zip(parts, exact, strict=True)]
    while sum(cells) != width:
        missing = 1 if sum(cells) < width else -1
        fitting = [index for index, size in enumerate(cells) if missing > 0 or size > 0]
        index = max(fitting, key=lambda index: missing * (exact[index] - cells[index]))
        cells[index] += missing
    return cells


class Proportions(Panel):
    """A whole as one bar, and its parts below it with count and share."""

    DEFAULT_CLASSES = "chart"

    def whole(self, report: Report) -> list[Part]:
        """The parts of the whole, in the order of the bar."""
        raise NotImplementedError

    def below(self, report: Report) -> str:
        """A sentence below the legend; empty for none."""
        return ""

    def shown_data(self, report: Report) -> Hashable:
        return (tuple(self.whole(report)), self.below(report))

    def note(self) -> str:
        return "" if self.report is None else number(sum(part.count for part in self.whole(self.report)))

    def item_count(self) -> int:
        return 0 if self.report is None else len(self.whole(self.report))

    def count_at_cursor(self) -> int:
        return 0 if self.report is None else self.whole(self.report)[self.cursor].count

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        parts = self.whole(report)
        total = sum(part.count for part in parts)
        shares = (str(part.count / total) if total else "" for part in parts)
        rows = ((part.name, str(part.count), share) for part, share in zip(parts, shares, strict=True))
        return [(self.title.lower(), *file_headings.PARTS), *rows]

    def item_at(self, x: int, y: int) -> int | None:
        return y - 2 if 2 <= y < 2 + self.item_count() else None

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        parts = self.whole(report)
        total = sum(part.count for part in parts)
        room = width - 2
        lines = [strip(("  ", DIM), *[(segment.text, segment.style or DIM) for segment in bar(parts, room)])]
        for index, part in enumerate(parts):
            lines.append(self._legend(index, part, total, width))
        if below := self.below(report):
            lines.append(strip(("  ", DIM), (cut_words(below, room), DIM)))
        return lines

    def _legend(self, index: int, part: Part, total: int, width: int) -> Strip:
        share = share_of(part.count, total).rjust(6)
        count = number(part.count).rjust(11)
        if width < 36:
            count = short_number(part.count).rjust(6)
        name = width - 2 - 4 - len(count) - len(share) - 2
        label = part.name if len(part.name) <= name else _SHORTER.get(part.name, part.name)
        return strip(
            self.marker(index),
            (part.box, part.fill),
            (
                f" {fit(cut_words(label, name), max(0, name))}",
                part.text if index == self.cursor and self.has_focus else Style(),
            ),
            (count, BOLD),
            (f" {share}", Style()),
        )


class AnsweredChart(Proportions):
    """Users reached: those who answered, and the rest; the sends below."""

    key = "answered"
    number = 2
    title = _("Users reached")
    row = "proportions"
    stays_beside_details = True
    narrow_order = 3

    def whole(self, report: Report) -> list[Part]:
        answered = report.answered
        return [
            status_part(StartStatus.ANSWERED, answered.users_answered, _ANSWERED),
            neutral_part("–", _NOT_ANSWERED, answered.users_reached - answered.users_answered),
        ]

    def below(self, report: Report) -> str:
        answered = report.answered
        share = share_of(answered.sends_answered, answered.sends_reached)
        text = ngettext(
            "{answered} of {count} send answered, {share}",
            "{answered} of {count} sends answered, {share}",
            answered.sends_reached,
        )
        return text.format(answered=number(answered.sends_answered), count=number(answered.sends_reached), share=share)

    def drill_filter(self, filter: Filter) -> Filter | None:
        return narrowed(filter, frozenset((StartStatus.ANSWERED,)) if self.cursor == 0 else UNANSWERED)

    def counted_users(self) -> CountedUsers | None:
        if self.report is None or self.cursor == 0:
            return None
        return CountedUsers(self.whole(self.report)[1].count, _("never answered"), _("answered another time"))


class StatusChart(Proportions):
    """Sends by their furthest status."""

    key = "status"
    number = 3
    title = _("Sends by furthest step")
    row = "proportions"
    stays_beside_details = True
    narrow_order = 1

    def whole(self, report: Report) -> list[Part]:
        status = report.status
        return [
            status_part(StartStatus.FAILED, status.failed),
            status_part(StartStatus.SENT, status.sent),
            status_part(StartStatus.DELIVERED, status.delivered),
            status_part(StartStatus.READ, status.read),
            status_part(StartStatus.ANSWERED, status.answered),
        ]

    def drill_filter(self, filter: Filter) -> Filter | None:
        status = (
            StartStatus.FAILED,
            StartStatus.SENT,
            StartStatus.DELIVERED,
            StartStatus.READ,
            StartStatus.ANSWERED,
        )[self.cursor]
        return narrowed(filter, frozenset((status,)))


class UsersChart(Proportions):
    """New and recurrent users."""

    key = "users"
    number = 4
    title = _("New and recurrent users")
    row = "proportions"
    narrow_order = 4

    def whole(self, report: Report) -> list[Part]:
        text, fill = Style(color="bright_yellow", bold=True), Style(color="black", bgcolor="bright_yellow")
        new = _part("N", USER_TYPE_NAMES[UserType.NEW], report.new_users, text, fill, "▒")
        return [new, neutral_part(pgettext("letter", "C"), USER_TYPE_NAMES[UserType.RECURRENT], report.recurrent_users)]

    def drill_filter(self, filter: Filter) -> Filter | None:
        return narrowed(filter, ARRIVED, user_type=UserType.NEW if self.cursor == 0 else UserType.RECURRENT)

    def counted_users(self) -> CountedUsers | None:
        if self.report is None or self.cursor == 0:
            return None
        return CountedUsers(self.report.recurrent_users, _("recurrent in all"), _("once new"))
