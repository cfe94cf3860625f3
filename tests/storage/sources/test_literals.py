"""Objects as programs print them, and texts that only begin like one."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from storage.sources.literals import literal_in


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": None}', {"a": None}),
        (b"{'a': 1}", {"a": 1}),
        (b'x { "a\\"b" "c": 1} y', {'a"bc': 1}),
        (b'{"a" + "b": 1}', {"ab": 1}),
        (b'{"a"}', {"a"}),
        (b'{"a", "b"}', {"a", "b"}),
        (b'{"a" => nil}', {"a": None}),
        (b"{a: true}", {"a": True}),
        (b'{"a"\n: 1}', {"a": 1}),
    ],
)
def test_an_object_is_read_in_the_form_of_each_language(text: bytes, value: Any) -> None:
    assert literal_in(text) == value


@pytest.mark.parametrize("text", [b'{"a" x}', b'{"a"[0]}', b"{'a'; b}", b'{"never ends }', b'{"a" b" : 1}'])
def test_what_begins_like_an_object_and_goes_on_otherwise_costs_no_syntax_tree(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(ast, "literal_eval")
    with pytest.raises(ValueError, match="behind its first text"):
        literal_in(text)
