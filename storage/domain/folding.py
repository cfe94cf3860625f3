"""Text for comparison: without case and accents, so that `lucia` finds Lucía and LUCÍA. Knows no field."""

from __future__ import annotations

import unicodedata

# Letters with a stroke or without a dot, and ligatures: Unicode does not decompose them.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def folded(text: str) -> str:
    """The text in lower case, without accents and with compatible forms (ﬁ, １) as plain ones."""
    if text.isascii():
        return text.lower()
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return plain.casefold().translate(_LETTERS)


def folded_lines(text: str) -> str:
    """The same as folding each line of a long text, but faster: letter by letter of those that it has."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text)
    for sign in filter(unicodedata.combining, set(text)):
        text = text.replace(sign, "")
    text = text.casefold()
    for letter, plain in _LETTERS.items():
        text = text.replace(chr(letter), str(plain))
    return text


def where_folded(text: str, wanted: str) -> tuple[int, int] | None:
    """Where a text contains another one, case and accents aside: the part [begin, end); None if it does not."""
    part = folded(wanted)
    pieces = [folded(sign) for sign in text]
    place = "".join(pieces).find(part)
    if place < 0 or not part:
        return None
    begin = _sign_at(pieces, place)
    end = _sign_at(pieces, place + len(part) - 1) + 1
    while end < len(text) and not pieces[end]:  # the accents that follow the last letter
        end += 1
    return begin, end


def _sign_at(pieces: list[str], place: int) -> int:
    """The index of the sign whose folded form has this place."""
    for index, piece in enumerate(pieces):
        place -= len(piece)
        if place < 0:
            return index
    return len(pieces)
