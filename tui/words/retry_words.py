"""The words for a list of people to try again: how many, from when, and who is left out and why. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping

from storage.domain.failures import Reason, title_of, wait_words
from storage.language.texts import _, ngettext
from storage.messages.retry_rule import Again, Since
from tui.words.numbers import number

_SINCE = {
    Since.REACHED: _("reached since"),
    Since.WAITING: _("sent to since, without a result yet"),
    Since.STOPPED: _("stopped your marketing"),
}


def left_out_words(left_out: Mapping[Reason | Since, int], without_contact: int) -> list[str]:
    """Who is left out, most people first: a count and why, such as `12 reached since`."""
    counted = sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0]))
    words = [_("{count} {why}").format(count=number(count), why=_why(key)) for key, count in counted if count]
    if without_contact:
        text = ngettext("{count} send to an unknown contact", "{count} sends to an unknown contact", without_contact)
        words.append(text.format(count=number(without_contact)))
    return words


def why_words(again: Again) -> str:
    """Why a person cannot be tried again earlier, in a sentence without its full stop."""
    send = again.decided_by
    known = send.explanation
    title = known.title if send.code is None else f"{known.title} ({send.code})"
    if not known.wait:
        return _("{failure}: at once").format(failure=title)
    return _("{failure}: {wait} after the last one").format(failure=title, wait=wait_words(known.wait))


def _why(key: Reason | Since) -> str:
    if isinstance(key, Since):
        return _SINCE[key]
    title = title_of(key)
    return title if title[:1].isdigit() else title[:1].lower() + title[1:]
