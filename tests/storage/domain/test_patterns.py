"""Patterns: what they match, in which case, and how long it takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.patterns import AnyOf, is_literal, literal, matcher, phone_digits, plain


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("order_*", "order_1", True),
        ("*_1", "order_1", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*a*b*", "xxbxxaxx", False),
        ("a*a", "a", False),
        ("a*ab", "aab", True),
        ("*ab*ab", "abxab", True),
        ("*ab*ab", "ab", False),
        ("a**b", "ab", True),
        ("*", "", True),
        ("50\\*", "50*", True),
        ("50\\*", "500", False),
    ],
)
def test_a_pattern_matches_whole_values(pattern: str, value: str, matches: bool) -> None:
    assert bool(matcher(pattern).fullmatch(value)) is matches
    assert AnyOf([pattern, "another"]).matches(value) is matches


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("Order", "oRDER", True),
        ("order", "order 2", False),
        ("PROMOCI\u00d3N", "promoci\u00f3n", True),
        ("kilo", "\u212a ilo", False),
        ("kilo", "\u212ailo", True),
        ("\u212ailo", "kilo", True),
        ("a\\\\b", "A\\B", True),
    ],
)
def test_case_is_ignored_in_any_alphabet(pattern: str, value: str, matches: bool) -> None:
    assert bool(matcher(pattern).fullmatch(value)) is matches
    assert AnyOf([pattern, "another"]).matches(value) is matches


def test_no_pattern_takes_long() -> None:
    """An expression that tried every way to place these wildcards would not end."""
    assert matcher("a*a*a*a*a*a*a*a*b").fullmatch("a" * 10_000) is None


@given(st.text())
def test_a_literal_pattern_matches_its_value_only(value: str) -> None:
    pattern = literal(value)
    assert is_literal(pattern)
    assert plain(pattern) == value
    assert matcher(pattern).fullmatch(value)
    assert not matcher(pattern).fullmatch(f"{value}x")


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        ("+54 (911) 5555-0001", "5491155550001"),
        ("54911*", "54911*"),
        ("US.1349", "US.1349"),
        ("promo", "promo"),
    ],
)
def test_a_phone_number_loses_its_punctuation(pattern: str, digits: str) -> None:
    assert phone_digits(pattern) == digits
