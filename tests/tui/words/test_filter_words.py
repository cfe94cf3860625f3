"""Every field of the filter has its words, and they say what a filter selects."""

from __future__ import annotations

import pytest

from storage.domain.filters import FIELDS, Filter
from tui.words.filter_words import DROPDOWNS, FIELD_WORDS, breadcrumbs, describe
from tui.words.keys import KEYS


def test_every_field_has_words() -> None:
    assert list(FIELD_WORDS) == list(FIELDS)
    assert all("{starts}" in words.without for words in FIELD_WORDS.values())


def test_every_dropdown_shows_a_key_that_opens_it() -> None:
    opened = {key.action: key.keys.split(",") for key in KEYS}
    for name, words in DROPDOWNS.items():
        assert words.key in opened[f"choose('{name}')"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Last 30 days"),
        ("period:all", "All time"),
        ("period:1d", "Last 1 day"),
        ("since:2026-11-01 until:2026-11-22", "1 Nov – 21 Nov 2026"),
        ("since:2026-11-01", "Since 1 Nov 2026"),
        ("until:2026-11-22", "Until 21 Nov 2026"),
        ("period:7d origin:campaign,template", "Last 7 days, started by template or campaign"),
        ("period:7d line:b,a", "Last 7 days, line a or b"),
        ("period:7d template:a,b,c", "Last 7 days, template a or 2 others"),
        ('period:7d template:"50*"', "Last 7 days, template 50*"),
        ("period:7d user:new", "Last 7 days, new users"),
        ("period:7d status:read,delivered", "Last 7 days, delivered or read"),
        ("period:7d status:sent,delivered,read,answered,received", "Last 7 days, not failed"),
        ("period:7d status:failed failure:131026", "Last 7 days, failed by code 131026"),
        ("period:7d failure:media/none", "Last 7 days, failed by media problem without a code"),
        ("period:7d failure:media/131053", "Last 7 days, failed by media problem with code 131053"),
        ("period:7d contact:5491155550001", "Last 7 days, contact 5491155550001"),
        ("period:7d name:lucia", "Last 7 days, name with lucia"),
        ("period:7d template:!a,b line:x line:!y", "Last 7 days, line x, not line y, not template a or b"),
        ("period:7d contact:!1,2,3", "Last 7 days, without 3 people"),
        ("period:7d status:!failed user:!new", "Last 7 days, recurrent users, not failed"),
        ("period:7d origin:!webchat,campaign", "Last 7 days, started by template or mass notification"),
        ("period:7d user:!new,recurrent", "Last 7 days, not new users or 1 other"),
        ("period:7d failure:!131026", "Last 7 days, not failed by code 131026"),
    ],
)
def test_a_filter_in_words(text: str, words: str) -> None:
    assert describe(Filter.parse(text)) == words


@pytest.mark.parametrize(
    ("texts", "trail"),
    [
        (("", "template:promo", "template:promo status:failed"), "Last 30 days › template promo › failed"),
        (("", "template:promo", "template:promo status:failed", "template:promo"), "Last 30 days › template promo"),
        (("", "template:promo", "", "user:new"), "Last 30 days › new users"),
        (("", "template:promo", "period:7d template:promo"), "Last 7 days, template promo"),
        (("", "template:promo", "template:welcome"), "Last 30 days › template welcome"),
        (("", "template:!test_*", "template:!test_*"), "Last 30 days › not template test_*"),
    ],
)
def test_breadcrumbs_are_the_steps_to_the_last_filter_and_none_that_was_left(
    texts: tuple[str, ...], trail: str
) -> None:
    assert breadcrumbs([Filter.parse(text) for text in texts]) == trail
