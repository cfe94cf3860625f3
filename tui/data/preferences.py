"""The user's preferences: theme, mouse, filters, directory for saved files, and keys; from a small TOML file.

Knows no widget. An invalid setting is reported and its default is used; the others apply.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.language.conventions import localized
from storage.language.languages import LANGUAGES, tag_of
from storage.language.system_errors import system_reason
from storage.language.texts import _
from tui.data.filter_settings import FilterSettings, excluded_people, named_filters, wrong_filters
from tui.terminal.sanitize import safe

_LARGEST = 1_000_000  # bytes of a settings file
_LONGEST = 200  # characters of a problem
THEMES = ("ansi", "dark", "light")
NAMES = ("theme", "mouse", "ascii", "lang", "filter", "directory", "exclude", "filters", "keys")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences for one run.

    Attributes:
        theme: one of THEMES.
        mouse: whether the mouse is used.
        ascii: show only ASCII characters.
        filter: the text of the first filter of the dashboard.
        filters: the named filters, and the people that every filter excludes.
        directory: where files are saved; None for the current directory.
        keys: the keys of each action, by its id, as Textual names them.
        problems: what is wrong with the file, one line each.
    """

    theme: str = "ansi"
    mouse: bool = True
    ascii: bool = False
    filter: str = ""
    filters: FilterSettings = field(default_factory=FilterSettings)
    directory: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def for_terminal(environment: Mapping[str, str] = os.environ) -> Preferences:
    """The defaults for this terminal: no mouse over SSH, and only ASCII if the locale is not UTF-8."""
    return Preferences(mouse=not environment.get("SSH_CONNECTION"), ascii=not _is_utf8(environment))


def _is_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale uses UTF-8; assumed if no locale is set, as in containers.

    If LANG is set, a LC_CTYPE that Python may have set itself is ignored (PEP 538).
    """
    whole, types, language = (environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if types in _COERCED_LOCALES and language:
        types = ""
    named = whole or types or language or "UTF-8"
    return "utf8" in named.lower().replace("-", "")


_COERCED_LOCALES = frozenset(("C.UTF-8", "C.utf8", "UTF-8"))


def load(base: Preferences, path: Path, known_keys: frozenset[str]) -> Preferences:
    """The preferences of a file, over those of `base`.

    Args:
        base: used for settings that the file does not have, or has wrong.
        path: the file, which need not exist.
        known_keys: the ids of the actions whose keys can be changed.

    Returns:
        The preferences, with what is wrong with the file in `problems`.
    """
    try:
        values = _read(path)
    except ValueError as error:
        return replace(base, problems=(str(error),))
    return _with_settings(base, values, path, known_keys)


def load_filter_settings(path: Path) -> tuple[FilterSettings, tuple[str, ...]]:
    """The named filters and the excluded people of a file, and what is wrong with them, one line each."""
    try:
        values = _read(path)
    except ValueError as error:
        return FilterSettings(), (str(error),)
    of_filters = {name: value for name, value in values.items() if name in ("filters", "exclude")}
    found = _with_settings(Preferences(), of_filters, path, frozenset())
    return found.filters, found.problems


def _read(path: Path) -> dict[str, Any]:
    """The settings in a file, none if it does not exist; raises ValueError, one line, if it cannot be read."""
    try:
        if path.is_fifo():  # opening it would wait for somebody to write
            raise ValueError(_("{path}: is a pipe; settings are read from a file").format(path=path))
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode("utf-8-sig")  # editors on Windows write a byte order mark, which TOML does not allow
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        message = _("{path}: cannot be read ({why})")
        why = system_reason(error) if isinstance(error, OSError) else _("not UTF-8")
        raise ValueError(message.format(path=path, why=why)) from None
    if len(content) > _LARGEST:
        message = _("{path}: is no settings file: it is larger than {count} bytes")
        raise ValueError(message.format(path=path, count=localized(f"{_LARGEST:,}")))
    import tomllib  # only if there is a file: most people have none, and start faster

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(_("{path}: nested too deeply; the defaults are used").format(path=path)) from None
    except ValueError as error:  # also a number of too many digits
        raise ValueError(_("{path}: {why}; the defaults are used").format(path=path, why=error)) from None


def _with_settings(base: Preferences, values: Mapping[str, Any], path: Path, known_keys: frozenset[str]) -> Preferences:
    problems: list[str] = []
    found = base
    # The first filter can mention named ones.
    for name, value in sorted(values.items(), key=lambda setting: setting[0] == "filter"):
        try:
            found = _with_setting(found, name, value, known_keys)
        except ValueError as error:
            problems.append(f"{path.name}: {safe(str(error), _LONGEST)}")
    problems += [f"{path.name}: {safe(text, _LONGEST)}" for text in wrong_filters(found.filters.named)]
    return replace(found, problems=tuple(problems))


def _with_setting(found: Preferences, name: str, value: Any, known_keys: frozenset[str]) -> Preferences:
    match name, value:
        case "theme", str() if value in THEMES:
            return replace(found, theme=value)
        case "theme", _:
            raise _unexpected(name, THEMES, value)
        case ("mouse", bool()) | ("ascii", bool()):
            return replace(found, **{name: value})
        case ("mouse", _) | ("ascii", _):
            raise ValueError(_("{name} is true or false, not {given!r}").format(name=name, given=value))
        case "lang", str() if tag_of(value) is not None:
            return found  # the process has its language already: tui/data/chosen_language.py
        case "lang", _:
            raise _unexpected(name, LANGUAGES, value)
        case "filter", str():
            try:
                Filter.parse(value, found.filters.context(None))
            except FilterError as error:
                raise ValueError(f"filter: {error.message}") from None
            return replace(found, filter=value)
        case "filters", dict():
            return replace(found, filters=replace(found.filters, named=named_filters(value)))
        case "exclude", list():
            return replace(found, filters=replace(found.filters, people=excluded_people(value)))
        case "directory", str():
            if not _is_directory(value):
                raise ValueError(_("directory not found: {given!r}").format(given=value))
            return replace(found, directory=Path(value).expanduser())
        case "keys", dict():
            return replace(found, keys=dict(_keys(value, known_keys)))
        case (("filter" | "filters" | "exclude" | "directory" | "keys"), _):
            raise ValueError(_("{name} cannot be {given!r}").format(name=name, given=value))
        case _:
            message = _("unknown setting {given!r}; expected {names}")
            raise ValueError(message.format(given=name, names=", ".join(NAMES)))


def _unexpected(name: str, known: Iterable[str], value: Any) -> ValueError:
    message = _("{name}: expected {names}, not {given!r}")
    return ValueError(message.format(name=name, names=", ".join(known), given=value))


def _is_directory(name: str) -> bool:
    try:
        return Path(name).expanduser().is_dir()
    except (OSError, RuntimeError):  # too long, or of an unknown user
        return False


def _keys(values: Mapping[str, Any], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    for id, keys in values.items():
        if id not in known:
            message = _("keys: {given!r} is not the name of a key action; {document} lists them")
            raise ValueError(message.format(given=id, document="docs/settings.md"))
        if not isinstance(keys, str) or not keys.strip():
            message = _("keys: {name} expects a text such as {example}")
            raise ValueError(message.format(name=id, example='"w" or "ctrl+w,f2"'))
        yield id, ",".join(part.strip() for part in keys.split(","))
