"""Which language a setting or a locale names."""

from __future__ import annotations

import pytest

from storage.language.languages import tag_of
from storage.language.pseudo import lengthened
from tests.language_runs import said_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("es_AR.UTF-8", "es_AR"),
        ("pt-br", "pt_BR"),
        ("es_ES@euro", "es_ES"),
        ("es-419", "es_419"),
        ("en_GB", "en_GB"),
        ("xx", "xx"),
        ("fr_FR.UTF-8", None),
        ("C", None),
        ("C.UTF-8", None),
        ("POSIX", None),
        ("", None),
        ("español", None),
        ("es_ARG", "es"),
        ("es_٣٤٥", "es"),
    ],
)
def test_a_language_is_read_as_systems_and_people_write_it(text: str, expected: str | None) -> None:
    assert tag_of(text) == expected


def test_the_pseudo_language_is_longer_and_keeps_what_is_put_in() -> None:
    assert lengthened("{count} starts of %(prog)s") == "{count} stárts óf %(prog)s~~~~"
    assert lengthened("Line\n") == "Líñé~\n"
    assert lengthened(" ") == " "


def test_texts_are_in_the_language_of_the_process() -> None:
    code = 'from storage.language.texts import _, ngettext, pgettext\nprint(_("Line"), ngettext("a", "bs", 2))'
    assert said_in("en", code) == "Line bs"
    assert said_in("xx", code) == "Líñé~ bs~"
