"""Reads the records inside what people keep them in: records of loggers, servers and databases, also as text.

Any member of an object, any item of a list and any text may hold a record, as an object, as JSON text (also several
times over), as base64 or in another escape. Knows no format: the readers say what is a record.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from storage.domain.events import Ignored, Item, Reject
from storage.sources.fields import base64_text, reject
from storage.sources.format import JsonReader
from storage.sources.json_scanner import Record, decode, decodes
from storage.sources.literals import literal_in
from storage.sources.object_finder import objects_in, objects_in_large
from storage.sources.repairs import readings
from storage.sources.useless import Useless

_MAX_DEPTH = 24  # objects, lists and texts around a record
_MIN_TEXT = 40  # characters; a record has more
_HIDDEN = re.compile(rb"[A-Za-z0-9+/]{40}|123, ?34")  # base64, and the first bytes of an object as numbers
_GZIP_IN_BASE64 = "H4sI"
_MAX_INFLATED = 16 << 20  # bytes
_LARGE = 4 << 20  # bytes of an object that is not decoded as a whole, which takes ten times its room
_MANY_VALUES = 1 << 20, 200_000  # bytes and values of one that takes even more
# A string that never ends is one up to the end: looking for its end at every quote inside it takes time squared.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_LONG_TEXT, _MANY_ESCAPES = 1_000_000, 100_000  # bytes
_KEPT_TWICE = 3  # members with records up to which an object seems to hold one record in several forms
_NO_JSON = re.compile(rb"\{\s*[^\s\"}]")
_HOLDERS = frozenset((dict, list, tuple, str, bytes))  # types of values that may hold a record
_UNKNOWN = Ignored("record of another kind")


class _At(NamedTuple):
    """Where a value is.

    Attributes:
        where: The record's place in the file.
        depth: How many objects, lists and texts are around the value in it.
        exact: Whether tolerant readers are left out.
    """

    where: str
    depth: int = 0
    exact: bool = False

    def inner(self) -> _At:
        """The place of a value within this one."""
        return _At(self.where, self.depth + 1, self.exact)


class Unwrapper:
    """Reads JSON texts with several readers.

    Attributes:
        words: Words of a record's format that say that a text is meant to be one.
        useless: Knows the texts that hold no record of these readers.
        reader: The reader that took the last record; None before the first one.
    """

    def __init__(self, readers: Sequence[JsonReader]) -> None:
        self.words = [reader.word for reader in readers if reader.word is not None]
        self.reader: JsonReader | None = None
        self._readers = readers
        self._exact = [reader for reader in readers if not reader.tolerant]
        self._tolerant = [reader for reader in readers if reader.tolerant]
        self._signs = [sign for reader in self._exact for sign in reader.signs]
        self._hints = [hint for reader in readers for hint in reader.hints]
        signs = (sign for reader in readers for sign in reader.signs)
        self.useless = Useless((*self.words, *self._hints, *signs))

    def items(self, record: Record) -> list[Item]:
        """The items of one JSON text: a reject where it is meant to be a record and cannot be read."""
        items = self._record_items(record, _At(record.where))
        return [_UNKNOWN] if items is None else items

    def direct_items(self, text: bytes, where: str) -> list[Item] | None:
        """The items of a text that is one object of a format's types; None for any other text."""
        for reader in self._readers:
            if (items := reader.direct_items(text, where)) is not None:
                self.reader = reader
                return items
        return None

    def _record_items(self, record: Record, at: _At) -> list[Item] | None:
        if record.broken is not None:
            return self._broken_items(record.text, record.broken, at)
        if _is_large(record.text):
            items = self._large_items(record, at)
        else:
            if (items := self.direct_items(record.text, at.where)) is not None:
                return items
            try:
                value = decode(record.text)
            except ValueError as error:
                return self._broken_items(record.text, f"invalid JSON: {error}", at)
            items = self._items(value, record.text, at)
        if items is None and _has(record.text, self.words):
            return [reject(at.where, "it names a webhook, but holds none that can be read", record.text)]
        return items

    def _large_items(self, record: Record, at: _At) -> list[Item] | None:
        """The items of a large object, read object by object."""
        text = record.text
        if not _has_many_values(text):
            # A record with one text of many megabytes, which no format reads.
            items = self.direct_items(_STRING.sub(_short, text), at.where)
            if items is not None:
                return items
        if at.depth >= _MAX_DEPTH or not decodes(text):
            return self._broken_items(text, "nested too deeply or invalid JSON", at)
        found = objects_in_large(text, text.find(b"{") + 1, text.rfind(b"}"), self.words, self.useless)
        inner = at.inner()
        return _joined(self._record_items(one, inner) for one in found if one is not None)

    def _broken_items(self, text: bytes, reason: str, at: _At) -> list[Item] | None:
        """The items of an object that is no JSON; None where nothing says that it is a record."""
        if not _has(text, self.words) and not _has(text, self._hints):
            return None if at.depth or _is_no_json(text) else [reject(at.where, reason, text)]
        for reading in readings(text):
            items = _joined(self._items(value, text, at.inner()) for value in reading.values)
            if items is not None and not all(type(item) is Reject for item in items):
                left = _has(reading.rest, self.words)
                return [*items, reject(at.where, reason, reading.rest)] if left else items
        return [reject(at.where, reason, text)]

    def _items(self, value: Any, text: bytes, at: _At) -> list[Item] | None:
        """The items of every record in a decoded value; None where it holds none.

        Args:
            value: The value.
            text: What it was decoded from, or a part of what was.
            at: Its place.
        """
        if at.depth > _MAX_DEPTH:
            return None
        if isinstance(value, dict):
            return self._object_items(value, text, at)
        if isinstance(value, (list, tuple)):  # `{…}, {…}` is a tuple in Python's form
            if len(value) >= _MIN_TEXT and type(value[0]) is int:
                return self._text_items(_text_of_bytes(value), at)  # as journald and Node write bytes
            inner = at.inner()
            return _joined(self._items(item, text, inner) for item in value)
        if isinstance(value, str):
            return self._text_items(value, at)
        if isinstance(value, bytes):  # Python's repr has them
            return self._text_items(value.decode("utf-8", "replace"), at)
        return None

    def _object_items(self, value: dict[str, Any], text: bytes, at: _At) -> list[Item] | None:
        for reader in self._exact:
            if (items := self._read(reader, value, text, at)) is not None:
                return items
        # Anything with a recipient looks like a send to a tolerant reader.
        if not at.exact and (at.depth == 0 or _has(text, self._hints)):
            for reader in self._tolerant:
                if (items := self._read(reader, value, text, at)) is not None:
                    inner = _has(text, self._signs) and self._member_items(value, text, at._replace(exact=True))
                    return inner or items
        if at.depth == 0 and not _has(text, self._signs) and not _has(text, self._hints) and not _HIDDEN.search(text):
            return None
        return self._member_items(value, text, at)

    def _read(self, reader: JsonReader, value: dict[str, Any], text: bytes, at: _At) -> list[Item] | None:
        try:
            items = reader.items(value, text, at.where)
            if items is not None and at.depth and any(type(item) is Reject for item in items):
                items = reader.items(value, msgspec.json.encode(value), at.where)  # a reject of its own
        except (ValueError, TypeError, RecursionError) as error:
            items = [reject(at.where, f"invalid JSON: {error}", text)]
        if items is not None:
            self.reader = reader
        return items

    def _member_items(self, value: dict[str, Any], text: bytes, at: _At) -> list[Item] | None:
        """The items of the records in an object's members. Some keep the body twice, as text and decoded: it is one."""
        found: dict[tuple[Item, ...], list[Item]] = {}
        inner = at.inner()
        for member in value.values():
            if (
                isinstance(member, (dict, list, tuple, str, bytes))
                and (items := self._items(member, text, inner)) is not None
            ):
                found.setdefault(tuple(item for item in items if type(item) is not Reject), items)
        if () in found and 1 < len(found) <= _KEPT_TWICE:
            del found[()]
        return _joined(found.values())

    def _text_items(self, text: str, at: _At) -> list[Item] | None:
        if len(text) < _MIN_TEXT:
            return None
        if "{" not in text and "%" not in text and "\\" not in text:
            if (plain := _inflated(text) if text.startswith(_GZIP_IN_BASE64) else base64_text(text)) is None:
                return None
            text = plain
        records = objects_in(text.encode("utf-8", "replace"), self.words)
        inner = at.inner()
        return _joined(self._record_items(record, inner) for record in records if record is not None)


def _is_large(text: bytes) -> bool:
    return len(text) > _LARGE or (len(text) > _MANY_VALUES[0] and _has_many_values(text))


def _short(string: re.Match[bytes]) -> bytes:
    """A string of JSON, or an empty one for a long text."""
    text = string[0]
    return b'""' if len(text) > _LONG_TEXT or text.count(b"\\") > _MANY_ESCAPES else text


def _has_many_values(text: bytes) -> bool:
    return sum(map(text.count, (b",", b"[", b"{"))) > _MANY_VALUES[1]


def _text_of_bytes(values: Sequence[Any]) -> str:
    """The text of a list of its bytes; empty where it is another list."""
    try:
        return bytes(values).decode("utf-8", "replace")
    except (TypeError, ValueError):
        return ""


def _inflated(text: str) -> str | None:
    """The text that was compressed and encoded as base64, as CloudWatch sends it to others; None where it was not."""
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(b64decode(text), _MAX_INFLATED).decode()
    except (ValueError, zlib.error):
        return None


def _has(text: bytes, words: Iterable[bytes]) -> bool:
    return any(map(text.__contains__, words))


def _is_no_json(text: bytes) -> bool:
    """Whether a text is what a program prints for people, and not a record that was cut off."""
    if _NO_JSON.match(text) is not None:
        return True
    with suppress(ValueError):
        literal_in(text)
        return True
    return False


def _joined(found: Iterable[list[Item] | None]) -> list[Item] | None:
    """The items of several values; None where none holds a record."""
    lists = [items for items in found if items is not None]
    return [item for items in lists for item in items] if lists else None
