"""README says what the program does: its keys, its definitions' words, its picture."""

from __future__ import annotations

import re

from storage.domain.filters import fields_by_keyword
from storage.domain.period import NAMED_PERIODS
from storage.sources.recognition import FORMATS
from tests.docs import PICTURE, README, keys_in_readme, keys_table
from tui.screens.help import DEFINITIONS

TEXT = README.read_text(encoding="utf-8")


def test_the_keys_are_those_of_the_program() -> None:
    """`python -m tests.docs` writes them anew."""
    assert keys_in_readme() == keys_table()


def test_every_format_field_and_period_is_named() -> None:
    for name in FORMATS:
        assert f"`{name}`" in TEXT
    grammar = TEXT.split("The filter is one line of text")[1].split("## ")[0]
    for word in (*fields_by_keyword(), *(period for period in NAMED_PERIODS if not re.fullmatch(r"\d+d", period))):
        assert word in grammar, word


def test_the_picture_is_there_and_asks_nothing_of_the_web() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert "Daily" in picture
    assert not re.findall(r"(?:url\(|href=|src=)[^>]*http", picture)


def test_the_help_screen_defines_the_words_of_the_definitions() -> None:
    table = TEXT.split("## Definitions")[1].split("## ")[0].lower()
    for word, _ in DEFINITIONS:
        if word not in ("Send", "Implied", "(unknown)"):
            assert f"| {word.lower()} |" in table, word


def test_the_two_commands_stand_alone() -> None:
    commands = re.findall(r"```sh\n(python3 -m venv .*)\n```", TEXT)
    assert len(commands) == 2
    assert all("pip install" in command for command in commands)
    assert commands[0].endswith("saludo demo")
    assert "pytest" in commands[1]
