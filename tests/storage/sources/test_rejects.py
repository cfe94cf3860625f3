"""What a reject shows of its record: no digit, no control character, and the same for ASCII and other text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.sources.fields import reject


def shown(record: bytes) -> str:
    """The excerpt, sign by sign."""
    text = record[:400].decode("utf-8", "replace").strip()
    return "".join("#" if sign.isdigit() else sign if sign.isprintable() else " " for sign in text)[:80]


@given(st.binary(max_size=500) | st.text(st.characters(max_codepoint=127), max_size=500).map(str.encode))
def test_the_excerpt_shows_no_digit_and_no_control_character(record: bytes) -> None:
    excerpt = reject("line 1", "why", record).excerpt
    assert excerpt == shown(record)
    assert excerpt.isprintable()
    assert not any(map(str.isdigit, excerpt))


def test_a_reason_is_one_line() -> None:
    assert reject("line 1", "no\n\ttime " + "a" * 300, b"").reason == "no time " + "a" * 192
