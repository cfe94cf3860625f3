"""Makes the table of how each country writes numbers and days, from babel (CLDR) and the package tzdata.

`python -m tests.texts` writes it; `tests/storage/language/test_conventions.py` compares it with babel.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from textwrap import wrap

from babel import Locale
from babel.localedata import locale_identifiers

from storage.language.languages import ENGLISH, LANGUAGES

TABLE = Path(__file__).parents[1] / "storage" / "language" / "conventions_table.py"
# Without a country that is known: Latin America writes Spanish, and Brazil Portuguese.
USUAL = {"es": "es_419", "pt": "pt_BR"}
Signs = tuple[str, str, str, int]


def locales() -> list[str]:
    """The locales of the languages of the program, but for English, as CLDR has them."""
    languages = LANGUAGES.keys() - {ENGLISH}
    return sorted(name for name in locale_identifiers() if name.partition("_")[0] in languages)


def signs_of(name: str, names: list[tuple[str, str]]) -> Signs:
    """The signs of one locale, and the place in `names` of its months and weekdays, which are added if needed."""
    locale = Locale.parse(name)
    symbols = locale.number_symbols["latn"]
    blank = " " if "\xa0" in locale.percent_formats[None].pattern else ""
    months = three_letters([locale.months["format"]["abbreviated"][month] for month in range(1, 13)])
    weekdays = three_letters([locale.days["format"]["abbreviated"][day] for day in range(7)])
    if (months, weekdays) not in names:
        names.append((months, weekdays))
    return _plain(symbols["decimal"]), _plain(symbols["group"]), f"{blank}%", names.index((months, weekdays))


def three_letters(names: list[str]) -> str:
    """The first three letters of each name; of two that begin alike (juin, juil.) the third is one that differs."""
    short = []
    for name in names:
        alike = [other for other in names if other != name and other[:3] == name[:3]]
        third = next(place for place in range(2, len(name)) if all(other[place] != name[place] for other in alike))
        short.append(name[:2] + name[third])
    return " ".join(short)


def _plain(sign: str) -> str:
    return sign.replace("\xa0", " ").replace("\u202f", " ")


def countries() -> dict[str, str]:
    """The country of each time zone, old names included, where a language of the program is spoken."""
    spoken = {name.partition("_")[2] for name in locales()}
    zones = files("tzdata") / "zoneinfo"
    found = {}
    for line in (zones / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[zone] = country
    for line in (zones / "tzdata.zi").read_text(encoding="utf-8").splitlines():
        if line.startswith("L "):
            _, zone, old = line.split()
            found.setdefault(old, found.get(zone, ""))
    return {zone: country for zone, country in sorted(found.items()) if country in spoken}


def first_days() -> dict[str, str]:
    """The countries whose weeks do not begin on Monday, by the day; on Fridays (the Maldives) as on Saturdays."""
    days = {6: "sunday", 5: "saturday", 4: "saturday"}
    found: dict[str, set[str]] = {"sunday": set(), "saturday": set()}
    for name in locale_identifiers():
        locale = Locale.parse(name)
        if locale.territory and len(locale.territory) == 2 and (day := days.get(locale.first_week_day)):
            found[day].add(locale.territory)
    return {day: " ".join(sorted(countries)) for day, countries in found.items()}


def table() -> str:
    """The module `storage/language/conventions_table.py`."""
    names: list[tuple[str, str]] = []
    signs = {name: signs_of(name, names) for name in locales()}
    lines = [
        '"""How each country writes numbers and days, from CLDR. Made by `python -m tests.texts`; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "# The locale of a language whose country is not known.",
        f"USUAL = {USUAL!r}".replace("'", '"'),
        "# Decimal sign, sign between thousands, percent sign with its blank, place in MONTHS_AND_WEEKDAYS.",
        "SIGNS: dict[str, tuple[str, str, str, int]] = {",
        *(
            f'    "{name}": ({", ".join(json.dumps(one, ensure_ascii=False) for one in value)}),'
            for name, value in signs.items()
        ),
        "}",
        "MONTHS_AND_WEEKDAYS = (",
    ]
    for months, weekdays in names:
        lines += ["    (", f'        "{months}",', f'        "{weekdays}",', "    ),"]
    lines += [")", "# The country of a time zone.", "COUNTRIES = {"]
    lines += [f'    "{zone}": "{country}",' for zone, country in countries().items()]
    lines += ["}", "# The countries whose weeks do not begin on Monday."]
    lines += ["FIRST_DAYS = {"]
    for day, named in first_days().items():
        lines += [f'    "{day}": [', *(f'        "{line}",' for line in wrap(named, 100)), "    ],"]
    return "\n".join([*lines, "}"]) + "\n"


def write_table() -> None:
    """Writes the table."""
    TABLE.write_text(table(), encoding="utf-8")
