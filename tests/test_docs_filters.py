"""docs/filters.md names every field, period and reason; its examples are filters and its errors are real."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from storage.domain.failures import NO_CODE, Reason
from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import FIELDS, Filter, fields_by_keyword
from storage.domain.period import NAMED_PERIODS
from tui.words.filter_words import DROPDOWNS

DOCUMENT = (Path(__file__).parents[1] / "docs" / "filters.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text below a heading of the document."""
    return DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]


FIELD_ROWS = {
    keyword: (values, several.strip() == "yes")
    for names, values, several in re.findall(r"^\| (`[^|]*) \| (.*) \| ?(\w*) ?\|$", section("Fields"), re.MULTILINE)
    for keyword in re.findall(r"`(\w+)`", names)
}
(_NAMED,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
_PLAIN = DOCUMENT.replace(_NAMED, "").replace("```toml\n```\n", "")
IN_BLOCKS = [
    line for block in re.findall(r"^```\n(.*?)^```", _PLAIN, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
CONTEXT = FilterContext(date(2026, 11, 29), tomllib.loads(_NAMED)["filters"])
IN_SENTENCES = re.findall(rf"`((?:{'|'.join(fields_by_keyword())}):[^`\n]+)`", DOCUMENT.split("\n## Errors")[0])
ERRORS = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section("Errors"), re.MULTILINE)


def test_the_table_of_fields_is_complete() -> None:
    assert list(FIELD_ROWS) == list(fields_by_keyword())
    for keyword, (values, several) in FIELD_ROWS.items():
        field = fields_by_keyword()[keyword]
        assert several is field.several, keyword
        if keyword != "failure":  # its values have a section of their own
            assert all(f"`{value}`" in values for value in field.suggestions(keyword)), keyword


def test_every_named_period_is_explained() -> None:
    explained = section("Periods")
    for name in NAMED_PERIODS:
        assert f"`{name}`" in explained or re.fullmatch(r"\d+d", name), name


def test_every_reason_is_named() -> None:
    named = section("Failures")
    assert all(f"`{reason}`" in named for reason in Reason)
    assert f"/{NO_CODE}`" in named


@pytest.mark.parametrize("value", re.findall(r"^\| `([^`]+)` \|", section("Failures"), re.MULTILINE))
def test_every_form_of_a_failure_is_a_value(value: str) -> None:
    assert Filter.parse(f"failure:{value}").failures == {value}


@pytest.mark.parametrize("text", [*IN_BLOCKS, *IN_SENTENCES])
def test_every_example_is_a_filter(text: str) -> None:
    filter = Filter.parse(text, CONTEXT)
    assert Filter.parse(str(filter)) == filter


_DAYS = [
    (word, meaning)
    for words, meaning in re.findall(r"^\| (`.*) \| ([^|:;]*)", section("Days"), re.MULTILINE)
    for word in re.findall(r"`([^`]+)`", words)
]


@pytest.mark.parametrize(("word", "meaning"), _DAYS)
def test_every_way_to_write_a_day_is_read(word: str, meaning: str) -> None:
    (since,) = re.findall(r"since:(\S+)", str(Filter.parse(f"since:{word}", CONTEXT)))
    if re.fullmatch(r"\d+ November 2026", meaning):
        assert date.fromisoformat(since).strftime("%-d November 2026") == meaning


@pytest.mark.parametrize("text", re.findall(r"`(@[^`]*)`", section("Named filters")))
def test_every_example_of_a_name_is_a_filter(text: str) -> None:
    if text != "@name":
        assert Filter.parse(text, CONTEXT).period.name in ("7d", "today")


def test_the_examples_use_every_field() -> None:
    assert {name for text in IN_BLOCKS for name in FIELDS if f"{name}:" in text} == set(FIELDS)


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_every_error_is_what_the_program_says(text: str, message: str) -> None:
    with pytest.raises(FilterError) as raised:
        Filter.parse(text)
    assert raised.value.message == message


def test_the_keys_of_the_dropdowns_are_named() -> None:
    keys = ", ".join(f"`{words.key}`" for words in list(DROPDOWNS.values())[:-1])
    assert f"{keys} and `{list(DROPDOWNS.values())[-1].key}` choose" in section("On the screen")
