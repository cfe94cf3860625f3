"""Which languages there are. The entry point imports it before the language is chosen."""

from __future__ import annotations

VARIABLE = "SALUDO_LANG"
ENGLISH = "en"
PSEUDO = "xx"  # longer, with accents, made from the English texts: it shows what is not translated or does not fit
# A language is one line here and one folder of `catalogues/`. Its own name is what people look for.
LANGUAGES = {ENGLISH: "English", "es": "español", "pt": "português"}


def tag_of(text: str) -> str | None:
    """The language that a setting or a locale names.

    Args:
        text: such as `es`, `es_AR.UTF-8` or `pt-br`.

    Returns:
        The language and, if there is one, its country, such as `es_AR`; None where the program does not speak it.
    """
    language, _, country = text.partition(".")[0].partition("@")[0].replace("-", "_").partition("_")
    language = language.lower()
    if language not in LANGUAGES and language != PSEUDO:
        return None
    is_country = (len(country) == 2 and country.isalpha()) or (len(country) == 3 and country.isdigit())
    return f"{language}_{country.upper()}" if is_country and country.isascii() else language
