"""Numbers, shares and days as the reader's country writes them."""

from __future__ import annotations

import pytest
from babel import Locale
from babel.numbers import format_decimal, format_percent

from storage.language.conventions import conventions_of
from storage.language.conventions_table import COUNTRIES, FIRST_DAYS
from tests import conventions
from tests.language_runs import said_in


def test_the_table_is_what_babel_says() -> None:
    assert conventions.TABLE.read_text(encoding="utf-8") == conventions.table(), "run `just texts`"


@pytest.mark.parametrize("tag", conventions.locales())
def test_numbers_are_those_of_babel_with_plain_blanks(tag: str) -> None:
    language, _, country = tag.partition("_")
    if not country:
        return  # a language alone is that of the country that most of its people live in
    signs = conventions_of(language, country)
    written = f"{1_234_567.5:,.1f}".translate(str.maketrans(",.", f"{signs.group}{signs.decimal}"))
    assert written == format_decimal(1_234_567.5, locale=tag).replace("\xa0", " ")
    assert f"12{signs.percent}" == format_percent(0.12, locale=tag).replace("\xa0", " ")


def test_names_that_begin_alike_differ_in_their_third_letter() -> None:
    assert conventions.three_letters(["mai", "juin", "juil.", "août"]) == "mai jun jul aoû"


def test_weeks_begin_where_cldr_says() -> None:
    first = {country: day for day, lines in FIRST_DAYS.items() for country in " ".join(lines).split()}
    for name in ("en_US", "es_MX", "pt_BR", "es_CO", "ar_EG", "es_AR", "en_GB", "es_ES"):
        day = ("monday", "", "", "", "", "saturday", "sunday")[Locale.parse(name).first_week_day]
        assert first.get(name[3:], "monday") == day


def test_a_column_has_the_same_width_in_every_country() -> None:
    for tag in conventions.locales():
        signs = conventions_of(*tag.split("_")) if "_" in tag else conventions_of(tag, "")
        assert {len(name) for name in (*signs.months, *signs.weekdays)} == {3}


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/Argentina/Buenos_Aires", "AR"),
        ("America/Buenos_Aires", "AR"),
        ("America/Mexico_City", "MX"),
        ("America/Sao_Paulo", "BR"),
        ("America/Bogota", "CO"),
    ],
)
def test_the_country_of_a_time_zone(zone: str, country: str) -> None:
    assert COUNTRIES[zone] == country


@pytest.mark.parametrize(
    ("tag", "zone", "expected"),
    [
        ("en", "America/Bogota", "1,234.5 12.5% Sep Sun"),
        ("es", "America/Bogota", "1.234,5 12,5% sep dom"),
        ("es", "America/Mexico_City", "1,234.5 12.5% sep dom"),
        ("es", "Europe/Madrid", "1.234,5 12,5 % sep dom"),
        ("es", "UTC", "1,234.5 12.5% sep dom"),
        ("es_ES", "America/Mexico_City", "1.234,5 12,5 % sep dom"),
        ("pt", "America/Sao_Paulo", "1.234,5 12,5% set dom"),
        ("pt", "America/Argentina/Buenos_Aires", "1.234,5 12,5% set dom"),
    ],
)
def test_a_language_alone_follows_the_country_of_the_time_zone(tag: str, zone: str, expected: str) -> None:
    code = f"""
from storage.language.conventions import localized, month_name, percentage, use_country_of, weekday_name
use_country_of({zone!r})
print(localized("1,234.5"), percentage(0.125), month_name(9), weekday_name(6))
"""
    assert said_in(tag, code) == expected
