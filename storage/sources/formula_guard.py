"""The apostrophe that protects a cell of saludo's TSV: the export puts it before a value, the import takes it off.

A spreadsheet runs a cell that begins with a sign as a formula, also behind a blank, and programs that read CSV take a
quotation mark at the start for the begin of a quoted cell. Both directions stand here, because they must agree.
"""

from __future__ import annotations

import re

_SIGNS = frozenset('=+-@＝＋－＠﹦﹢﹣﹫"')  # full-width and small forms are typed with East Asian keyboards
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 .()/-]*")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
MAY_NEED_GUARD = "' " + "".join(sorted(_SIGNS | _BLANK_LETTERS))
"""The first characters of printable values that `guarded` may change."""


def guarded(value: str) -> str:
    """The value, with an apostrophe before it if it could be read as a formula or as the start of a quoted cell.

    Numbers of phones and other plain numbers stay as they are. Apostrophes that belong to the value are kept: it gets
    one more, so that `unguarded` gives the same value back.
    """
    return f"'{value}" if _is_risky(value) and not _PLAIN_NUMBER.fullmatch(value) else value


def unguarded(cell: str) -> str:
    """The value of a cell that `guarded` made."""
    return cell[1:] if cell[:1] == "'" and _is_risky(cell[1:]) else cell


def _is_risky(value: str) -> bool:
    """Whether a sign comes first, behind apostrophes and then blanks. An apostrophe more never changes the answer."""
    for character in value.lstrip("'"):
        if character in _SIGNS:
            return True
        if character.isprintable() and character != " " and character not in _BLANK_LETTERS:
            return False
    return False
