"""Texts that are stored in English, such as the reason of a reject, in the language of the process.

The stored text has its values filled in, so it is compared with the English texts of the catalogue that have
placeholders: what stands for a placeholder is put into the translation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial

from storage.language.catalogue import texts_of
from storage.language.languages import ENGLISH, PSEUDO
from storage.language.of_process import LANGUAGE
from storage.language.texts import pgettext

STORED = "stored"  # the context in the catalogues
_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")


def translated(text: str) -> str:
    """A stored English text in the language of the process; itself where the catalogue does not have it."""
    known = pgettext(STORED, text)
    return known if known != text or LANGUAGE in (ENGLISH, PSEUDO) else _filled(text)


def _filled(text: str) -> str:
    for beginning, pattern, translation in _templates():
        if text.startswith(beginning) and (found := pattern.fullmatch(text)) is not None:
            values = found.groupdict()
            if "problem" in values:  # a text within a text
                values["problem"] = translated(values["problem"])
            return _PLACEHOLDER.sub(partial(_value, values), translation)
    return text


def _value(values: Mapping[str, str], placeholder: re.Match[str]) -> str:
    return values[placeholder[1]]


@cache
def _templates() -> list[tuple[str, re.Pattern[str], str]]:
    """What each text with placeholders begins with, what matches it filled in, and its translation.

    The longest text first: "{a}: no time" also matches what "{a}: no time in {b}" is meant for.
    """
    found = []
    for english, translation in sorted(texts_of(LANGUAGE, STORED).items(), key=lambda pair: -len(pair[0])):
        parts = _PLACEHOLDER.split(english)
        if len(parts) > 1 and any(part.strip() for part in parts[::2]):
            found.append((parts[0], _pattern(parts), translation))
    return found


def _pattern(parts: list[str]) -> re.Pattern[str]:
    seen: set[str] = set()
    pattern = ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.*?)"
            seen.add(part)
    return re.compile(pattern, re.DOTALL)
