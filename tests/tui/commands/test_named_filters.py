"""Named filters and excluded people of the settings file, in the commands that take a filter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui import scenes
from tests.tui.commands.runs import assert_one_line, saludo

NOW = scenes.NOW.isoformat()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SALUDO_DB", str(scenes.database(tmp_path)))
    file = tmp_path / "settings.toml"
    monkeypatch.setenv("SALUDO_SETTINGS", str(file))
    return file


def _starts(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, int]:
    status, out, err = saludo(capsys, "report", "--json", "--now", NOW, *words)
    assert (status, err) == (0, "")
    found = json.loads(out)
    return found["filter"], found["starts"]


def test_a_report_leaves_out_excluded_people_and_says_so(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('exclude = ["+54 911 5555-0001", "549115555010*"]')
    filter, starts = _starts(capsys)
    assert filter == "period:30d contact:!5491155550001,549115555010*"
    assert starts == scenes.STARTS - 1 - scenes.REFERRED
    _, out, _ = saludo(capsys, "report", "--now", NOW)
    assert "contact:!5491155550001,549115555010*" in out.splitlines()[0]
    assert _starts(capsys, "--no-exclude") == ("period:30d", scenes.STARTS)
    assert _starts(capsys, "--filter", "contact:5491155550001")[1] == 0
    status, out, _ = saludo(capsys, "export", "--now", NOW)
    assert status == 0
    assert len(out.splitlines()) - 1 == starts


def test_a_name_stands_for_its_filter(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('[filters]\nday = "since:18/11 until:19/11"\nfailed = "@day status:failed"')
    filter, starts = _starts(capsys, "--filter", "@failed")
    assert filter == "since:2026-11-18 until:2026-11-19 status:failed"
    assert starts == scenes.FAILED
    assert_one_line(saludo(capsys, "report", "--filter", "@fialed"), 2, "Did you mean '@failed'?")


def test_relative_days_refer_to_the_time_of_the_report(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filter, _ = _starts(capsys, "--filter", "since:yesterday until:today")
    assert filter == "since:2026-11-19 until:2026-11-20"


def test_what_is_wrong_with_the_settings_is_told_on_stderr(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text('theme = "pink"\nexclude = "549"\n[filters]\na = "@a"')
    status, out, err = saludo(capsys, "report", "--json", "--now", NOW)
    assert status == 0
    assert json.loads(out)["starts"] == scenes.STARTS
    assert err.splitlines() == [
        "settings.toml: exclude cannot be '549'",
        "settings.toml: filters: @a refers to itself: @a → @a",
    ]


def test_a_template_that_is_not_there_is_told_on_stderr(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("report", "export"):
        status, _, err = saludo(capsys, command, "--now", NOW, "--filter", "template:!ordr_1")
        assert (status, err) == (0, 'No template is called "ordr_1". Did you mean "order_1"?\n')


def test_a_command_without_a_filter_refuses_it(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_one_line(saludo(capsys, "--no-exclude", "check"), 2, "--no-exclude", "'check' has no such option")
