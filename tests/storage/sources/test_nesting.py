"""Following braces in bulk gives what looking at each of them gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.sources import json_scanner, nesting

PARTS = st.lists(st.sampled_from(["{", "}", "{}", '"', '"{"', "\\", "\n", "a", '"a\\"}"', "[", "{" * 40, "}" * 40]))


@given(PARTS.map("".join), st.integers(1, 50), st.sampled_from([4, 16, 64]))
def test_the_depth_is_that_of_counting_each_brace(text: str, depth: int, size: int) -> None:
    content = text.encode() * 8
    first, most, least = nesting._FIRST, nesting._MOST, nesting._LEAST
    nesting._FIRST, nesting._MOST, nesting._LEAST = size, 4 * size, size // 4
    try:
        place, after = nesting.passed_over(content, 0, depth)
    finally:
        nesting._FIRST, nesting._MOST, nesting._LEAST = first, most, least
    signs = [token[0] for token in json_scanner._TOKEN.finditer(content[:place])]
    assert all(sign in (b"{", b"}") or sign.endswith(b'"') for sign in signs)
    depths = [depth]
    for sign in signs:
        depths.append(depths[-1] + (sign == b"{") - (sign == b"}"))
    assert depths[-1] == after
    assert min(depths) > 0


@given(st.text("{}", max_size=60).map(str.encode), st.integers(1, 20))
def test_braces_that_close_the_object_are_told(braces: bytes, depth: int) -> None:
    depths = [depth]
    for sign in braces:
        depths.append(depths[-1] + (1 if sign == ord("{") else -1))
    assert nesting.depth_after(braces, depth) == (depths[-1] if min(depths) > 0 else None)
