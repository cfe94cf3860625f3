"""What `saludo check` finds does not depend on the helper processes; it finds texts that are not UTF-8."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from storage.cube import refresh
from storage.database import child_process
from storage.database.connection import writing
from storage.ingest import check_pool
from storage.ingest.integrity import check
from tests.captures import capture
from tests.storage.ingest.import_runs import run

_DAMAGE = {
    "none": "SELECT 1",
    "derived": "UPDATE messages SET status = 1 - status WHERE status IN (0, 1)",
    "cells": "UPDATE cells SET template_failed_sent = 5",
    "values": "UPDATE messages SET error_text = x'00', flags = 99",
    "names": "UPDATE contacts SET label = 'x' WHERE id = 1",
    "texts": "UPDATE messages SET category = CAST(x'ff' AS TEXT) WHERE id = 1",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "saludo.db"
    for name in ("cloud_statuses.jsonl", "send_log.jsonl", "starting_causes.tsv"):
        run(database, capture(name))
    return database


def found(database: Path) -> list[str]:
    counted: list[tuple[int, int]] = []
    with writing(database) as writer:
        problems = check(writer, lambda done, of: counted.append((done, of)))
    assert all(done <= of for done, of in counted)
    return problems


@pytest.mark.parametrize("what", _DAMAGE)
def test_helpers_find_the_same(what: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(path) as writer:
        writer.connection.execute(_DAMAGE[what])
        refresh.refresh_all(writer)
    here = found(path)
    assert (here == []) == (what == "none")
    monkeypatch.setattr(check_pool, "_WORTH_HELPERS", 0)
    assert found(path) == here


def test_a_part_whose_helper_was_killed_runs_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_pool, "_WORTH_HELPERS", 0)
    with writing(path) as writer:
        writer.connection.execute(_DAMAGE["cells"])
    expected = found(path)
    assert expected
    send, sent = child_process.send, []

    def kill_the_second(pipe: object, value: object) -> None:
        sent.append(value)
        if len(sent) > 2:
            for helper in helpers:
                helper.kill()
        send(pipe, value)  # type: ignore[arg-type]

    helpers: list[subprocess.Popen[bytes]] = []
    start = child_process.start

    def started(module: str, argument: str, stdin: int) -> subprocess.Popen[bytes]:
        helpers.append(start(module, argument, stdin))
        return helpers[-1]

    monkeypatch.setattr(child_process, "start", started)
    monkeypatch.setattr(child_process, "send", kill_the_second)
    assert found(path) == expected
    assert len(helpers) == 2
