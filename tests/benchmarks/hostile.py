"""Inputs that cost much for each byte, or hold everything in one line: made of their size, the same every time.

Every file holds one record in front and one behind, so that reading has to come to its end. Measures nothing.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

_BLOCK = 1 << 16
_HEADER = b"message_id,to,template,status,sent_at"
_WAYS = ("plain", "gzip", "bzip2", "xz", "zip", "zip bzip2", "zip lzma")
_ZIPPED = {"zip": zipfile.ZIP_DEFLATED, "zip bzip2": zipfile.ZIP_BZIP2, "zip lzma": zipfile.ZIP_LZMA}

Content = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input.

    Attributes:
        name: its words in the table.
        content: makes blocks of so many bytes in all.
        separator: between the cells, where it is in a table; empty in a log.
        packed: how the file is packed.
        line_end: whether the content ends with a line end, and a record follows it.
    """

    name: str
    content: Content
    separator: bytes = b""
    packed: str = "plain"
    line_end: bool = True

    @property
    def events(self) -> int:
        """How many events the file has besides those of the content."""
        return 1 + self.line_end

    def write(self, path: Path, size: int) -> None:
        """Writes a file with so many bytes of content."""
        if self.packed in _ZIPPED:
            with (
                zipfile.ZipFile(path, "w", _ZIPPED[self.packed]) as archive,
                archive.open("a.log", "w", force_zip64=True) as member,
            ):
                self._write(member, size)
            return
        opened: dict[str, Callable[[], IO[bytes]]] = {
            "plain": lambda: path.open("wb"),
            "gzip": lambda: gzip.open(path, "wb"),  # type: ignore[dict-item, return-value]
            "bzip2": lambda: bz2.open(path, "wb"),  # type: ignore[dict-item, return-value]
            "xz": lambda: lzma.open(path, "wb"),
        }
        with opened[self.packed]() as file:
            self._write(file, size)

    def _write(self, file: IO[bytes], size: int) -> None:
        if self.separator:
            file.write(_HEADER.replace(b",", self.separator) + b"\n")
        file.write(_record(1, self.separator) + b"\n")
        for block in self.content(size):
            file.write(block)
        if self.line_end:
            file.write(b"\n" + _record(2, self.separator) + b"\n")


def _record(number: int, separator: bytes) -> bytes:
    """A row of a table, or a webhook."""
    if separator:
        cells = (b"wamid.%024d" % number, b"5491155550001", b"promo", b"sent", b"2026-11-18 15:00:00")
        return separator.join(cells)
    return webhook(b'{"id":"wamid.%d","status":"sent","timestamp":"1795014000","recipient_id":"5491155550001"}' % number)


def webhook(status: bytes, more: bytes = b"") -> bytes:
    """A webhook with one status, and more members of its value."""
    return (
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"whatsapp",'
        b'"metadata":{"display_phone_number":"5491100000001","phone_number_id":"1001"},"statuses":[' + status + b"]"
        b"" + more + b'},"field":"messages"}]}]}'
    )


def repeated(part: bytes, size: int) -> Iterator[bytes]:
    """The part again and again."""
    block = part * max(1, _BLOCK // len(part))
    for _ in range(size // len(block)):
        yield block
    yield part * (size % len(block) // len(part))


def _around(before: bytes, part: bytes, after: bytes, size: int) -> Iterator[bytes]:
    yield before
    yield from repeated(part, size)
    yield after


def _nested(opening: bytes, middle: bytes, closing: bytes, size: int) -> Iterator[bytes]:
    times = size // (len(opening) + len(closing))
    yield from repeated(opening, times * len(opening))
    yield middle
    yield from repeated(closing, times * len(closing))


def _random_lines(alphabet: bytes, longest: int, size: int) -> Iterator[bytes]:
    chance, made = random.Random(5), 0
    letters = bytes(alphabet)
    while made < size:
        text = bytes(chance.choices(letters, k=_BLOCK))
        lines, at = [], 0
        while at < len(text):
            end = at + chance.randrange(1, longest)
            lines.append(text[at:end])
            at = end
        block = b"\n".join(lines) + b"\n"
        made += len(block)
        yield block


def _lines_of(part: bytes, length: int, size: int) -> Iterator[bytes]:
    """Lines of this length, of one part again and again."""
    return repeated(part * (length // len(part)) + b"\n", size)


_TEXT = bytes(range(32, 127)).replace(b"{", b"").replace(b"\\", b"").replace(b"%", b"").replace(b"&", b"")
_ANY = bytes(range(32, 127))
_SIGNS = b'{}[]",:\\ \'%&#0anu'

_PARTS = {
    "{": b"{",
    "}": b"}",
    "{}": b"{}",
    "{ },": b"{ },",
    "{{}}": b"{{}}",
    '{"': b'{"',
    '{"a":': b'{"a":',
    "{'": b"{'",
    "[": b"[",
    "]": b"]",
    "[]": b"[]",
    "[{": b"[{",
    '"': b'"',
    '""': b'""',
    "'": b"'",
    "backslash": b"\\",
    'backslash "': b'\\"',
    "\\x22": b"\\x22",
    "\\u0022": b"\\u0022",
    "{\\": b"{\\",
    '{\\"': b'{\\"',
    ",": b",",
    ":": b":",
    "space": b" ",
    "tab": b"\t",
    "carriage return": b"\r",
    "null": b"null ",
    "NUL": b"\0",
    "%": b"%",
    "%7B": b"%7B",
    "%25": b"%25",
    "&": b"&",
    "&#123;": b"&#123;",
    "{&quot;": b"{&quot;",
    "#012": b"#012",
    "0": b"0",
    "=": b"=",
    "a": b"a",
    "a 3-byte letter": "\u20ac".encode(),
    "an emoji": "\U0001f600".encode(),
    "byte 0xFF": b"\xff",
    "{}{": b"{}{",
    '{"a":1}': b'{"a":1}',
    '{"a":{"b":1}} ': b'{"a":{"b":1}} ',
    '{"a":"{"}': b'{"a":"{"}',
    '{"object":': b'{"object":',
    '{"entry":[': b'{"entry":[',
    "whatsapp_business_account": b"whatsapp_business_account ",
}


def _logs() -> Iterator[Kind]:
    for name, part in _PARTS.items():
        yield Kind(f"{name}, one line", partial(repeated, part))
        yield Kind(f"{name}, one a line", partial(repeated, part + b"\n"))
        yield Kind(f"{name}, lines of 100 KB", partial(_lines_of, part, 100_000))
    yield Kind("newlines in gzip", partial(repeated, b"\n"), packed="gzip")
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
        yield Kind(f"deep nesting of {opening.decode()}", partial(_nested, opening, b"1", closing))
        yield Kind(f"nesting of {opening.decode()}, a hundred deep", partial(_hundred_deep, opening, closing))
    yield Kind("lines of random text", partial(_random_lines, _TEXT, 120))
    yield Kind("lines of random text with braces", partial(_random_lines, _ANY, 120))
    yield Kind("lines of random signs of JSON", partial(_random_lines, _SIGNS, 120))
    yield Kind("one line of JSON objects", partial(repeated, b'{"level":"info","msg":"server started","n":17},'))
    yield Kind("lines of JSON objects", partial(repeated, b'{"level":"info","msg":"server started","n":17}\n'))
    yield Kind("one object of numbers", partial(_around, b'{"a":[0', b",1", b"]}"))
    yield Kind("one object of empty lists", partial(_around, b'{"a":[0', b",[]", b"]}"))
    yield Kind("one object of objects", partial(_around, b'{"a":[0', b',{"b":1}', b"]}"))
    yield Kind("one object of texts", partial(_around, b'{"a":[0', b',"b"', b"]}"))
    yield Kind("one object of members", partial(_around, b'{"a":1', b',"b":1', b"}"))


def _hundred_deep(opening: bytes, closing: bytes, size: int) -> Iterator[bytes]:
    return repeated(opening * 100 + b"1" + closing * 100 + b"\n", size)


_FILL = {"a": b"a", "{": b"{", '\\"': b'\\"', "euro": "\u20ac".encode()}


def _texts() -> Iterator[Kind]:
    """One text in one line, wherever a log may have it."""
    for name, part in _FILL.items():
        yield Kind(f"a text of {name}", partial(_around, b'{"msg":"', part, b'"}'))
        yield Kind(f"a text of {name} in a webhook", partial(_around, *_of_webhook(part)))
        yield Kind(f"a text of {name} behind a prefix", partial(_around, b'INFO hook: {"msg":"', part, b'"}'))
        yield Kind(f"a text of {name} that never ends", partial(_around, b'{"msg":"', part, b""))
    escaped = webhook(b'{"id":"wamid.5","type":"TEXT"}').replace(b'"', b'\\"').split(b"TEXT")
    yield Kind("JSON in a text", partial(_around, b'{"body":"' + escaped[0], b"a", escaped[1] + b'"}'))
    yield Kind("webhooks in a text", partial(_around, b'{"body":"', webhook(b'{"id":"x"}').replace(b'"', b'\\"'), b'"}'))
    yield Kind("base64", partial(_around, b'{"awslogs":{"data":"', b"eyJhIjox", b'"}}'))
    yield Kind("a list of bytes", partial(_around, b'{"MESSAGE":[123,34', b",97", b"]}"))
    yield Kind("a name of a member", partial(_around, b'{"', b"a", b'":1}'))
    yield Kind("digits of a number", partial(_around, b'{"a":', b"1", b"}"))
    yield Kind("a Python dict", partial(_around, b"{'msg': '", b"a", b"'}"))
    yield Kind("in a dump of MySQL", partial(_around, b"INSERT INTO a VALUES ('{\\\"a\\\":\\\"", b"a", b"\\\"}');"))
    yield Kind("a form", partial(_around, b"payload=%7B%22a%22%3A%22", b"%41", b"%22%7D"))
    yield Kind("no JSON", partial(_around, b"GET /", b"a", b" HTTP/1.1"))
    yield Kind("no JSON, no line end", partial(_around, b"GET /", b"a", b""), line_end=False)
    yield Kind("a text without a line end", partial(_around, b'{"msg":"', b"a", b'"}'), line_end=False)
    yield Kind("pretty-printed", partial(_around, b'{\n  "msg": "', b"a", b'"\n}'))
    for way in _WAYS[1:]:
        yield Kind(f"a text in {way}", partial(_around, *_of_webhook(b"a")), packed=way)


def _of_webhook(part: bytes) -> tuple[bytes, bytes, bytes]:
    whole = webhook(b'{"id":"wamid.9","status":"sent","timestamp":"1795014000","recipient_id":"5491155550001"}', b',"x":"-"')
    before, after = whole.split(b"-")
    return before, part, after


def _tables() -> Iterator[Kind]:
    row = _record(7, b",").split(b",")
    for name, separator in (("CSV", b","), ("TSV", b"\t"), ("semicolons", b";")):
        for what, part in _FILL.items():
            before, after = separator.join([*row[:2], b""]), separator.join([b"", *row[3:]])
            yield Kind(f"a cell of {what}, {name}", partial(_around, before, part, after), separator)
        before, after = separator.join([*row[:2], b'"']), separator.join([b'"', *row[3:]])
        yield Kind(f"a quoted cell, {name}", partial(_around, before, b"a", after), separator)
        yield Kind(f"a quoted cell of doubled quotes, {name}", partial(_around, before, b'""', after), separator)
        yield Kind(f"a quoted cell of line ends, {name}", partial(_around, before, b"\n", after), separator)
        yield Kind(f"a quoted cell of lines of 100 KB, {name}", partial(_around, before, b"a" * 100_000 + b"\n", after), separator)
        for what, part in _TABLE_PARTS.items():
            yield Kind(f"{what}, one line, {name}", partial(repeated, part), separator)
            yield Kind(f"{what}, one a line, {name}", partial(repeated, part + b"\n"), separator)
            yield Kind(f"{what}, lines of 100 KB, {name}", partial(_lines_of, part, 100_000), separator)


_TABLE_PARTS = {
    '"': b'"', '""': b'""', '",': b'",', ',"': b',"', "comma": b",", "tab": b"\t", "space": b" ", "NUL": b"\0",
    "carriage return": b"\r", "=": b"=", "a": b"a", "newline": b"\n",
}

KINDS = (*_logs(), *_texts(), *_tables())
