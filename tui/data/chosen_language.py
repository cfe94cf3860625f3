"""Chooses the language of the process before anything else of the program is imported.

Modules translate their texts when they are imported, and helper processes inherit the environment: so the choice is
made once, and kept in `SALUDO_LANG`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from itertools import pairwise

from storage.language.languages import ENGLISH, VARIABLE, tag_of
from tui.data.settings_file import default_file

OPTION, SETTING = "--lang", "lang"
_LARGEST = 1_000_000  # bytes of a settings file


def choose(words: Sequence[str], environment: MutableMapping[str, str] = os.environ) -> str:
    """Sets the language in the environment: by the option, the variable, the settings file, or the locale.

    Args:
        words: the command line without the program.
        environment: of the process.

    Returns:
        The language, with a country if there is one, such as `es_AR`; English where nothing names one that the program
        speaks.
    """
    chosen = next((tag for text in _named(words, environment) if (tag := tag_of(text)) is not None), ENGLISH)
    environment[VARIABLE] = chosen
    return chosen


def _named(words: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    yield _option(words)
    yield environment.get(VARIABLE, "")
    yield _setting()
    yield next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")


def _option(words: Sequence[str]) -> str:
    """The value of the last `--lang`; the parser refuses a wrong one later."""
    value = ""
    options = words[: words.index("--")] if "--" in words else words
    for word, following in pairwise([*options, ""]):
        if word == OPTION:
            value = following
        elif word.startswith(f"{OPTION}="):
            value = word.removeprefix(f"{OPTION}=")
    return value


def _setting() -> str:
    """The language of the settings file; what is wrong with the file is told when the rest of it is read."""
    path = default_file()
    try:
        if path.is_fifo():  # it would be waited for; the rest of the settings are not read either, and say so
            return ""
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError:
        return ""
    if SETTING.encode() not in content:
        return ""
    import tomllib  # most people have no such setting, and start faster

    try:
        value = tomllib.loads(content.decode("utf-8-sig")).get(SETTING)
    except (ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""
