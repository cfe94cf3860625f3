"""What Tab completes in the filter line."""

from __future__ import annotations

import pytest

from storage.report.filter_choices import Choice
from tui.data.filter_completion import candidates, common_start, word_start

CHOICES = {
    "line": (Choice("+5491100000001", "North"), Choice("(unknown)", "(unknown)")),
    "template": (Choice("promo 50%", "promo 50%"), Choice("order_\\*", "order_*"), Choice("order_1", "order_1")),
}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("s", ["since:", "status:"]),
        ("S", ["since:", "status:"]),
        ("period:3", ["period:30d"]),
        ("since:", []),
        ("origin:", ["origin:template", "origin:notification", "origin:webchat", "origin:campaign"]),
        ("status:failed,de", ["status:failed,delivered"]),
        ("user:N", ["user:new"]),
        ("failure:number", ["failure:number_gone"]),
        ("line:+", ["line:+5491100000001"]),
        ("template:pro", ['template:"promo 50%"']),
        ('template:"pro', ['template:"promo 50%"']),
        ("template:order", ['template:"order_*"', "template:order_1"]),
        ("contact:5", []),
        ("template:!order", ['template:!"order_*"', "template:!order_1"]),
        ("status:!failed,de", ["status:!failed,delivered"]),
        ("colour:", []),
        ("@O", ["@orders"]),
        ("@x", []),
    ],
)
def test_a_word_is_completed(word: str, found: list[str]) -> None:
    assert candidates(word, CHOICES, ["lost", "orders"]) == found


@pytest.mark.parametrize(
    ("text", "start"), [("", 0), ("period:7d st", 10), ('template:"a b', 0), ('template:"a b" x', 15)]
)
def test_a_word_begins_after_a_space_outside_quotes(text: str, start: int) -> None:
    assert word_start(text) == start


def test_candidates_are_completed_as_far_as_they_agree() -> None:
    assert common_start(["status:sent", "status:s"]) == "status:s"
    assert common_start(["origin:", "status:"]) == ""
