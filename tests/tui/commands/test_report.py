"""`saludo report` and `saludo export`: the contract of the JSON, the text, and files that are written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.captures import capture
from tests.headers import HEADERS
from tests.tui.commands.runs import LINES, NOW, TABLE, assert_one_line, saludo


class TestReport:
    def test_json_has_the_keys_of_the_contract_in_order(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        _, out, err = saludo(capsys, "report", "--json", "--now", NOW, "--filter", "since:2026-11-17 until:2026-11-20")
        assert err == ""
        result = json.loads(out)
        assert list(result) == [
            *("filter", "time_zone", "since", "until", "starts", "sends", "users", "users_sent", "origins"),
            *("answered", "status", "rates", "user_types", "daily", "funnel", "failures", "data"),
        ]
        assert result["filter"] == "since:2026-11-17 until:2026-11-20"
        assert (result["time_zone"], result["since"], result["until"]) == (
            "America/Argentina/Buenos_Aires",
            "2026-11-17",
            "2026-11-20",
        )
        assert list(result["origins"].items()) == [
            ("template", 3),
            ("notification", 0),
            ("webchat", 0),
            ("campaign", 0),
        ]
        assert list(result["answered"].items()) == [
            *(("users_reached", 2), ("users_answered", 1), ("sends_reached", 2), ("sends_answered", 1)),
        ]
        assert list(result["status"].items()) == [
            *(("failed", 1), ("sent", 0), ("delivered", 1), ("read", 0), ("answered", 1)),
        ]
        assert list(result["user_types"].items()) == [("new", 2), ("recurrent", 0)]
        assert [day["day"] for day in result["daily"]] == ["2026-11-17", "2026-11-18", "2026-11-19"]
        assert list(result["daily"][1]) == ["day", "failed", "sent", "delivered", "read", "answered", "referred"]
        assert list(result["funnel"]) == ["since", "until", "steps"]
        assert (result["funnel"]["since"], result["funnel"]["until"]) == ("2026-11-16", "2026-11-23")
        assert [list(step.values()) for step in result["funnel"]["steps"]] == [
            ["sent", 2, None, 1.0],
            ["delivered", 2, 1.0, 1.0],
            ["read", 1, 0.5, 0.5],
            ["answered", 1, 1.0, 0.5],
        ]
        assert result["failures"] == [{"code": 131026, "reason": "number_gone", "count": 1, "users": 1}]
        assert list(result["data"]) == [
            "joined",
            "unknown_template",
            "implied",
            "conflicts",
            "rejects",
            "unknown_contacts",
        ]
        assert result["data"]["unknown_template"] == 3

    def test_compared_json_is_two_reports(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", LINES)

        def report(*words: str) -> dict[str, Any]:
            status, out, err = saludo(capsys, "report", "--json", "--now", NOW, *words)
            assert (status, err) == (0, "")
            result: dict[str, Any] = json.loads(out)
            return result

        for words, today, before in (
            (("--compare",), "since:2026-11-14 until:2026-11-20", "since:2026-11-07 until:2026-11-13"),
            (("--compare", "last-year"), "since:2026-11-14 until:2026-11-20", "since:2025-11-15 until:2025-11-21"),
        ):
            found = report("--filter", "period:7d", *words)
            assert found.pop("previous") == report("--filter", before)
            assert found == report("--filter", today)

    def test_what_cannot_be_compared_is_reported_without(
        self, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        words = ("report", "--json", "--now", NOW, "--filter", "period:all")
        status, out, err = saludo(capsys, *words, "--compare")
        assert status == 0
        assert err == "not compared: a period without a first day has none before it\n"
        assert json.loads(out) == {**json.loads(saludo(capsys, *words)[1]), "previous": None}

    def test_as_text(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        _, out, err = saludo(capsys, "report", "--now", NOW)
        assert err == ""
        assert "Sends             5" in out
        assert "2026-11-18" in out

    def test_a_filter_before_the_command_counts(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        saludo(capsys, "import", TABLE)
        before = saludo(capsys, "--filter", "template:cobranza", "--now", NOW, "report", "--json")
        assert before == saludo(capsys, "report", "--json", "--filter", "template:cobranza", "--now", NOW)
        assert json.loads(before[1])["starts"] == 1

    @pytest.mark.parametrize(
        ("words", "pointed"),
        [
            (("--filter", "nonsense:1"), "Unknown field 'nonsense'"),
            (("--filter", "period:7d status:sold"), 'at "'),
            (("--filter", "since:2026-13-01"), 'at "'),
            (("--filter", 'template:"open'), 'at "'),
            (("--now", "nonsense"), "'nonsense'"),
            (("--now", "0001-01-01"), "'0001-01-01'"),
            (("--now", "9999-12-31T23:59"), "'9999-12-31T23:59'"),
            (("--now", ""), "--now"),
            (("--jsn",), "--jsn"),
        ],
    )
    def test_wrong_usage(
        self, words: tuple[str, ...], pointed: str, database: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        assert_one_line(saludo(capsys, "report", *words), 2, pointed)


class TestExport:
    @pytest.mark.parametrize(("language", "header"), HEADERS.items())
    def test_an_export_imports_as_the_same_report(
        self,
        language: str,
        header: tuple[str, ...],
        database: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        saludo(
            capsys, "import", *(str(capture(name)) for name in ("mixed_webhooks_and_sends.log", "hostile_names.jsonl"))
        )
        asked = ("--filter", "period:all", "--now", NOW)
        _, out, err = saludo(capsys, "export", "--header", language, *asked)
        assert err == ""
        assert out.splitlines()[0].split("\t") == list(header)
        path, other = tmp_path / "out.tsv", tmp_path / "other.db"
        status, nothing, err = saludo(capsys, "export", "--header", language, *asked, "-o", str(path))
        assert (status, nothing, err) == (0, "", f"{path}: 10 starts\n")
        assert path.read_text(encoding="utf-8") == out
        assert path.stat().st_mode & 0o777 == 0o600
        saludo(capsys, "import", "--db", str(other), "--strict", str(path))
        reports = [saludo(capsys, "report", "--json", "--db", str(one), *asked)[1] for one in (database, other)]
        first, second = (json.loads(text) for text in reports)
        for result in (first, second):
            del result["data"]
        assert first == second

    def test_a_device_or_directory_is_never_replaced(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A rename over it would replace a device by a file."""
        saludo(capsys, "import", LINES)
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        for path in (pipe, tmp_path):
            assert_one_line(saludo(capsys, "export", "-o", str(path)), 1, "not a regular file")
            assert_one_line(saludo(capsys, "export", "-o", str(path), "--force"), 1, "not a regular file")
        assert pipe.is_fifo()

    def test_an_existing_file_is_kept_without_force(
        self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        saludo(capsys, "import", LINES)
        path = tmp_path / "kept"
        path.write_text("mine")
        assert_one_line(saludo(capsys, "export", "-o", str(path)), 1, "already exists")
        assert path.read_text() == "mine"
        assert saludo(capsys, "export", "-o", str(path), "--force")[0] == 0
        assert path.read_text().startswith("User id\t")
        assert_one_line(saludo(capsys, "export", "-o", str(tmp_path / "no" / "x")), 1, "cannot be written")
        assert_one_line(saludo(capsys, "export", "--header", "fr"), 2, "'fr'")
