"""docs/reliability.md shows what the attacks found, one row each, without a failure."""

from __future__ import annotations

import sys

import pytest

from tests.faults import __main__ as command
from tests.faults.attacks import ATTACKS, DOCUMENT, kept, table


def test_the_document_shows_the_kept_result_of_every_attack() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")
    results = kept()
    assert [attack.name for attack in ATTACKS if attack.name not in results] == []
    assert [name for name, result in results.items() if result["failures"]] == []


@pytest.mark.parametrize("word", ["report", "--report"])
def test_both_spellings_write_the_report(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[None] = []
    monkeypatch.setattr(command, "write_report", lambda: written.append(None))
    monkeypatch.setattr(sys, "argv", ["python -m tests.faults", word])
    assert command.main() == 0
    assert written == [None]
