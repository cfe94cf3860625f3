"""Which texts are web addresses, and how values of people get into a link."""

from __future__ import annotations

import pytest

from storage.domain.web_links import escaped, filled, is_web_link
from storage.table.start_record import chat_link

NO_WEB = (
    "javascript:alert({number})",
    "file:///etc/passwd?{number}",
    "ftp://example.org/{number}",
    "data:text/html,{contact}",
    "tel:{number}",
    " https://example.org/{number}",
    "https:///{number}",
    "https:example.org/{number}",
    "https://\\evil/{number}",
    "https://example.org/{number} --x",
    "https://example.org/{number}\n",
    "https://example.org/{number}\x1b]0;owned\x07",
    "https://example.org/{number}\u202e",
    "{number}",
    "-{number}",
)


@pytest.mark.parametrize(
    "text", ["http://a/{number}", "HTTPS://crm.example:8080/x?y={contact}#z", "https://é.example/"]
)
def test_web_addresses(text: str) -> None:
    assert is_web_link(text)


@pytest.mark.parametrize("text", NO_WEB)
def test_what_no_browser_should_open(text: str) -> None:
    assert not is_web_link(text)
    assert chat_link("c1", "5491155550001", text) is None


def test_values_cannot_leave_their_part_of_the_link() -> None:
    assert filled("https://a/{contact}", {"contact": "../x?y#z@\x1b{number}"}) == (
        "https://a/..%2Fx%3Fy%23z%40%1B%7Bnumber%7D"
    )
    assert escaped("5491155550001") == "5491155550001"
    assert chat_link("x/../y", "Ana", "") == "https://go.botmaker.com/#/chats/x%2F..%2Fy"


def test_a_value_with_braces_is_not_replaced_again() -> None:
    assert filled("https://a/{contact}/{number}", {"contact": "{number}", "number": "7"}) == "https://a/%7Bnumber%7D/7"


def test_other_braces_stay_and_a_missing_value_gives_no_link() -> None:
    assert filled("https://a/{x}/{number}", {"number": "7", "contact": ""}) == "https://a/{x}/7"
    assert filled("https://a/{contact}", {"number": "7", "contact": ""}) is None
    assert chat_link(None, "²", "") is None
