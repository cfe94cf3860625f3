"""The words for a list of people to try again: how many, from when, and who is left out and why. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping

from storage.domain.failures import Reason, title_of
from storage.messages.retries import Since
from tui.words.numbers import number, plural

_SINCE = {
    Since.REACHED: "reached since",
    Since.WAITING: "sent to since, without a result yet",
}


def left_out_words(left_out: Mapping[Reason | Since, int], without_contact: int) -> list[str]:
    """Who is left out, most people first: a count and why, such as `12 reached since`."""
    counted = sorted(left_out.items(), key=lambda pair: (-pair[1], pair[0]))
    words = [f"{number(count)} {_why(key)}" for key, count in counted if count]
    return [*words, *([f"{plural(without_contact, 'send')} to an unknown contact"] if without_contact else [])]


def _why(key: Reason | Since) -> str:
    if isinstance(key, Since):
        return _SINCE[key]
    title = title_of(key)
    return title if title[:1].isdigit() else title[:1].lower() + title[1:]
