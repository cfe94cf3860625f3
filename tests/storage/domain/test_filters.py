"""The text of a filter: what it means, that it is read back as it was written, and its errors."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Origin
from storage.domain.failures import Reason
from storage.domain.filter_text import FilterError
from storage.domain.filters import FIELDS, Filter
from storage.domain.patterns import is_literal, literal, matcher, plain
from storage.domain.period import Period
from storage.domain.vocabulary import StartStatus, UserType

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
    names=st.frozensets(patterns, max_size=2),
    excluded=st.frozensets(
        st.tuples(st.sampled_from(["line", "template", "contact", "name"]), patterns)
        | st.tuples(st.just("origin"), st.sampled_from(Origin))
        | st.tuples(st.just("user"), st.sampled_from(UserType))
        | st.tuples(st.just("status"), st.sampled_from(StartStatus))
        | st.tuples(st.just("failure"), st.sampled_from([*Reason, "131026"]).map(str)),
        max_size=4,
    ),
)


@given(filters)
def test_the_text_of_a_filter_is_read_back(filter: Filter) -> None:
    assert Filter.parse(str(filter)) == filter


def test_the_default_is_thirty_days() -> None:
    assert str(Filter()) == "period:30d"
    assert Filter.parse("") == Filter()


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
        ("template:!", "template:!"),
        ("template:!a,", "template:!a,"),
        ("template:a,!b", "template:a,!b"),
        ("!template:a", "!template:a"),
        ("-template:a", "-template:a"),
        ("period:!7d", "period:!7d"),
        ("since:!2026-01-01", "since:!2026-01-01"),
        ("status:!lost", "status:!lost"),
        ("contact:!+54 9 11", "9"),
    ],
)
def test_a_wrong_filter_points_at_the_word(text: str, word: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filter.parse(text)
    error = caught.value
    assert text[error.position : error.position + error.length] == word


@given(st.text())
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    with contextlib.suppress(FilterError):
        filter = Filter.parse(text)
        assert Filter.parse(str(filter)) == filter


@given(filters, st.sampled_from(list(FIELDS)))
def test_the_values_of_a_field_make_it_again(filter: Filter, name: str) -> None:
    values, excluded = filter.values(name), filter.excluded_values(name)
    assert filter.without(name).with_values(name, values).with_excluded(name, excluded) == filter
    assert filter.restricts(name) is bool(values or excluded)
    assert not filter.without(name).excluded_values(name)


def test_without_its_period_a_filter_covers_all_time() -> None:
    assert Filter.parse("period:7d user:new").without("period") == Filter.parse("period:all user:new")


def test_every_attribute_of_a_filter_belongs_to_one_field() -> None:
    assert [field.attribute for field in FIELDS.values()] + ["excluded"] == [
        attribute.name for attribute in dataclasses.fields(Filter)
    ]


def test_a_mark_before_the_values_excludes_them_all() -> None:
    filter = Filter.parse('template:!test_*,b template:order_* contact:!1,2 contact:3 template:!"!c"')
    assert filter.templates == {"order_*"}
    assert filter.excluded_values("template") == {"test_*", "b", "!c"}
    assert filter.contact == "3"
    assert filter.excluded_values("contact") == {"1", "2"}
    assert str(filter) == 'period:30d template:order_* template:!"!c",b,test_* contact:3 contact:!1,2'


def test_a_quoted_mark_is_a_plain_sign() -> None:
    assert Filter.parse('template:"!promo"').templates == {"!promo"}
    assert Filter.parse("template:promo!").templates == {"promo!"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("templte:a", "Unknown field 'templte'. Did you mean 'template'?"),
        ("PERIOD:wek", "Unknown period 'wek'. Did you mean 'week'?"),
        ("failure:number", "Unknown failure 'number'. Did you mean 'number_gone'?"),
        ("user:x", "Unknown user 'x'. Use one of: new, recurrent"),
    ],
)
def test_an_unknown_word_gets_a_suggestion(text: str, message: str) -> None:
    with pytest.raises(FilterError) as raised:
        Filter.parse(text)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "status:dad",
            "Unknown status 'dad'. Use one of: failed, sent, delivered, read, answered, received (at \"status:dad\")",
        ),
        (
            "colour:red",
            "Unknown field 'colour'. Use one of: period, since, until, origin, line, template, user, status,"
            " failure, contact, name",
        ),
    ],
)
def test_the_sentence_of_an_error_names_the_wrong_word_once(text: str, sentence: str) -> None:
    with pytest.raises(FilterError) as raised:
        Filter.parse(text)
    assert raised.value.sentence == sentence
