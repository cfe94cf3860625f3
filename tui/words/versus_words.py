"""A against B in words: what the sends say, and what to beware of. Knows no widget and no database."""

from __future__ import annotations

from storage.report.versus import Finding, Verdict
from tui.words.changes import points
from tui.words.numbers import plural

# By the name of the rate, as in `SortBy` and `Rates`.
RATES: dict[str, str] = {
    "delivered": "Delivered, of the sends",
    "read": "Read, of those delivered",
    "answered": "Answered, of those delivered",
}
WARNINGS = (
    "Decide how many sends to wait for before you look. If you look every day until a difference is clear, you will "
    "find one, even where there is none.",
    "The rows may differ in more than their name: other people, other days, another line.",
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
    return f"{count - 1} rows are compared with A, so each needs a clearer difference (Holm's correction)."


def finding(name: str, verdict: Verdict) -> str:
    """What the sends say of a row beside A: "B is better", or what would tell."""
    match verdict.finding:
        case Finding.BETTER:
            return f"{name} is better than A"
        case Finding.WORSE:
            return f"{name} is worse than A"
        case Finding.EQUAL:
            return f"{name} is like A: no number of sends would tell them apart"
        case Finding.TOO_FEW:
            return f"{name}: too few to tell; a rate needs a base of 30"
    return f"unclear: {plural(verdict.more_sends or 1, 'more send')} of each would tell A and {name} apart"


def difference(verdict: Verdict) -> str:
    """The difference in points with its interval at 95 %; empty where there is no rate."""
    if verdict.difference is None:
        return ""
    low, high = verdict.difference.interval
    return f"{points(verdict.difference.difference)} points ({points(low)} to {points(high)})"
