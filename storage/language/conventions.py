"""How the country of a reader writes numbers, shares and days.

English writes them as the program always did, at no cost. For the others a table of CLDR's facts is read
(`conventions_table.py`, made from babel): importing babel itself takes a twelfth of the time to the first screen.
Blanks are plain ones, and names of months and weekdays have three letters, because numbers and days stand in columns.
Times of day have 24 hours in every language, and weeks begin on the day that the setting `first_day` of the database
names, so that two people who look at the same numbers see the same ones.
"""

from __future__ import annotations

from typing import NamedTuple

from storage.language.languages import ENGLISH, PSEUDO
from storage.language.of_process import COUNTRY, LANGUAGE


class Conventions(NamedTuple):
    """What is written differently from country to country.

    Attributes:
        decimal: between a number and its fraction.
        group: between the thousands.
        percent: behind the number, with the blank before it where there is one.
        months: the names of the months, in three letters.
        weekdays: the names of the weekdays, Monday first, in three letters.
    """

    decimal: str
    group: str
    percent: str
    months: tuple[str, ...]
    weekdays: tuple[str, ...]


_ENGLISH = Conventions(
    ".",
    ",",
    "%",
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)
_IS_PLAIN = LANGUAGE in (ENGLISH, PSEUDO)


def conventions_of(language: str, country: str) -> Conventions:
    """The conventions of a language in a country; of most of its countries if the country has none of its own."""
    if language in (ENGLISH, PSEUDO):
        return _ENGLISH
    from storage.language.conventions_table import MONTHS_AND_WEEKDAYS, SIGNS, USUAL

    tag = f"{language}_{country}"
    if tag not in SIGNS:
        tag = USUAL.get(language, language)
    if tag not in SIGNS:  # `just texts` was not run after the language was added
        return _ENGLISH
    decimal, group, percent, names = SIGNS[tag]
    months, weekdays = MONTHS_AND_WEEKDAYS[names]
    return Conventions(decimal, group, percent, tuple(months.split()), tuple(weekdays.split()))


_current = conventions_of(LANGUAGE, COUNTRY)
_signs = str.maketrans({",": _current.group, ".": _current.decimal})


def use_country_of(zone: str) -> None:
    """Takes the conventions of the country of a time zone, where the language was chosen without a country.

    Args:
        zone: the report's time zone, such as `America/Bogota`.
    """
    global _current, _signs  # a fact of the process, known as soon as the database is
    if _IS_PLAIN or COUNTRY:
        return
    from storage.language.conventions_table import COUNTRIES

    _current = conventions_of(LANGUAGE, COUNTRIES.get(zone, ""))
    _signs = str.maketrans({",": _current.group, ".": _current.decimal})


def localized(number: str) -> str:
    """A number as Python formats it, `1,234.5`, with the signs of the reader's country."""
    return number if _IS_PLAIN else number.translate(_signs)


def percentage(fraction: float, digits: int = 1) -> str:
    """A fraction of 1 as a percentage."""
    text = f"{fraction:.{digits}%}"
    return text if _IS_PLAIN else text[:-1].translate(_signs) + _current.percent


def month_name(month: int) -> str:
    """The name of a month, 1 to 12, in three letters."""
    return _current.months[month - 1]


def weekday_name(weekday: int) -> str:
    """The name of a weekday, 0 for Monday, in three letters."""
    return _current.weekdays[weekday]


def usual_first_day(zone: str) -> str:
    """The day that weeks begin on where the reader is: `monday`, `sunday` or `saturday`.

    Args:
        zone: a time zone, whose country counts where the language was chosen without one.
    """
    from storage.language.conventions_table import COUNTRIES, FIRST_DAYS

    country = COUNTRY or COUNTRIES.get(zone, "")
    return next((day for day, those in FIRST_DAYS.items() if country in " ".join(those).split()), "monday")
