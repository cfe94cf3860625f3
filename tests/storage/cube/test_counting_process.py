"""The helper that computes writes of the cube: it answers as the importing process would, or not at all."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from storage.cube import counting_process
from storage.cube.counting_process import CountingProcess, answer_to, running_counting_process
from storage.cube.layout import USERS, block_of
from storage.cube.planned_writes import coarse_writes, day_writes, new_day_writes
from storage.database import child_process
from storage.database.connection import reading, writing
from storage.database.settings import load_settings
from storage.database.statements import BulkStatement
from storage.domain.calendar import Calendar
from storage.domain.events import Failure
from tests.cubes import refresh_all, sent, written
from tests.databases import DAY, NOON, build

DAY_NUMBER = NOON // DAY
BLOCK = block_of(1, DAY_NUMBER)
# Line, contact, template, start, day, origin, user type, status, answered, flags, code, reason, joined.
START = (1, 1, 1, NOON, DAY_NUMBER, 0, 0, 0, None, 0, 131026, "number_gone", None)
FAILURES = [((131026, "number_gone"), 1)]
DAYS = {DAY_NUMBER: written(new_day_writes(DAY_NUMBER, {(1, 1, 0, 0, 1): [1]}))}


def blocks_of(path: Path) -> list[Any]:
    with reading(path) as connection:
        return [written(coarse_writes(connection, USERS, BLOCK, {0, 1}))]


def failed(key: str, at: int) -> Any:
    return structs.replace(sent(key, at), failed_at=at, failure=Failure(131026))


def written_by_day(days: dict[int, list[BulkStatement]]) -> dict[int, Any]:
    return {day: written(writes) for day, writes in days.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with a coarse block that is not refreshed yet."""
    path = build(tmp_path / "saludo.db", [sent("a", NOON)])
    refresh_all(path)
    with writing(path) as writer, writer.transaction() as connection:
        connection.execute("DELETE FROM users WHERE level = 1")
    return path


def test_the_running_helper_answers_as_the_importing_process_would(path: Path) -> None:
    with running_counting_process(path) as helper:
        helper.ask_for_days([START], FAILURES)
        assert written_by_day(helper.days()) == DAYS
        helper.ask_for_blocks([(USERS, BLOCK, {1, 0})])
        assert [*map(written, helper.blocks() or ())] == blocks_of(path) != [Counter()]


def test_the_helper_answers_until_its_parent_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests, answers = path.with_name("requests"), path.with_name("answers")
    with requests.open("wb") as file:
        child_process.send(file, ("days", [START], FAILURES))
        child_process.send(file, ("blocks", [(USERS, BLOCK, [0, 1])]))
        child_process.send(file, ("blocks", [(9, BLOCK, [1])]))
    niceness: list[int] = []
    monkeypatch.setattr(child_process, "become_helper", niceness.append)
    with requests.open("rb") as standard_input, answers.open("wb") as standard_output:
        monkeypatch.setattr(sys, "stdin", standard_input)
        monkeypatch.setattr(sys, "stdout", standard_output)
        with pytest.raises(EOFError):
            counting_process._main(path)
        assert not standard_input.closed
        standard_input.fileno()
    assert niceness == [counting_process._NICENESS]
    with answers.open("rb") as file:
        assert written_by_day(child_process.receive(file)) == DAYS
        assert [*map(written, child_process.receive(file))] == blocks_of(path)


def test_days_are_counted_again_unless_a_failure_is_of_a_new_kind(tmp_path: Path) -> None:
    """The helper stores nothing, so that the importing process has to count a day with such a failure."""
    path = build(tmp_path / "saludo.db", [sent("a", NOON), sent("b", NOON + DAY), failed("c", NOON + 2 * DAY)])
    request = ("recounts", [(DAY_NUMBER + place, [1]) for place in range(3)])
    with writing(path) as writer, writer.transaction() as connection:
        connection.execute("DELETE FROM failure_kinds")
    answer = answer_to(path, request)
    with writing(path) as writer, writer.transaction() as connection:
        calendar = Calendar(load_settings(connection).zone)
        plain = {day: day_writes(connection, calendar, day, {*lines}) for day, lines in request[1]}
    assert answer == {day: plain[day] for day in (DAY_NUMBER, DAY_NUMBER + 1)}
    assert [bool(writes) for writes in answer.values()] == [True, True]
    assert answer_to(path, request) == plain
    with running_counting_process(path) as helper:
        helper.ask_for_recounts([(DAY_NUMBER, {1})])
        assert helper.recounts() == {DAY_NUMBER: plain[DAY_NUMBER]}
    assert CountingProcess(None).recounts() == {}


def test_without_numpy_the_plain_rule_answers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    for name in ("storage.cube.bulk_days", "storage.cube.bulk_sets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert written_by_day(answer_to(path, ("days", [START], FAILURES))) == DAYS
    assert [*map(written, answer_to(path, ("blocks", [(USERS, BLOCK, [0, 1])])))] == blocks_of(path)
    assert "storage.cube.bulk_sets" not in sys.modules


def test_an_error_is_no_answer(tmp_path: Path) -> None:
    assert answer_to(tmp_path / "none.db", ("blocks", [(USERS, BLOCK, [1])])) is None


def test_without_a_helper_there_is_no_answer() -> None:
    helper = CountingProcess(None)
    helper.ask_for_days([START], FAILURES)
    assert helper.days() == {}
    helper.ask_for_blocks([(USERS, BLOCK, {1})])
    assert helper.blocks() is None


class Broken(io.BytesIO):
    """A pipe whose other end is closed."""

    def write(self, data: Any) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("requests", [Broken(), io.BytesIO()])
def test_a_helper_that_has_ended_gives_no_answer(requests: io.BytesIO) -> None:
    process = cast("subprocess.Popen[bytes]", SimpleNamespace(stdin=requests, stdout=io.BytesIO()))
    helper = CountingProcess(process)
    for _ in range(2):
        helper.ask_for_blocks([(USERS, BLOCK, {1})])
        assert helper.blocks() is None
