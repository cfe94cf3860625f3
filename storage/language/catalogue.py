"""Reads the catalogue of a language: the compiled one, or its sources where they are newer, as in a checkout.

`catalogues/LANGUAGE/*.po` are the sources, one for each area of the program; together they are `LANGUAGE.mo`, which the
build writes (`hatch_build.py`). Imports nothing that English does not need anyway, but for gettext.
"""

from __future__ import annotations

import gettext
import io
import json
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "catalogues"
_CONTEXT_END = "\x04"  # between context and text in a compiled catalogue
_MO_MAGIC = 0x950412DE


class CatalogueError(ValueError):
    """A source of a catalogue cannot be read; the message is one line."""


class Entry(NamedTuple):
    """One text of a catalogue.

    Attributes:
        context: where the text stands, if that matters.
        text: in English; empty for the header.
        plural: in English for several, if the text has a count.
        translations: one, or one for each plural form.
        fuzzy: whether a person still has to look at it; it is not used.
    """

    context: str | None
    text: str
    plural: str | None
    translations: tuple[str, ...]
    fuzzy: bool

    @property
    def is_translated(self) -> bool:
        """Whether every form has a translation."""
        return bool(self.translations) and all(self.translations) and not self.fuzzy


def load(language: str) -> gettext.NullTranslations:
    """The texts of a language; the English ones where there is no catalogue."""
    return gettext.GNUTranslations(io.BytesIO(_compiled_catalogue(language)))


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of any language, for a file whose language is not that of the process."""
    return load(language)


def texts_of(language: str, context: str) -> dict[str, str]:
    """The translations of the texts of a language in a context, by the English text."""
    data = _compiled_catalogue(language)
    count, keys, values = struct.unpack_from("<3I", data, 8)
    found = {}
    for number in range(count):
        key, value = (_text_at(data, table + number * 8) for table in (keys, values))
        if key.startswith(context + _CONTEXT_END):
            found[key.partition(_CONTEXT_END)[2]] = value
    return found


def _text_at(data: bytes, place: int) -> str:
    length, offset = struct.unpack_from("<2I", data, place)
    return data[offset : offset + length].decode()


def _compiled_catalogue(language: str) -> bytes:
    """What the build compiled, or the sources where one of them is newer."""
    compiled, sources = FOLDER / f"{language}.mo", source_files(language)
    try:
        written = compiled.stat().st_mtime
        if all(source.stat().st_mtime <= written for source in sources):
            return compiled.read_bytes()
    except OSError:  # not compiled yet
        pass
    return compile_sources(language)


def source_files(language: str) -> list[Path]:
    """The sources of a language's catalogue, one for each area."""
    return sorted((FOLDER / language).glob("*.po"))


def compile_sources(language: str) -> bytes:
    """The sources of a language as one compiled catalogue; raises CatalogueError."""
    texts: dict[str, str] = {}
    for source in source_files(language):
        for entry in read_source(source):
            if entry.is_translated:
                key = entry.text if entry.context is None else f"{entry.context}{_CONTEXT_END}{entry.text}"
                key = key if entry.plural is None else f"{key}\0{entry.plural}"
                texts[key] = "\0".join(entry.translations)
    return _compiled(texts)


def _compiled(texts: dict[str, str]) -> bytes:
    """The bytes of a `.mo` file: two tables of (length, offset), then the texts (GNU gettext manual, 10.3)."""
    pairs = sorted((key.encode(), text.encode()) for key, text in texts.items())
    start = 7 * 4 + len(pairs) * 16
    tables, body = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<2I", len(pair[column]), start + len(body)))
            body += pair[column] + b"\0"
    head = struct.pack("<7I", _MO_MAGIC, 0, len(pairs), 28, 28 + len(pairs) * 8, 0, start)
    return head + b"".join(tables) + body


def read_source(path: Path) -> list[Entry]:
    """The entries of a `.po` file, its header first; raises CatalogueError, which names the line."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return list(_entries(lines, path.name))


def _entries(lines: list[str], name: str) -> Iterator[Entry]:
    values: dict[str, str] = {}
    flags = field = ""
    for number, line in enumerate([*lines, ""], start=1):
        if line.startswith("#"):
            flags += line[2:] if line.startswith("#,") else ""
        elif line.startswith('"'):
            values[field] = values.get(field, "") + _unquoted(line, name, number)
        elif line.strip():
            field, _, quoted = line.partition(" ")
            values[field] = _unquoted(quoted, name, number)
        elif "msgid" in values:
            forms = tuple(text for key, text in values.items() if key.startswith("msgstr"))
            yield Entry(values.get("msgctxt"), values["msgid"], values.get("msgid_plural"), forms, "fuzzy" in flags)
            values, flags = {}, ""


def _unquoted(quoted: str, name: str, number: int) -> str:
    try:
        text = json.loads(quoted.strip())  # the escapes of a .po file are those of JSON
    except ValueError:
        text = None
    if not isinstance(text, str):
        raise CatalogueError(f"{name}, line {number}: expected a text in quotes")
    return text
