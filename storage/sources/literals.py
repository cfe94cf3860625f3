"""Reads objects as programs print them: Python's `repr`, Ruby's `inspect`, and what JavaScript's console shows.

Nothing is ever run: `ast.literal_eval` reads constants only, and the others are rewritten into Python's form first.
Knows no format of records.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

# A syntax tree takes a hundred times the memory of its text.
_MAX_BYTES = 1 << 19

# A string that never ends is one up to the end: looking for its end at every quote inside it takes time squared.
_STRING = r"""'(?:[^'\\]|\\.)*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)"""
_TOKEN = re.compile(
    rf"""(?P<joined> (?<=['"]) \s* \+ \s* (?=['"]) )
      | (?P<string> {_STRING} )
      | (?P<key> :? [A-Za-z_$][\w$]* (?= \s* (?: : | => ) ) )
      | (?P<arrow> => )
      | (?P<word> [A-Za-z_$][\w$]* )""",
    re.VERBOSE | re.DOTALL,
)
# What may stand behind a quoted name or item in any of these forms. To look first spares a syntax tree, 0.1 ms a text.
_FIRST_ITEM = re.compile(r"""\{\s*+(?:[^"'\s]|(?:"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')\s*+[:,}"'+=])""", re.DOTALL)
_WORDS = {"true": "True", "false": "False", "null": "None", "nil": "None", "undefined": "None"}


def literal_in(text: bytes) -> Any:
    """The printed object from the first brace of a text to its last one.

    Raises:
        ValueError: There is none, or it is no literal.
    """
    start, end = text.find(b"{"), text.rfind(b"}") + 1
    if not 0 <= start < end:
        raise ValueError("no object")
    if end - start > _MAX_BYTES:
        raise ValueError("too long for a printed object")
    shown = text[start:end].decode("utf-8", "replace").replace("\0", "\ufffd")
    if _FIRST_ITEM.match(shown) is None:
        raise ValueError("no literal: something else is behind its first text")
    try:
        return _evaluated(shown)
    except ValueError:
        return _evaluated(_TOKEN.sub(_in_python, shown))


def _evaluated(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes in strings
            return ast.literal_eval(text)
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"no literal: {error}") from None


def _in_python(token: re.Match[str]) -> str:
    text = token[0]
    match token.lastgroup:
        case "joined":
            return " "
        case "arrow":
            return ":"
        case "key":
            return repr(text.lstrip(":"))
        case "word":
            return _WORDS.get(text, text)
    return text
