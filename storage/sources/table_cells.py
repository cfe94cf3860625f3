"""Single cells of a table: what programs write for "nothing", and ids that a spreadsheet made unusable.

Knows no format.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.sources.fields import identifier_of, text_of
from storage.sources.formula_guard import unguarded
from storage.sources.identity import is_placeholder, number_of

_NOTHING = frozenset(("", "-", "--", "\u2013", "\u2014", "null", "none", "nan", "n/a", "na", "n/d", "undefined", "nil"))
_ERROR = re.compile(r"#(?:[^\W_a-z]+[!?]|[^\W_a-z]+/[^\W_a-z]+[!?]?|\u00a1[^\W_a-z]+!)")  # #N/A, #REF!, #¡VALOR!
_TEXT_FORMULA = re.compile(r'="([^=].*|)"')  # keeps the digits of a number in a spreadsheet
_NUMBER = re.compile(r"[#\s]*[+-]?[\d.,\s']*\d(?:[eE]\+?\d+)?\.?")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+?\d+")
_NUMERIC_ID = 16  # digits that a numeric message id has at least
_EXACT_DIGITS = 15  # of a number in a spreadsheet; the others become zeros
_SHORT_ID = 8  # characters; a shorter "id" names a row of its own file


def cell_text(cell: str) -> str | None:
    """The text of a cell; None where it is empty or says that nothing is known."""
    plain = cell.strip()
    if plain.lower() in _NOTHING or plain == "\\N":
        return None
    if plain[0] == "#" and (not plain.strip("#") or _ERROR.fullmatch(plain) is not None):
        return None
    if (formula := _TEXT_FORMULA.fullmatch(plain)) is not None:
        return cell_text(formula[1].replace('""', '"'))
    if plain[0] == "'" and plain[1:2].isdigit():
        return text_of(plain[1:])  # a spreadsheet's mark of a text
    return text_of(unguarded(plain))


def is_scientific(text: str) -> bool:
    """Whether a text is a number in scientific notation, which a spreadsheet makes of a long one."""
    return _SCIENTIFIC.fullmatch(text) is not None


def is_rounded_id(text: str) -> bool:
    """Whether an id lost digits: it is in scientific notation, or a long number with zeros at its end."""
    # An id of 16 digits may well end with one zero of its own.
    is_cut = text.isdigit() and len(text) > _EXACT_DIGITS + 1 and set(text[_EXACT_DIGITS:]) == {"0"}
    return is_cut or is_scientific(text)


def is_lost(cell: str) -> bool:
    """Whether a spreadsheet wrote what it shows instead of the value: ########, #N/A, 5.49116E+12."""
    plain = cell.strip().strip("'")
    if plain[:1] == "#":
        return (len(plain) > 1 and not plain.strip("#")) or _ERROR.fullmatch(plain) is not None
    return plain[-1:].isdigit() and is_rounded_id(plain) and number_of(plain) is None


class LostCells:
    """Which columns of a table hold values that a spreadsheet made unusable.

    Args:
        header: The names of the columns.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._found: dict[int, str] = {}

    def look_at(self, place: int, cell: str) -> None:
        """Remembers the column of a cell that has no value, if a spreadsheet took it."""
        if place not in self._found and is_lost(cell):
            self._found[place] = cell.strip()

    def add(self, place: int, cell: str) -> None:
        """Remembers the column of a cell that cannot be used."""
        self._found.setdefault(place, cell.strip())

    def notes(self) -> list[str]:
        """A sentence for each such column."""
        return [
            f"'{' '.join(self._header[place].split())}' has values that cannot be used, such as {cell[:40]!r}:"
            " a spreadsheet or a mask took their digits"
            for place, cell in sorted(self._found.items())
        ]


def message_id_of(cell: str, *, bare: bool = False) -> str | None:
    """A message id; None for what is none: a placeholder, the number of a row, an id that a spreadsheet rounded.

    Args:
        cell: The cell.
        bare: Whether its column is only called "id": then a short text is a row's name.
    """
    if cell.startswith("wamid.") and cell.isascii() and cell.isprintable():
        return cell.rstrip()
    key = cell_text(cell)
    if key is None or key.startswith("wamid."):
        return key
    if is_placeholder(key):
        return None
    if _NUMBER.fullmatch(key) is not None:
        whole = identifier_of(key) or ""
        return whole if whole.isdigit() and len(whole) >= _NUMERIC_ID and not is_rounded_id(whole) else None
    return None if bare and len(key) < _SHORT_ID else key
