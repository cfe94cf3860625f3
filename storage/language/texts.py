"""The texts that people see, in the language of the process. English texts are the keys of the catalogues.

Write `_("{count} of {all}").format(...)`: a whole sentence, with names for what is put in. A f-string is another text
each time, and a sentence made of pieces cannot be translated.
"""

from __future__ import annotations

from storage.language.languages import ENGLISH, PSEUDO
from storage.language.of_process import LANGUAGE

if LANGUAGE == ENGLISH:

    def _(text: str) -> str:
        """A text in the language of the process."""
        return text

    def ngettext(one: str, many: str, count: int) -> str:
        """The form of a text that agrees with a count."""
        return one if count == 1 else many

    def pgettext(context: str, text: str) -> str:
        """A text whose translation depends on where it stands, such as a short one of a column."""
        return text

elif LANGUAGE == PSEUDO:
    from storage.language.pseudo import lengthened

    def _(text: str) -> str:
        return lengthened(text)

    def ngettext(one: str, many: str, count: int) -> str:
        return lengthened(one if count == 1 else many)

    def pgettext(context: str, text: str) -> str:
        return lengthened(text)

else:
    from storage.language.catalogue import load

    _catalogue = load(LANGUAGE)

    def _(text: str) -> str:
        return _catalogue.gettext(text)

    def ngettext(one: str, many: str, count: int) -> str:
        return _catalogue.ngettext(one, many, count)

    def pgettext(context: str, text: str) -> str:
        return _catalogue.pgettext(context, text)


def mark(text: str) -> str:
    """Marks a text for the catalogues that stays English where it is made, as the reason of a reject is stored.

    `translated` of `stored_texts.py` translates it where it is shown.
    """
    return text
