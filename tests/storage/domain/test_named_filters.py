"""`@name` stands for the words of a filter that the settings file names."""

from __future__ import annotations

from datetime import date

import pytest

from storage.domain.filter_context import FilterContext, is_name
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter

NAMED = {
    "orders": "period:7d template:order_*",
    "failed": "@orders status:failed",
    "new": "user:new",
    "a": "@b",
    "b": "status:read @a",
    "wrong": "templte:x",
    "deep": "@wrong",
    "yesterday": "since:yesterday until:today",
}
CONTEXT = FilterContext(date(2026, 11, 29), NAMED)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("@orders", "period:7d template:order_*"),
        ("@ORDERS template:!order_test", "period:7d template:order_* template:!order_test"),
        ("@failed @new", "period:7d template:order_* user:new status:failed"),
        ("@orders period:today template:promo", "period:today template:order_*,promo"),
        ("since:2026-11-01 @orders", "since:2026-11-01 template:order_*"),
        ("@new user:recurrent", "user:recurrent"),
        ("@yesterday", "since:2026-11-28 until:2026-11-29"),
        ("template:@orders", 'template:"@orders"'),
    ],
)
def test_a_name_stands_for_its_words(text: str, same: str) -> None:
    assert Filter.parse(text, CONTEXT) == Filter.parse(same)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("period:7d @order", "Unknown filter '@order'. Did you mean '@orders'?"),
        ("@a", "@a refers to itself: @a → @b → @a"),
        ("@wrong", "@wrong: Unknown field 'templte'. Did you mean 'template'?"),
        ("@deep", "@wrong: Unknown field 'templte'. Did you mean 'template'?"),
        ("@orders @yesterday", "@yesterday: Use either 'period:' or 'since:' and 'until:', not both"),
        ("@orders,x", "',x' is not of the form field:value"),
    ],
)
def test_a_wrong_name_is_a_clear_error(text: str, message: str) -> None:
    with pytest.raises(FilterError) as raised:
        Filter.parse(text, CONTEXT)
    assert raised.value.message == message
    word = text[raised.value.position : raised.value.position + raised.value.length]
    assert word.startswith("@") or word == ",x"


def doubling(count: int, last: str) -> FilterContext:
    """Named filters of which each mentions the next one twice."""
    named = {f"a{number}": f"@a{number + 1} @a{number + 1}" for number in range(count)}
    return FilterContext(named={**named, f"a{count}": last})


@pytest.mark.parametrize("last", ["template:promo", "", "template:a template:b"])
@pytest.mark.parametrize("count", [12, 40])
def test_names_that_stand_for_more_and_more_words_are_an_error(count: int, last: str) -> None:
    with pytest.raises(FilterError, match="@a0 stands for more than 1,000 words"):
        Filter.parse("@a0", doubling(count, last))
    assert Filter.parse("@a0", doubling(5, "template:promo")) == Filter.parse("template:promo")


def test_names_far_within_each_other_are_an_error() -> None:
    named = {f"a{number}": f"@a{number + 1}" for number in range(5_000)} | {"a5000": "user:new"}
    context = FilterContext(named=named)
    assert Filter.parse("@a4960", context) == Filter.parse("user:new")
    with pytest.raises(FilterError, match="is within more than 50 named filters"):
        Filter.parse("@a0", context)


def test_without_named_filters_the_error_says_so() -> None:
    with pytest.raises(FilterError, match=r"Unknown filter '@x': the settings file has no \[filters\]"):
        Filter.parse("@x")


@pytest.mark.parametrize(
    ("name", "right"), [("orders-1.b", True), ("año", True), ("a b", False), ("", False), ("-", False)]
)
def test_a_name_is_letters_digits_and_few_signs(name: str, right: bool) -> None:
    assert is_name(name) is right
