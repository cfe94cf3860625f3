"""The kinds of hostile input that are measured: one sign again and again, long texts, deep nesting, packed files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks.hostile import Kind, around, lines_of, nested, random_lines, record, repeated, webhook

_TEXT = bytes(range(32, 127)).replace(b"{", b"").replace(b"\\", b"").replace(b"%", b"").replace(b"&", b"")
_ANY = bytes(range(32, 127))
_WORDS = b"abcdefghijklmnopqrstuvwxyz 0123456789"
_SIGNS = b"{}[]\",:\\ '%&#0anu"

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
        yield Kind(f"{name}, lines of 100 KB", partial(lines_of, part, 100_000))
    yield Kind("newlines in gzip", partial(repeated, b"\n"), packed="gzip")
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
        yield Kind(f"deep nesting of {opening.decode()}", partial(nested, opening, b"1", closing))
        yield Kind(f"nesting of {opening.decode()}, a hundred deep", partial(_hundred_deep, opening, closing))
    yield Kind("lines of random text", partial(random_lines, _TEXT, 120))
    yield Kind("lines of random text with braces", partial(random_lines, _ANY, 120))
    yield Kind("lines of random signs of JSON", partial(random_lines, _SIGNS, 120))
    yield Kind("one line of JSON objects", partial(repeated, b'{"level":"info","msg":"server started","n":17},'))
    yield Kind("lines of JSON objects", partial(repeated, b'{"level":"info","msg":"server started","n":17}\n'))
    yield Kind("one object of numbers", partial(around, b'{"a":[0', b",1", b"]}"))
    yield Kind("one object of empty lists", partial(around, b'{"a":[0', b",[]", b"]}"))
    yield Kind("one object of objects", partial(around, b'{"a":[0', b',{"b":1}', b"]}"))
    yield Kind("one object of texts", partial(around, b'{"a":[0', b',"b"', b"]}"))
    yield Kind("one object of members", partial(around, b'{"a":1', b',"b":1', b"}"))


def _hundred_deep(opening: bytes, closing: bytes, size: int) -> Iterator[bytes]:
    return repeated(opening * 100 + b"1" + closing * 100 + b"\n", size)


_FILL = {"a": b"a", "{": b"{", '\\"': b'\\"', "euro": "\u20ac".encode()}


def _texts() -> Iterator[Kind]:
    """One text in one line, wherever a log may have it."""
    for name, part in _FILL.items():
        yield Kind(f"a text of {name}", partial(around, b'{"msg":"', part, b'"}'))
        yield Kind(f"a text of {name} in a webhook", partial(around, *_of_webhook(part)))
        yield Kind(f"a text of {name} behind a prefix", partial(around, b'INFO hook: {"msg":"', part, b'"}'))
        yield Kind(f"a text of {name} that never ends", partial(around, b'{"msg":"', part, b""))
    escaped = webhook(b'{"id":"wamid.5","type":"TEXT"}').replace(b'"', b'\\"').split(b"TEXT")
    yield Kind("JSON in a text", partial(around, b'{"body":"' + escaped[0], b"a", escaped[1] + b'"}'))
    yield Kind("webhooks in a text", partial(around, b'{"body":"', webhook(b'{"id":"x"}').replace(b'"', b'\\"'), b'"}'))
    long_text = b'{"body":"' + b'\\"x' * 2_000 + b"a" * 5_000_000 + b'"}\n'
    yield Kind("texts of 5 MB with escaped quotes", partial(repeated, long_text))
    yield Kind("base64", partial(around, b'{"awslogs":{"data":"', b"eyJhIjox", b'"}}'))
    yield Kind("a list of bytes", partial(around, b'{"MESSAGE":[123,34', b",97", b"]}"))
    yield Kind("a name of a member", partial(around, b'{"', b"a", b'":1}'))
    yield Kind("digits of a number", partial(around, b'{"a":', b"1", b"}"))
    yield Kind("a Python dict", partial(around, b"{'msg': '", b"a", b"'}"))
    yield Kind("in a dump of MySQL", partial(around, b'INSERT INTO a VALUES (\'{\\"a\\":\\"', b"a", b"\\\"}');"))
    yield Kind("a form", partial(around, b"payload=%7B%22a%22%3A%22", b"%41", b"%22%7D"))
    yield Kind("no JSON", partial(around, b"GET /", b"a", b" HTTP/1.1"))
    yield Kind("no JSON, no line end", partial(around, b"GET /", b"a", b""), line_end=False)
    yield Kind("a text without a line end", partial(around, b'{"msg":"', b"a", b'"}'), line_end=False)
    yield Kind("pretty-printed", partial(around, b'{\n  "msg": "', b"a", b'"\n}'))
    for way in ("gzip", "bzip2", "xz", "zip", "zip bzip2", "zip lzma"):
        yield Kind(f"a text in {way}", partial(around, *_of_webhook(b"a")), packed=way)


def _of_webhook(part: bytes) -> tuple[bytes, bytes, bytes]:
    whole = webhook(
        b'{"id":"wamid.9","status":"sent","timestamp":"1795014000","recipient_id":"5491155550001"}', b',"x":"-"'
    )
    before, after = whole.split(b"-")
    return before, part, after


def _tables() -> Iterator[Kind]:
    row = record(7, b",").split(b",")
    for name, separator in (("CSV", b","), ("TSV", b"\t"), ("semicolons", b";")):
        for what, part in _FILL.items():
            before, after = separator.join([*row[:2], b""]), separator.join([b"", *row[3:]])
            yield Kind(f"a cell of {what}, {name}", partial(around, before, part, after), separator)
        before, after = separator.join([*row[:2], b'"']), separator.join([b'"', *row[3:]])
        yield Kind(f"a quoted cell, {name}", partial(around, before, b"a", after), separator)
        yield Kind(f"a quoted cell of doubled quotes, {name}", partial(around, before, b'""', after), separator)
        yield Kind(f"a quoted cell of line ends, {name}", partial(around, before, b"\n", after), separator)
        yield Kind(
            f"a quoted cell of lines of 100 KB, {name}",
            partial(around, before, b"a" * 100_000 + b"\n", after),
            separator,
        )
        yield Kind(f"rows of random text, {name}", partial(random_lines, _TEXT, 120), separator)
        yield Kind(f"rows of random words, {name}", partial(random_lines, _WORDS + separator, 120), separator)
        for what, part in _TABLE_PARTS.items():
            yield Kind(f"{what}, one line, {name}", partial(repeated, part), separator)
            yield Kind(f"{what}, one a line, {name}", partial(repeated, part + b"\n"), separator)
            yield Kind(f"{what}, lines of 100 KB, {name}", partial(lines_of, part, 100_000), separator)


_TABLE_PARTS = {
    '"': b'"',
    '""': b'""',
    '",': b'",',
    ',"': b',"',
    "comma": b",",
    "tab": b"\t",
    "space": b" ",
    "NUL": b"\0",
    "carriage return": b"\r",
    "=": b"=",
    "a": b"a",
    "newline": b"\n",
}

KINDS = (*_logs(), *_texts(), *_tables())

# The kinds that docs/benchmarks.md shows.
TOLD = frozenset(
    (
        "{, one line",
        "{, one a line",
        "{, lines of 100 KB",
        "{}, one line",
        "{}, one a line",
        "{ },, one a line",
        '{", one line',
        '{", one a line',
        '{", lines of 100 KB',
        "[, one line",
        "[, one a line",
        '", one line',
        '", one a line',
        "backslash, one line",
        "backslash, one a line",
        ",, one line",
        ",, one a line",
        "space, one line",
        "space, one a line",
        "null, one line",
        "null, one a line",
        "NUL, one line",
        "NUL, one a line",
        "newlines in gzip",
        "deep nesting of [",
        'deep nesting of {"a":',
        "lines of random text",
        "lines of random text with braces",
        "lines of random signs of JSON",
        "one line of JSON objects",
        "lines of JSON objects",
        "one object of empty lists",
        "a text of a",
        "a text of a in a webhook",
        "a text of euro",
        "a text without a line end",
        "JSON in a text",
        "webhooks in a text",
        "a text in gzip",
        "a text in bzip2",
        "a text in xz",
        "a text in zip",
        "a text in zip bzip2",
        "a text in zip lzma",
        "a cell of euro, CSV",
        "a quoted cell, CSV",
        '", one line, CSV',
        '", one line, TSV',
        '", lines of 100 KB, CSV',
        '", lines of 100 KB, TSV',
        "comma, one a line, CSV",
        "newline, one a line, CSV",
        "carriage return, one line, CSV",
        '",, one a line, CSV',
        "a, one a line, TSV",
        "NUL, one a line, CSV",
        "rows of random text, CSV",
    )
)
