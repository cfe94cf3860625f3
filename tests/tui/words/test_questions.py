"""The questions of the help name keys that exist, as the settings file has them."""

from __future__ import annotations

import pytest

from tui.words import keys
from tui.words.questions import questions


def test_every_question_has_its_keys() -> None:
    answers = dict(questions())
    assert answers["Which of two is better?"] == "b, then Space on each of them, then =."
    assert answers["What changed this week?"].startswith("M compares")
    assert not any("{" in text for pair in answers.items() for text in pair)


def test_a_key_of_the_settings_file_stands_in_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_renamed", {"dashboard.versus": "f5"})
    assert dict(questions())["Which of two is better?"].endswith("then f5.")
