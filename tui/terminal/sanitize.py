"""Makes text from people and providers safe for a terminal. Knows no screen: the command line uses it too."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 2_000  # characters; no terminal shows more of one text in one place

# C0, DEL, C1, zero-width and bidi controls, line separators, interlinear annotation, tags, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# A zero-width joiner between two symbols holds an emoji together; any other is a hidden character.
_JOINER = re.compile(
    "(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_MARKS_IN_A_ROW = 3
ELLIPSIS = "…"


def printable(text: str) -> str:
    """Text for a line of the command line: every character that is not printable becomes U+FFFD."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def safe(text: str, longest: int = MAX_LENGTH) -> str:
    """Replaces characters that control a terminal or change the direction of text by U+FFFD.

    A zero-width joiner between two emoji stays; more than three combining marks in a row are cut.

    Args:
        text: from a person or a provider.
        longest: characters; the rest becomes an ellipsis.
    """
    cut_off = len(text) > longest
    text = text[:longest]
    if not text.isascii() or not text.isprintable():
        text = _JOINER.sub("\ufffd", _UNSAFE.sub("\ufffd", text))
        text = _few_marks(text)
    return text + ELLIPSIS if cut_off else text


def _few_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
