"""Undoes the escapes that texts get on their way into a log: `\\x22`, `\\"`, `""`, `%22` and `&quot;` for a quote.

Nginx, Apache and `repr` of bytes write `\\x22`; JSON text, MySQL and other dumps write `\\"`; a CSV cell writes `""`
(RFC 4180); a form writes `%22`, HTML or XML `&quot;`, and rsyslog `#012` for a line end. Knows no format of records.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_ESCAPE = 12  # bytes
_MAX_LEVELS = 6  # escapes of escapes
_BLOCK_BYTES = 1 << 18  # undone at once, as lists of what is between two escapes take many times the room

# The start of an object: plain, or with an escaped quote. White space may be escaped as well. Repetitions are bounded:
# a long run of backslashes would be searched again from each of them.
_START = re.compile(
    rb"""\{(?=[\s&"'\#]|\\++["'nrtxu]|\Z)(?:\s|\\+[nrt]|&\#1[03];)*
    (?: (?P<doubled> (?:"")+ (?=[\w$]) )
      | (?P<plain> ["'] | $ )
      | (?P<backslash> \\ (?: \\ | x5[Cc] | u005[Cc] ){0,64} (?: ["'] | x2[27] | u002[27] ) )
      | (?P<octal> (?: \#01[125] [ ]* )+ " )
      | (?P<entity> & (?: quot | apos | \#3[49] | \#x2[27] ) ; )
    )""",
    re.VERBOSE,
)
# The first backslash of a run, or the brace of another one would be found from each of them.
_ESCAPED_BRACES = {
    "percent": ((b"%",), re.compile(rb"%(?:25)*+7[Bb]")),
    "backslash": (
        (b"x7", b"u007"),
        re.compile(rb"\\(?<!\\\\)(?:\\|x5[Cc]|u005[Cc]){0,64}(?:x7[Bb]|u007[Bb])"),
    ),
    "entity": ((b"&#123;",), re.compile(rb"&#123;")),
}

_SINGLE = re.compile(rb"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"0": b"\0", b"Z": b"\x1a"}
# Replaced first: finding out which escapes a text has takes longer. None of them gives a backslash.
_USUAL = ((b'\\"', b'"'), (b"\\n", b"\n"), (b"\\/", b"/"), (b"\\x22", b'"'), (b"\\'", b"'"))
_LATIN_1 = 0xFF
_PERCENT, _BARE_PERCENT = re.compile(rb"%(?=[0-9A-Fa-f]{2})"), re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ENTITIES = (
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&#x22;", b'"'),
    (b"&#39;", b"'"),
    (b"&apos;", b"'"),
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&#123;", b"{"),
    (b"&#125;", b"}"),
)


@dataclass(frozen=True, slots=True)
class _Escape:
    """One way to escape a text.

    Attributes:
        undo: Undoes it in a whole text.
        cut: Matches an escape that the end of a text may have cut off.
    """

    undo: Callable[[bytes], bytes]
    cut: re.Pattern[bytes]


def escape_of(text: bytes, *, skip_plain: bool = False) -> str | None:
    """How the first object in a text is escaped; None where it is plain or there is none.

    Args:
        text: A line, or a piece of one.
        skip_plain: Whether to look behind plain objects for an escaped one.
    """
    if b"{" in text:
        for found in _START.finditer(text):
            if found.lastgroup != "plain":
                return found.lastgroup
            if not skip_plain:
                return None
    places: dict[int, str] = {}
    for name, (signs, brace) in _ESCAPED_BRACES.items():
        if any(map(text.__contains__, signs)) and (escaped := brace.search(text)) is not None:
            places[escaped.start()] = name
    return places[min(places)] if places else None


class Unescaping:
    """Undoes the escapes of one line, which may come in pieces."""

    def __init__(self, piece: bytes, *, skip_plain: bool = False) -> None:
        """Finds out how the first piece is escaped, and how often."""
        self._levels: list[_Escape] = []
        piece = piece[:_BLOCK_BYTES] if escape_of(piece[:_BLOCK_BYTES], skip_plain=skip_plain) is not None else piece
        while len(self._levels) < _MAX_LEVELS:
            name = escape_of(piece, skip_plain=skip_plain and not self._levels)
            if name is None:
                break
            escape = _ESCAPES[name]
            self._levels.append(escape)
            piece = escape.undo(piece)
        self._cut = [b""] * len(self._levels)

    def feed(self, piece: bytes, *, last: bool) -> bytes:
        """The text of the next piece without its escapes."""
        starts = range(0, max(1, len(piece)), _BLOCK_BYTES)
        return b"".join(self._undone(piece[at : at + _BLOCK_BYTES], last=last and at == starts[-1]) for at in starts)

    def _undone(self, piece: bytes, *, last: bool) -> bytes:
        for level, escape in enumerate(self._levels):
            piece = self._cut[level] + piece
            self._cut[level] = b""
            if not last and (cut := escape.cut.search(piece, _end_of(piece))) is not None:
                self._cut[level] = piece[cut.start(1) :]
                piece = piece[: cut.start(1)]
            piece = escape.undo(piece)
        return piece


def _end_of(piece: bytes) -> int:
    """Where the last escape of a piece may start: searching all of it takes longer than everything else."""
    return len(piece[:-_LONGEST_ESCAPE].rstrip(b'\\"'))


def undo_backslashes(text: bytes) -> bytes:
    """The text without escapes such as `\\"`, `\\\\`, `\\n` and `\\x22`.

    Each kind of escape is replaced everywhere at once, as a function called for each takes ten times as long.
    """
    return b"\\".join(map(_undo_single, text.split(b"\\\\")))


def _undo_single(text: bytes) -> bytes:
    """The same for a text without `\\\\`."""
    for escape, meaning in _USUAL:
        text = text.replace(escape, meaning)
    if b"\\" not in text:
        return text
    meanings = [(escape, _meaning(escape)) for escape in set(_SINGLE.findall(text))]
    # Long ones first, as `\\x` may be the start of `\\x22`; those that give a backslash last, as it starts no escape.
    for escape, meaning in sorted(meanings, key=lambda one: (b"\\" in one[1], -len(one[0]))):
        text = text.replace(escape, meaning)
    return text


def _meaning(escape: bytes) -> bytes:
    sign = escape[1:2]
    if len(escape) == 4:
        return bytes((int(escape[2:], 16),))
    if len(escape) == 6:
        code = int(escape[2:], 16)
        return chr(code).encode() if code <= _LATIN_1 else escape  # JSON undoes the others
    return _CONTROLS.get(sign, sign)


def undo_doubled_quotes(text: bytes) -> bytes:
    """The text with one quote for every two."""
    return text.replace(b'""', b'"')


def _undo_octals(text: bytes) -> bytes:
    for escape, meaning in ((b"#012", b"\n"), (b"#011", b"\t"), (b"#015", b"\r")):
        text = text.replace(escape, meaning)
    return text


def undo_percents(text: bytes) -> bytes:
    """What `urllib.parse.unquote_to_bytes` gives of a form, ten times as fast: as quoted-printable text."""
    text = text.replace(b"+", b" ").replace(b"=", b"=3D")
    if _BARE_PERCENT.search(text) is None:
        return a2b_qp(text.replace(b"%", b"="))
    return a2b_qp(_PERCENT.sub(b"=", text))


def undo_entities(text: bytes) -> bytes:
    """What `html.unescape` gives, ten times as fast for the usual entities."""
    return b"&".join(map(_undo_others, text.split(b"&amp;")))


def _undo_others(text: bytes) -> bytes:
    if b"&" not in text:
        return text
    for entity, meaning in _ENTITIES:
        text = text.replace(entity, meaning)
    if b"&" not in text:
        return text
    import html  # few logs need it

    return html.unescape(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


_ESCAPES = {
    "backslash": _Escape(undo_backslashes, re.compile(rb"(?<!\\)(?:\\\\)*(\\(?:x[0-9A-Fa-f]?|u[0-9A-Fa-f]{0,3})?)\Z")),
    "doubled": _Escape(undo_doubled_quotes, re.compile(rb'(?<!")(?:"")*(")\Z')),
    "octal": _Escape(_undo_octals, re.compile(rb"(#(?:01?)?)\Z")),
    "percent": _Escape(undo_percents, re.compile(rb"(%[0-9A-Fa-f]?)\Z")),
    "entity": _Escape(undo_entities, re.compile(rb"(&#?\w{0,8})\Z")),
}
