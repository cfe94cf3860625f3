"""A language for tests and pictures: every English text longer by a third and with accents, its placeholders kept.

A text without accents on such a screen is one that nobody translates; one that is cut off has no room for Spanish.
"""

from __future__ import annotations

import re

_ACCENTS = str.maketrans("aeiouncyAEIOUNCY", "áéíóúñçýÁÉÍÓÚÑÇÝ")
_PLACEHOLDER = re.compile(r"(\{[^{}]*\}|%\([a-z_]+\)[a-z])")
_LONGER = 0.35  # Spanish and Portuguese texts are a fifth to a third longer than English ones


def lengthened(text: str) -> str:
    """The text with accents and one third longer."""
    if len(text.strip()) < 2:  # a letter has no room for more
        return text.translate(_ACCENTS)
    body = text.rstrip()
    parts = _PLACEHOLDER.split(body)
    letters = sum(len(part) for part in parts[::2])
    accented = "".join(part if number % 2 else part.translate(_ACCENTS) for number, part in enumerate(parts))
    return f"{accented}{'~' * max(1, round(letters * _LONGER))}{text[len(body) :]}"
