"""Undoing escapes in bulk gives what Python's own functions give."""

from __future__ import annotations

import html
from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from storage.sources.escapes import undo_entities, undo_percents

ENTITIES = (
    "&",
    "&amp;",
    "quot;",
    "&quot;",
    "&#34;",
    "&#123;",
    "&#38;",
    "amp;",
    "a",
    "&lt",
    ";",
    "#34;",
    "&eacute;",
    "é",
)


@given(st.text("%2507bBxg=+\n\r _a&", max_size=20).map(str.encode))
def test_a_form_is_read_as_urllib_reads_it(text: bytes) -> None:
    assert undo_percents(text) == unquote_to_bytes(text.replace(b"+", b" "))


@given(st.lists(st.sampled_from(ENTITIES), max_size=10).map("".join))
def test_entities_are_read_as_html_reads_them(text: str) -> None:
    assert undo_entities(text.encode()) == html.unescape(text).encode()
