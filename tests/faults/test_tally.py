"""An attack that was ended goes on behind the tries that it noted."""

from __future__ import annotations

from pathlib import Path

from tests.faults.tally import Result, Tally


def test_an_attack_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    file = tmp_path / "noted"
    first = Tally(file)
    for number in first.left(10):
        if number == 3:
            break
        first.add(took=number > 0, failures=["it broke"] if number == 1 else [], uncheckable=number == 2)
    again = Tally(file)
    assert again.result == Result(3, 2, ("it broke",), 1)
    tried = []
    for number in again.left(5):
        tried.append(number)
        again.add(took=False, failures=[])
    assert tried == [3, 4]
    assert Tally(file).result == again.result == Result(5, 2, ("it broke",), 1)
    assert [*Tally(file).left(5)] == []
