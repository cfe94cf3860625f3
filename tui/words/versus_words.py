"""A against B in words: what the sends say, and what to beware of. Knows no widget and no database."""

from __future__ import annotations

from collections.abc import Sequence

from storage.domain.proportions import Rate
from storage.language.texts import _, ngettext
from storage.report.versus import Finding, Verdict
from tui.words.changes import with_interval
from tui.words.numbers import number

# By the name of the rate, as in `SortBy` and `Rates`.
RATES: dict[str, str] = {
    "delivered": _("Delivered, of the sends"),
    "read": _("Read, of those delivered"),
    "answered": _("Answered, of those delivered"),
}
WARNINGS = (
    _(
        "Decide how many sends to wait for before you look. If you look every day until a difference is clear, you "
        "will find one, even where there is none."
    ),
    _("The rows may differ in more than their name: other people, other days, another line."),
)


def letter(place: int) -> str:
    """The letter of a row by its place: A, B, …, Z, AA, AB, …"""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def correction(count: int) -> str:
    """How the tests are corrected; empty for two rows."""
    if count <= 2:
        return ""
    return _("{count} rows are compared with A, so each needs a clearer difference (Holm's correction).").format(
        count=number(count - 1)
    )


def counts(rates: Sequence[Rate]) -> str:
    """What the rates of the rows are made of: "A 522 of 600   B 333 of 363"."""
    return "   ".join(
        _("{letter} {count} of {all}").format(letter=letter(place), count=number(rate.count), all=number(rate.of))
        for place, rate in enumerate(rates)
    )


def finding(name: str, verdict: Verdict) -> str:
    """What the sends say of a row beside A: "B is better", or what would tell."""
    match verdict.finding:
        case Finding.BETTER:
            return _("{name} is better than A").format(name=name)
        case Finding.WORSE:
            return _("{name} is worse than A").format(name=name)
        case Finding.EQUAL:
            return _("{name} is like A: no number of sends would tell them apart").format(name=name)
        case Finding.TOO_FEW:
            return _("{name}: too few to tell; a rate needs a base of 30").format(name=name)
    more = verdict.more_sends or 1
    return ngettext(
        "unclear: {count} more send of each would tell A and {name} apart",
        "unclear: {count} more sends of each would tell A and {name} apart",
        more,
    ).format(count=number(more), name=name)


def difference(verdict: Verdict) -> str:
    """The difference in points with its interval at 95 %; empty where there is no rate."""
    return "" if verdict.difference is None else with_interval(verdict.difference)
