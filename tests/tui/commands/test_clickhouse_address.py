"""`--db` and SALUDO_DB with the address of a ClickHouse database."""

from __future__ import annotations

import pytest

from tui.commands.cli import run


def test_a_command_that_cannot_use_clickhouse_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["push", "chdb:/nowhere", "--db", "clickhouse://ana@127.0.0.1:1/a"]) == 1
    assert capsys.readouterr().err == "saludo: --db: 'push' does not support a ClickHouse database yet\n"


def test_saludo_db_may_be_an_address(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALUDO_DB", "chdb:/nowhere")
    assert run(["push", "chdb:/elsewhere"]) == 1
    assert capsys.readouterr().err == "saludo: SALUDO_DB: 'push' does not support a ClickHouse database yet\n"


def test_a_password_on_the_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--db", "clickhouse://ana:secret@h/a"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("saludo: a password must not be in the address")
    assert "secret" not in told
