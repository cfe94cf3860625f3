"""The user's preferences: theme, mouse, first filter, directory for saved files, and keys; from a small TOML file.

Knows no widget. An invalid setting is reported and its default is used; the others apply.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from tui.terminal.sanitize import safe

_LARGEST = 1_000_000  # bytes of a settings file
_LONGEST = 200  # characters of a problem
THEMES = ("ansi", "dark", "light")
NAMES = ("theme", "mouse", "ascii", "filter", "directory", "keys")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences for one run.

    Attributes:
        theme: one of THEMES.
        mouse: whether the mouse is used.
        ascii: show only ASCII characters.
        filter: the first filter of the dashboard.
        directory: where files are saved; None for the current directory.
        keys: the keys of each action, by its id, as Textual names them.
        problems: what is wrong with the file, one line each.
    """

    theme: str = "ansi"
    mouse: bool = True
    ascii: bool = False
    filter: Filter = field(default_factory=Filter)
    directory: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def default_file() -> Path:
    """The path of the settings file: SALUDO_SETTINGS, or else in the user's configuration directory."""
    if named := os.environ.get("SALUDO_SETTINGS"):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("saludo", appauthor=False) / "settings.toml"


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
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode()
    except FileNotFoundError:
        return base
    except (OSError, UnicodeDecodeError) as error:
        return replace(base, problems=(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})",))
    if len(content) > _LARGEST:
        return replace(base, problems=(f"{path}: is no settings file: it is larger than {_LARGEST:,} bytes",))
    import tomllib  # only if there is a file: most people have none, and start faster

    try:
        values = tomllib.loads(text)
    except RecursionError:
        return replace(base, problems=(f"{path}: nested too deeply; the defaults are used",))
    except ValueError as error:  # also a number of too many digits
        return replace(base, problems=(f"{path}: {error}; the defaults are used",))
    problems: list[str] = []
    found = base
    for name, value in values.items():
        try:
            found = _with_setting(found, name, value, known_keys)
        except ValueError as error:
            problems.append(f"{path.name}: {safe(str(error), _LONGEST)}")
    return replace(found, problems=tuple(problems))


def _with_setting(found: Preferences, name: str, value: Any, known_keys: frozenset[str]) -> Preferences:
    match name, value:
        case "theme", str() if value in THEMES:
            return replace(found, theme=value)
        case "theme", _:
            raise ValueError(f"theme: expected {', '.join(THEMES)}, not {value!r}")
        case ("mouse", bool()) | ("ascii", bool()):
            return replace(found, **{name: value})
        case ("mouse", _) | ("ascii", _):
            raise ValueError(f"{name} is true or false, not {value!r}")
        case "filter", str():
            try:
                return replace(found, filter=Filter.parse(value))
            except FilterError as error:
                raise ValueError(f"filter: {error.message}") from None
        case "directory", str():
            if not _is_directory(value):
                raise ValueError(f"directory not found: {value!r}")
            return replace(found, directory=Path(value).expanduser())
        case "keys", dict():
            return replace(found, keys=dict(_keys(value, known_keys)))
        case (("filter" | "directory" | "keys"), _):
            raise ValueError(f"{name} cannot be {value!r}")
        case _:
            raise ValueError(f"unknown setting {name!r}; expected {', '.join(NAMES)}")


def _is_directory(name: str) -> bool:
    try:
        return Path(name).expanduser().is_dir()
    except (OSError, RuntimeError):  # too long, or of an unknown user
        return False


def _keys(values: Mapping[str, Any], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    for id, keys in values.items():
        if id not in known:
            raise ValueError(f"keys: {id!r} is not the name of a key action; docs/settings.md lists them")
        if not isinstance(keys, str) or not keys.strip():
            raise ValueError(f'keys: {id} expects a text such as "w" or "ctrl+w,f2"')
        yield id, ",".join(part.strip() for part in keys.split(","))
