"""The details of one start: its timeline, its failure and what to do, the person, and the link to the chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip

from storage.domain.vocabulary import StartStatus
from storage.language.texts import _, pgettext
from storage.table.pages import StartRow
from tui.data.worker_messages import Note
from tui.terminal import browser
from tui.terminal.style import BOLD, DIM, HEADING, KEY, PLAIN, STATUS_LETTER, safe, status_fill, status_style
from tui.widgets.panel import Piece, heading, strip, wrapped
from tui.widgets.scroll_text import Lines
from tui.words.keys import Where, bindings
from tui.words.numbers import NO_VALUE, number
from tui.words.wording import (
    ORIGIN_NAMES,
    STATUS_NAMES,
    USER_TYPE_NAMES,
    duration,
    moment,
    name_shown,
    retry_words,
    status_name,
)

if TYPE_CHECKING:  # slow to import, and not needed for the first screen
    from storage.table.detail import LadderStep, StartDetail

NO_LINK = _("no link to this chat: the id it needs is not known, or the setting chat_link is no web address")
_LABEL_WIDTH = 22  # cells, with the indent
_STEP_NAMES = {"accepted": pgettext("status", "Accepted")} | {
    status.value: name for status, name in STATUS_NAMES.items()
}


class StepRequested(Message):
    """Show the start `by` rows below in the table; negative: above."""

    def __init__(self, by: int) -> None:
        self.by = by
        super().__init__()


class ContactRequested(Message):
    """Show every start of the person of this start."""

    def __init__(self, row: StartRow) -> None:
        self.row = row
        super().__init__()


class LinkRequested(Message):
    """Copy the link to the chat, or open it; `link` is None if there is none."""

    def __init__(self, link: str | None, to_open: bool) -> None:
        self.link, self.to_open = link, to_open
        super().__init__()


class DetailPane(Vertical):
    """Shows one start over a part of the dashboard; one pane is created at start-up and reused.

    Args:
        id: the id of the widget.
        leave: called when the pane is closed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.DETAIL)]

    def __init__(self, id: str, leave: Callable[[], None]) -> None:
        super().__init__(id=id)
        self._leave = leave
        self.row: StartRow | None = None
        self._link: str | None = None

    def compose(self) -> ComposeResult:
        yield Lines("detail-text")

    @property
    def text(self) -> str:
        """The shown lines, as plain text."""
        return self.query_one(Lines).text

    def show(self, row: StartRow, detail: StartDetail | None) -> None:
        """Shows a start; `detail` is None if it is no longer in the database."""
        same = self.row is not None and self.row.cursor == row.cursor
        self.row = row
        self._link = None if detail is None else detail.chat_link
        lines = self.query_one(Lines)
        if detail is None:
            lines.show(lambda width: [strip((" " + _("This start is no longer in the database."), BOLD))])
        else:
            lines.show(lambda width: detail_lines(detail, width), keep=same)
        self.display = True
        self.screen.set_focus(lines)

    def why_not(self, action: str) -> str:
        """Why an action of the pane is unavailable for the shown start; empty if it is available or none is shown."""
        if not self.display or self.row is None:
            return ""
        if action in ("copy_link", "open_link") and self._link is None:
            return NO_LINK
        if action == "open_link" and not browser.is_here():
            return no_browser(self._link or "")
        if action == "contact" and not self.row.contact:
            return _("the contact of this start is unknown")
        return ""

    def action_close(self) -> None:
        self.display = False
        self._leave()

    def action_step(self, by: int) -> None:
        self.post_message(StepRequested(by))

    def action_copy_link(self) -> None:
        self.post_message(LinkRequested(self._link, to_open=False))

    def action_open_link(self) -> None:
        self.post_message(LinkRequested(self._link, to_open=True))

    def action_contact(self) -> None:
        if reason := self.why_not("contact"):
            self.post_message(Note(reason))
        elif self.row is not None:
            self.action_close()
            self.post_message(ContactRequested(self.row))


def no_browser(link: str) -> str:
    """Why a link cannot be opened here."""
    return _("no browser on this machine; press y to copy {link}").format(link=link)


def detail_lines(detail: StartDetail, width: int) -> list[Strip]:
    """Everything about one start, as lines of at most `width` cells."""
    row = detail.row
    title = name_shown(row.template) if row.template else ORIGIN_NAMES[row.origin]
    who = safe(row.name) or safe(row.contact) or _("unknown contact")
    lines = [
        heading("", who, title, width, True),
        strip(),
        strip(
            ("  ", PLAIN),
            (f" {STATUS_LETTER[row.status]} {status_name(row.status)} ", status_fill(row.status) + BOLD),
            (f"  {moment(row.at)}", PLAIN),
        ),
        strip(),
    ]
    lines += _failure(detail, width)
    lines += _timeline(detail, width)
    lines += _fields(_("Start"), _start_fields(detail), width)
    lines += _fields(_("Person"), _person_fields(detail), width)
    return lines


def _failure(detail: StartDetail, width: int) -> Iterator[Strip]:
    explained = detail.explanation
    if explained is None:
        return
    row = detail.row
    red = status_style(StartStatus.FAILED, bold=True)
    title = explained.title
    if row.code is not None:
        title = _("{title} (code {code})").format(title=title, code=row.code)
    for place, line in enumerate(wrapped(title, max(10, width - _LABEL_WIDTH + 1))):
        label = _("Why it failed") if place == 0 else ""
        yield strip((f"  {label:<{_LABEL_WIDTH - 4}}", HEADING), (line, red))
    for name, text, style in (
        (pgettext("field", "Provider's message"), safe(row.failure_text or ""), PLAIN),
        ("", safe(detail.failure_detail or ""), PLAIN),
        (pgettext("field", "What it means"), explained.meaning, PLAIN),
        (pgettext("field", "What to do"), explained.advice, BOLD),
        ("", retry_words(explained), DIM),
    ):
        if text and not (name == "" and text == safe(row.failure_text or "")):
            yield from _field(name, text, width, style)
    yield strip()


def _timeline(detail: StartDetail, width: int) -> Iterator[Strip]:
    yield strip(("  " + _("Timeline"), HEADING))
    before: datetime | None = None
    timed = sorted((step for step in detail.ladder if step.at is not None), key=_time_of)
    steps = timed + [step for step in detail.ladder if step.at is None]
    for step in steps:
        yield strip(*_step(step, before))
        before = step.at or before
    if detail.conflict:
        yield from _field("", _("A failure was also reported. The later delivery or read counts."), width, DIM)
    yield strip()


def _time_of(step: LadderStep) -> datetime:
    assert step.at is not None
    return step.at


def _step(step: LadderStep, before: datetime | None) -> list[Piece]:
    known = {status.value: status for status in StartStatus}.get(step.step)
    style = status_style(known, bold=True) if known else BOLD
    letter = STATUS_LETTER[known] if known else "·"
    pieces: list[Piece] = [(f"    {letter} ", style), (f"{_STEP_NAMES[step.step]:<{_LABEL_WIDTH - 6}}", style)]
    if step.at is None:
        reason = _("implied by a later step") if step.implied else _("reported by the platform without a time")
        return [*pieces, (f"  {reason}", DIM)]
    pieces.append((f"  {moment(step.at)}", PLAIN))
    # Whole seconds, as the times are shown: otherwise the difference could disagree with them by a second.
    later = timedelta(0) if before is None else step.at.replace(microsecond=0) - before.replace(microsecond=0)
    if later:
        pieces.append(("  " + _("{duration} later").format(duration=duration(later)), DIM))
    return pieces


def _start_fields(detail: StartDetail) -> list[tuple[str, str | None, Style]]:
    row = detail.row
    answer = None
    if row.status is StartStatus.ANSWERED:
        answer = _("yes, reported by the platform") if detail.answered_by_source else _("yes")
    return [
        (pgettext("field", "Started by"), ORIGIN_NAMES[row.origin], PLAIN),
        (pgettext("field", "Template"), name_shown(row.template) or NO_VALUE, PLAIN),
        (pgettext("field", "Language"), detail.language, PLAIN),
        (pgettext("field", "Campaign"), detail.campaign, PLAIN),
        (pgettext("field", "Line"), name_shown(row.line), PLAIN),
        (pgettext("field", "Channel"), detail.channel_id, PLAIN),
        (pgettext("field", "Agent groups"), detail.agent_groups, PLAIN),
        (
            pgettext("field", "Session start"),
            None if detail.session_start is None else moment(detail.session_start),
            PLAIN,
        ),
        (pgettext("field", "Answer"), answer, PLAIN),
        (pgettext("field", "Message key"), detail.key, DIM),
        (pgettext("field", "Joined with"), detail.joined, DIM),
    ]


def _person_fields(detail: StartDetail) -> list[tuple[str, str | None, Style]]:
    row = detail.row
    link = detail.chat_link
    others = detail.starts_of_contact - 1
    return [
        (pgettext("field", "Name"), row.name, PLAIN),
        (pgettext("field", "Contact"), row.contact or _("unknown"), BOLD),
        (pgettext("field", "All ids"), ", ".join(detail.contact_ids) if len(detail.contact_ids) > 1 else None, PLAIN),
        (pgettext("field", "User"), USER_TYPE_NAMES[row.user_type], PLAIN),
        (pgettext("field", "Other starts"), _others(others), PLAIN),
        (pgettext("field", "Chat link"), link, KEY + Style(link=safe(link)) if link else PLAIN),
    ]


def _others(count: int) -> str:
    return _("{count}; press Enter to show them").format(count=number(count)) if count > 0 else _("none")


def _fields(title: str, fields: Sequence[tuple[str, str | None, Style]], width: int) -> Iterator[Strip]:
    yield strip((f"  {title}", HEADING))
    for name, value, style in fields:
        if value:
            yield from _field(name, safe(value), width, style)
    yield strip()


def _field(name: str, value: str, width: int, style: Style) -> Iterator[Strip]:
    for number_of_line, text in enumerate(wrapped(value, max(10, width - _LABEL_WIDTH - 4))):
        front = f"    {name if number_of_line == 0 else '':<{_LABEL_WIDTH - 2}}"
        yield strip((front, DIM), (text, style))
