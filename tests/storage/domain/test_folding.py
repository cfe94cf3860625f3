"""Text without case and accents, and the part of a text that a search found."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.folding import folded, where_folded


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Lucía", "lucia"),
        ("LUCÍA", "lucia"),
        ("Luci\u0301a", "lucia"),
        ("Ñandú Ç", "nandu c"),
        ("Straße", "strasse"),
        ("Łukasz Ødegård", "lukasz odegard"),
        ("ﬁn", "fin"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("🙂", "🙂"),
    ],
)
def test_case_and_accents_do_not_matter(text: str, plain: str) -> None:
    assert folded(text) == plain


letters = st.text(alphabet=st.sampled_from("aAáÁ\u0301ñNßﬁœİıΣς 🙂"), max_size=8)


@given(letters, letters, letters)
def test_the_part_that_is_found_is_what_was_sought(before: str, wanted: str, after: str) -> None:
    place = where_folded(before + wanted + after, wanted)
    if not folded(wanted):
        return
    assert place is not None
    begin, end = place
    assert folded(wanted) in folded((before + wanted + after)[begin:end])


@given(letters, letters)
def test_a_text_contains_what_its_folded_form_contains(text: str, wanted: str) -> None:
    assert (where_folded(text, wanted) is not None) is bool(folded(wanted) and folded(wanted) in folded(text))


@given(letters)
def test_composed_and_decomposed_forms_are_the_same(text: str) -> None:
    assert folded(unicodedata.normalize("NFC", text)) == folded(unicodedata.normalize("NFD", text))
