"""The base class of expected errors, and the message for a word that is not known.

Apart from the modules that raise them, so that whoever catches an error loads nothing else.
"""

from __future__ import annotations

from collections.abc import Collection

from storage.language.texts import _


class StorageError(Exception):
    """Something cannot be done. The message is one line: what is wrong and what to do."""


def unknown_word(kind: str, given: str, known: Collection[str], *, also: str = "") -> str:
    """The message for a word that is not among the known ones: with the closest known word, or with all of them.

    Args:
        kind: what the word should be, such as "field".
        given: the word as it was typed.
        known: the words that are allowed.
        also: what else is allowed, such as "a number of days".
    """
    from difflib import get_close_matches  # only after a mistake: the import takes longer than parsing a filter

    close = get_close_matches(given.lower(), known, n=1)
    if close:
        return _("Unknown {kind} '{given}'. Did you mean '{close}'?").format(kind=kind, given=given, close=close[0])
    if also:
        message = _("Unknown {kind} '{given}'. Use one of: {known}, or {also}")
    else:
        message = _("Unknown {kind} '{given}'. Use one of: {known}")
    return message.format(kind=kind, given=given, known=", ".join(known), also=also)
