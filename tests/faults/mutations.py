"""Small inputs of every format, wrapper and compression, and random changes of them. Reads no result."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.captures import CAPTURES
from tests.storage.sources.wrappers import LINES, WHOLE

CORPUS = Path(__file__).with_name("corpus")
LARGEST = 200_000  # bytes of an input
_PACKED: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, bz2.compress, lzma.compress)
_TOKENS = (
    *(bytes([one]) for one in b"{}[]\":,\\'\n\r\t\0 %&;=|0-+.\xff"),
    *(b'{"', b'"}', b"{}", b"[]", b'""', b'\\"', b"\\\\", b"\\n", b"\\u0000", b"\\ud800", b"\\x22", b"%7B", b"%22"),
    *(b"&quot;", b"&#123;", b"#012", b"null", b"1e999", b"-1", b"NaN", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[2J"),
    *(b"whatsapp_business_account", b'"entry"', b'"statuses"', b'"to"', b"messaging_product", b"sep=;\n", b"\r\n"),
    *(b"{'", b"'}", b"=>", b"b'", b'="x"', b"5,49116E+12", b"31-02-2025", b"\x1f\x8b\x08", b"PK\x03\x04", b"BZh9"),
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    " ",
    "x" * 300,
    "\u0000",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    {"": {}},
)


@cache
def corpus() -> tuple[bytes, ...]:
    """Valid inputs: the captures, their webhooks in every wrapper, and what earlier runs found."""
    captures = [path.read_bytes() for path in sorted(CAPTURES.iterdir()) if path.suffix != ".md"]
    webhooks = (CAPTURES / "cloud_lines.jsonl").read_text(encoding="utf-8").splitlines()
    lines = ["\n".join(map(wrap, webhooks)).encode() for wrap in LINES.values()]
    whole = [wrap(webhooks).encode() for wrap in WHOLE.values()]
    return (*captures, *lines, *whole, *(path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))))


def mutated(chance: random.Random) -> bytes:
    """An input of the corpus with a few changes, packed now and then."""
    content = chance.choice(corpus())
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(_MUTATIONS)(content, chance)[:LARGEST]
    if chance.random() < 0.2:
        content = chance.choice(_PACKED)(content)
        for _ in range(chance.randint(0, 2)):
            content = chance.choice(_OF_BYTES)(content, chance)[:LARGEST]
    return content


def _place(content: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(content))


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = _place(content, chance)
    return start, start + min(int(chance.expovariate(1 / 20)) + 1, len(content) - start)


def _bit(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    byte = bytes(one ^ 1 << chance.randrange(8) for one in content[place : place + 1])
    return content[:place] + byte + content[place + 1 :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    return content[:place] + chance.choice(_TOKENS) * chance.choice((1, 1, 1, 2, 40)) + content[place:]


def _replace(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + chance.choice(_TOKENS) + content[end:]


def _remove(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] * chance.choice((1, 2, 10, 100, 2_000)) + content[end:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _splice(content: bytes, chance: random.Random) -> bytes:
    other = chance.choice(corpus())
    return content[: _place(content, chance)] + other[_place(other, chance) :]


def _shuffle_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def _repeat_line(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    lines[place:place] = [lines[place]] * chance.choice((1, 3, 70, 700))
    return b"\n".join(lines)


def _wrap(content: bytes, chance: random.Random) -> bytes:
    """A line in a wrapper of logs, whatever it is."""
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    try:
        lines[place] = LINES[chance.choice([*LINES])](lines[place].decode("utf-8", "replace")).encode(
            "utf-8", "replace"
        )
    except (ValueError, RecursionError):
        return content
    return b"\n".join(lines)


def _change_value(content: bytes, chance: random.Random) -> bytes:
    """Another value at some place of a JSON line."""
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    try:
        value = json.loads(lines[place])
    except (ValueError, RecursionError):
        return content
    lines[place] = json.dumps(_with_other(value, chance)).encode()
    return b"\n".join(lines)


def _with_other(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice([*value])
        return {**value, name: _with_other(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], _with_other(value[place], chance), *value[place + 1 :]]
    return chance.choice((*_VALUES, [value], {"a": value}, json.dumps(value), [value, value]))


def _other_encoding(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-8-sig", "latin-1")), "replace")


_OF_BYTES = (_bit, _insert, _replace, _remove, _repeat, _cut)
_MUTATIONS = (
    *_OF_BYTES,
    _splice,
    _shuffle_lines,
    _repeat_line,
    _wrap,
    _wrap,
    _change_value,
    _change_value,
    _other_encoding,
)
