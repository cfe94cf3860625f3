"""Text from people and providers as a terminal may see it. Knows no screen: the command line uses it as well."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2_000  # characters of one text that are looked at; no terminal shows more of it in one place

# C0, DEL, C1, zero-width and bidi controls, line separators, interlinear marks, tags, lone surrogates.
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


def safe(text: str, longest: int = LONGEST) -> str:
    """Text from people as a terminal may see it: what controls it or turns the direction becomes U+FFFD.

    A zero-width joiner stays between two emoji; a pile of combining marks is cut to three. `longest` in characters.
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
