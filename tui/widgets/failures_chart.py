"""Why sends failed, grouped by reason; where there is room, the codes of each reason and what to do about one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from storage.domain.failures import Explanation, explain_kind, failure_value
from storage.domain.filters import Filter
from storage.domain.vocabulary import StartStatus
from storage.language.texts import _, pgettext
from storage.report.failure_groups import FailureGroup, failure_groups
from storage.report.metrics import FailureCount
from storage.report.report import Report
from tui.terminal.style import DIM, PLAIN, cut, cut_words, fit, status_style
from tui.widgets.panel import Panel, strip, wrapped
from tui.words import counted, file_headings
from tui.words.numbers import number, short_number
from tui.words.wording import reason_name, retry_words

_GAP = 2  # cells in front of a column of numbers
_WITH_CODES, _WITH_USERS = 40, 50  # cells from which these columns are shown
_WITH_HEADING = 6  # lines from which the columns have names
_LEAST_ROWS = 2  # shown beside the text of one


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the panel: a reason, or one code of it.

    Attributes:
        name: what happened.
        code: the code as it is shown.
        sends: how many failed.
        users: the people; None of a reason with several codes, whose people do not add up.
        value: of the filter that Enter sets.
        known: what it means and what to do.
        inner: whether it stands below its reason.
        parts: of a reason with several codes, the values of its codes.
    """

    name: str
    code: str
    sends: int
    users: int | None
    value: str
    known: Explanation
    inner: bool = False
    parts: tuple[str, ...] = ()


def lines_of(failures: Iterable[FailureCount], room: int) -> list[Line]:
    """The lines of the failures: those of the codes too if only one reason is there, or if all fit in `room` lines.

    A reason with one code is one line: that of its code.
    """
    every = tuple(failures)
    groups = failure_groups(every)
    if len(groups) == 1:
        return [_of_code(failure, every) for failure in groups[0].codes]
    opened = sum(len(group.codes) + (len(group.codes) > 1) for group in groups) <= room
    lines: list[Line] = []
    for group in groups:
        if len(group.codes) == 1:
            lines.append(_of_code(group.codes[0], every))
            continue
        lines.append(_of_group(group, every))
        if opened:
            lines += [replace(_of_code(failure, every), inner=True) for failure in group.codes]
    return lines


def _of_group(group: FailureGroup, every: tuple[FailureCount, ...]) -> Line:
    return Line(
        reason_name(group.reason),
        _("{count} codes").format(count=number(len(group.codes))),
        group.sends,
        None,
        group.reason,
        explain_kind(group.reason, None),
        parts=tuple(_of_code(failure, every).value for failure in group.codes),
    )


def _of_code(failure: FailureCount, every: tuple[FailureCount, ...]) -> Line:
    same_code = sum(other.code == failure.code for other in every)
    value = str(failure.code) if same_code == 1 and failure.code else failure_value(failure.reason, failure.code)
    code = "–" if failure.code is None else str(failure.code)
    known = explain_kind(failure.reason, failure.code)
    return Line(known.title, code, failure.count, failure.users, value, known)


def _row(failure: FailureCount) -> tuple[str, ...]:
    code = "" if failure.code is None else str(failure.code)
    title = explain_kind(failure.reason, failure.code).title
    return (failure.reason, code, str(failure.count), str(failure.users), title)


class _Column(NamedTuple):
    """A column of numbers: its heading, the text of each line, their style, and its cells with the gap before it."""

    head: str
    texts: list[str]
    style: Style
    width: int


def _column(head: str, texts: list[str], style: Style) -> _Column:
    return _Column(head, texts, style, max(map(len, (head, *texts))) + _GAP)


class FailuresChart(Panel):
    """The failures by reason, the most frequent first; Enter shows the sends, and of one reason its codes."""

    DEFAULT_CLASSES = "chart"
    key = "failures"
    number = 7
    title = _("Failures")
    row = "pair"
    narrow_order = 5

    def shown_data(self, report: Report) -> Hashable:
        return (report.failures, report.starts)

    def show(self, report: Report | None, previous: Report | None = None) -> None:
        before = None if self.report is None else self.report.filter.failures
        if report is not None and report.filter.failures != before and not self.has_focus:
            self.cursor = 0  # other lines: the codes of a reason, or all reasons again
        super().show(report, previous)

    def note(self) -> str:
        if self.report is None:
            return ""
        last = self._shown()[1]
        below = self.item_count() - last
        failed = self.report.status.failed
        parts = [counted.sends(failed)]
        groups = failure_groups(self.report.failures)
        if len(groups) == 1 and len(groups[0].codes) > 1:
            parts.insert(0, reason_name(groups[0].reason).lower())
        if below > 0:
            parts.append(_("{count} more below").format(count=number(below)))
        return ", ".join(parts)

    def item_count(self) -> int:
        return len(self._all())

    def as_table(self, report: Report) -> list[tuple[str, ...]]:
        rows = [_row(failure) for group in failure_groups(report.failures) for failure in group.codes]
        return [file_headings.FAILURES, *rows]

    def item_row(self, report: Report) -> tuple[str, ...] | None:
        lines = self._all()
        if self.cursor >= len(lines):
            return None
        line = lines[self.cursor]
        users = "" if line.users is None else str(line.users)
        return (line.known.reason.value, line.code, str(line.sends), users, line.name)

    def item_at(self, x: int, y: int) -> int | None:
        first, last = self._shown()
        item = y - 1 - self._head() + first
        return item if first <= item < last else None

    def drill_filter(self, filter: Filter) -> Filter | None:
        lines = self._all()
        if self.cursor >= len(lines):
            return None
        line = lines[self.cursor]
        # A filter of some codes stays one: its reason may have others.
        values = line.parts if filter.failures and line.parts else (line.value,)
        return replace(filter, statuses=frozenset((StartStatus.FAILED,)), failures=frozenset(values))

    def _all(self) -> list[Line]:
        return [] if self.report is None else lines_of(self.report.failures, self._room())

    def _head(self) -> int:
        """The lines between the title and the first reason."""
        return 1 if self.size.height - 1 >= _WITH_HEADING else 0

    def _room(self) -> int:
        return max(0, self.size.height - 1 - self._head())

    def _only_failures(self) -> bool:
        """Whether all that is selected failed: then what to do matters more than a long list."""
        return self.report is not None and 0 < self.report.starts == self.report.status.failed

    def _text(self) -> list[str]:
        """What the line under the cursor means and what to do, as lines."""
        lines = self._all()
        if not lines:
            return []
        line = lines[min(self.cursor, len(lines) - 1)]
        known, width = line.known, max(10, self.size.width - 4)
        front = f"{line.code}: " if line.code.isdigit() else ""
        return [*wrapped(f"{front}{known.meaning}", width), *wrapped(f"{known.advice} {retry_words(known)}", width)]

    def _shown(self) -> tuple[int, int]:
        """The first line that is shown, and the one after the last."""
        count, room = self.item_count(), self._room()
        rows = min(count, room)
        if self._only_failures() and room >= 2 * _LEAST_ROWS:
            rows = min(count, max(_LEAST_ROWS, room - len(self._text())))
        first = max(0, min(self.cursor - rows + 1, count - rows))
        return first, first + rows

    def body(self, report: Report, width: int, height: int) -> list[Strip]:
        if not report.failures:
            return [strip(("  ", DIM), (cut(_("No send failed."), width - 2), DIM))]
        columns = self._columns(width)
        words = max(1, width - 2 - sum(column.width for column in columns))
        lines = []
        if self._head():
            head = "".join(f"{column.head:>{column.width}}" for column in columns)
            reason = fit(pgettext("column", "Reason"), words)
            lines.append(strip((f"  {reason}{head}", DIM)))
        every = self._all()
        first, last = self._shown()
        for item in range(first, last):
            lines.append(self._line(item, every[item], words, columns))
        text = self._text()
        if (left := height - len(lines)) >= min(2, len(text)):
            lines += self._explanation(text, left, width)
        return lines

    def _columns(self, width: int) -> list[_Column]:
        """The columns of numbers, no wider than their numbers, so that the reasons get the room beside them."""
        lines = self._all()
        codes = _column(pgettext("column", "Code"), [line.code for line in lines], DIM)
        sends = _column(
            pgettext("column", "Sends"),
            [short_number(line.sends) for line in lines],
            status_style(StartStatus.FAILED, bold=True),
        )
        users = _column(
            pgettext("column", "Users"),
            ["" if line.users is None else short_number(line.users) for line in lines],
            PLAIN,
        )
        return [*([codes] if width >= _WITH_CODES else []), sends, *([users] if width >= _WITH_USERS else [])]

    def _line(self, item: int, line: Line, words: int, columns: list[_Column]) -> Strip:
        name = f"  {line.name}" if line.inner else line.name
        numbers = ((f"{column.texts[item]:>{column.width}}", column.style) for column in columns)
        return strip(self.marker(item), (fit(cut_words(name, words), words), PLAIN), *numbers)

    def _explanation(self, text: list[str], room: int, width: int) -> list[Strip]:
        shown = text[:room]
        if len(text) > room:
            shown[-1] = cut_words(f"{shown[-1]} {text[room]}", width - 4)
        return [strip(("    ", DIM), (cut(line, width - 4), DIM)) for line in shown]
