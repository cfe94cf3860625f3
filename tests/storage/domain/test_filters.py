"""The filter's text: what it says, that it comes back the same, and how a wrong one is refused."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Origin
from storage.domain.failures import Reason
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.domain.patterns import AnyOf, is_literal, literal, matcher, plain
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus, UserType

TODAY = date(2026, 11, 22)  # a Sunday

patterns = st.text(alphabet=st.sampled_from('ab*\\" ,:\tñ🙂\u202e')).map(literal).filter(bool) | st.sampled_from(
    ["order_*", "*", "promo [/b] 50%", "a*b*", "\\**"]
)
days = st.dates(date(2009, 1, 1), date(2099, 12, 30)).map(date.isoformat)
periods = (
    st.sampled_from(["today", "7d", "30d", "90d", "week", "month", "14d"]).map(Period)
    | st.just(Period(None))
    | days.map(lambda day: Period(None, day))
    | days.map(lambda day: Period(None, None, day))
)
filters = st.builds(
    Filter,
    period=periods,
    origins=st.frozensets(st.sampled_from(Origin)),
    lines=st.frozensets(patterns, max_size=3),
    templates=st.frozensets(patterns, max_size=3),
    user_type=st.none() | st.sampled_from(UserType),
    statuses=st.frozensets(st.sampled_from(StartStatus)),
    failures=st.frozensets(st.sampled_from([*Reason, "131026", "0"]).map(str)),
    contact=st.none() | patterns,
)


@given(filters)
def test_a_filter_comes_back_from_its_text(filter: Filter) -> None:
    assert Filter.parse(str(filter)) == filter


def test_the_default_is_thirty_days() -> None:
    assert str(Filter()) == "period:30d"
    assert Filter.parse("") == Filter()
    assert Period("30d").days(TODAY) == (date(2026, 10, 24), date(2026, 11, 23))


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("today", "2026-11-22", "2026-11-23"),
        ("7d", "2026-11-16", "2026-11-23"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-11-01", "2026-12-01"),
    ],
)
def test_named_periods_are_whole_days_and_half_open(period: str, since: str, until: str) -> None:
    assert Period(period).days(TODAY) == (date.fromisoformat(since), date.fromisoformat(until))


def test_since_is_the_first_day_and_until_the_day_after_the_last() -> None:
    filter = Filter.parse("since:2026-11-01 until:2026-11-22")
    assert filter.period.days(TODAY) == (date(2026, 11, 1), date(2026, 11, 22))


def test_all_fields_are_read() -> None:
    text = 'origin:template,notification line:+54911* template:"a b",order_* user:new status:failed failure:131026'
    filter = Filter.parse(f"period:7d {text},number_gone contact:54911")
    assert filter == Filter(
        Period("7d"),
        frozenset((Origin.TEMPLATE, Origin.NOTIFICATION)),
        frozenset(("+54911*",)),
        frozenset(("a b", "order_*")),
        UserType.NEW,
        frozenset((StartStatus.FAILED,)),
        frozenset(("131026", "number_gone")),
        "54911",
    )


def test_a_quoted_value_is_literal_and_a_bare_star_is_not() -> None:
    (quoted,) = Filter.parse('template:"50*"').templates
    (bare,) = Filter.parse("template:50*").templates
    assert is_literal(quoted)
    assert plain(quoted) == "50*"
    assert not matcher(quoted).fullmatch("500")
    assert matcher(bare).fullmatch("500")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nonsense", "nonsense"),
        ("period:7d colour:red", "colour"),
        ("period:7d origin:mail", "origin:mail"),
        ("user:old", "user:old"),
        ("status:lost", "status:lost"),
        ("failure:nope", "failure:nope"),
        ("failure:nope/131026", "failure:nope/131026"),
        ("failure:media/some", "failure:media/some"),
        ("failure:131026/none", "failure:131026/none"),
        ("since:2026-02-30", "since:2026-02-30"),
        ("since:1970-01-01", "since:1970-01-01"),
        ("period:fortnight", "period:fortnight"),
        ("since:2026-02-02 until:2026-02-01", "until:2026-02-01"),
        ("period:7d since:2026-02-02", "since:2026-02-02"),
        ('template:"open', '"open'),
        ("template:", "template:"),
        ("template:a,,b", "template:a,,b"),
        ("user:new,recurrent", "user:new,recurrent"),
        ("contact:1 contact:2", "contact:2"),
    ],
)
def test_a_wrong_filter_points_at_the_word(text: str, word: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filter.parse(text)
    error = caught.value
    assert text[error.position : error.position + error.length] == word


@given(st.text())
def test_no_text_ends_in_anything_but_a_filter_or_its_error(text: str) -> None:
    with contextlib.suppress(FilterError):
        filter = Filter.parse(text)
        assert Filter.parse(str(filter)) == filter


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
def test_upper_and_lower_case_are_alike_in_any_alphabet(pattern: str, value: str, matches: bool) -> None:
    assert bool(matcher(pattern).fullmatch(value)) is matches
    assert AnyOf([pattern, "another"]).matches(value) is matches


def test_no_pattern_takes_long() -> None:
    """Tried one after the other, the ways to place these wildcards are more than there are atoms."""
    assert matcher("a*a*a*a*a*a*a*a*b").fullmatch("a" * 10_000) is None
