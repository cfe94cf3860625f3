"""`saludo import` of tables: `--map`, `--dates`, `--preview`, and what the summary says of doubtful dates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.captures import capture
from tests.tui.commands.runs import LINES, NOW, assert_one_line, saludo

TABLE = "who;what;when\n5491155550001;promo;3/11/2026 8:05\n5491155550002;promo;4/11/2026 8:05\n"
MAP = ("--map", "who=recipient", "--map", "what=template", "--map", "when=time")


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "a.csv"
    path.write_text(TABLE)
    return str(path)


def days(capsys: pytest.CaptureFixture[str]) -> list[str]:
    _, out, _ = saludo(capsys, "export", "--filter", "period:all", "--now", NOW)
    header, *rows = out.splitlines()
    place = header.split("\t").index("Sent at")
    return sorted(row.split("\t")[place][:10] for row in rows)


def test_columns_are_named_and_the_doubt_is_told(
    database: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = saludo(capsys, "import", *MAP, "--json", table)
    assert status == 0
    assert "2 events, 2 new messages" in err
    assert "  note: nothing proves the order of day and month in 'when'; read as day-first" in err
    assert json.loads(out)["files"][0]["notes"][0].startswith("nothing proves")
    assert days(capsys) == ["2026-11-03", "2026-11-04"]


def test_the_order_of_dates_is_named(database: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = saludo(capsys, "import", *MAP, "--dates", "month-first", table)
    assert "note" not in err
    assert days(capsys) == ["2026-03-11", "2026-04-11"]


def test_a_table_that_cannot_be_read_says_what_is_missing(
    database: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "there is no column 'quien'; the columns are 'who', 'what', 'when'"
    assert_one_line(saludo(capsys, "import", "--map", "quien=recipient", table), 1, words)
    result = saludo(capsys, "import", "--map", "who=recipient", table)
    assert_one_line(result, 1, "no column for the time", "understood: 'who' as recipient")


@pytest.mark.parametrize(
    ("words", "pointed"),
    [
        (("--map", "who"), "'who' is not COLUMN=FIELD; fields are recipient, message_id"),
        (("--map", "=time"), "'=time' is not COLUMN=FIELD"),
        (("--map", "who=recipent"), "Did you mean 'recipient'?"),
        (("--dates", "year-first"), "--dates"),
    ],
)
def test_wrong_usage(
    words: tuple[str, ...], pointed: str, database: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_one_line(saludo(capsys, "import", *words, table), 2, pointed)
    assert not database.exists()


class TestPreview:
    def test_of_a_table(self, database: Path, table: str, capsys: pytest.CaptureFixture[str]) -> None:
        status, out, err = saludo(capsys, "import", *MAP, "--preview", "--time-zone", "UTC", table)
        assert (status, err) == (0, "")
        assert out.splitlines() == [
            f"{table} (send_log)",
            "  who   recipient",
            "  what  template",
            "  when  time",
            "  send  at: 2026-11-03T08:05:00+00:00  contact: 5491155550001  template: promo",
            "  send  at: 2026-11-04T08:05:00+00:00  contact: 5491155550002  template: promo",
            "  note: nothing proves the order of day and month in 'when'; read as day-first"
            " (if that is wrong, import into a new database with --dates month-first)",
        ]
        assert not database.exists()

    def test_of_rejects_and_ignored_records(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = saludo(capsys, "import", "--preview", str(capture("sends_comma.csv")))
        assert "  not readable: line 6: no time" in out
        assert "code: 132000  reason: Number of parameters does not match" in out
        _, out, _ = saludo(capsys, "import", "--preview", str(capture("send_log.jsonl")))
        assert "  ignored: request that marks a message as read" in out

    def test_of_webhooks(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = saludo(capsys, "import", "--preview", "--time-zone", "UTC", LINES)
        assert out.splitlines()[0] == f"{LINES} (cloud_api)"
        assert "  status failed  key: wamid.a3  at: 2026-11-18T15:00:03+00:00  reason: Message undeliverable" in out
        assert "  message in  key: wamid.in1" in out
        assert not database.exists()

    def test_of_the_platforms_download(self, database: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = saludo(capsys, "import", "--preview", str(capture("starting_causes.tsv")))
        assert "  Id Usuario                     customer" in out
        assert "status: not sent  reason: Parámetros incorrectos" in out

    def test_of_what_cannot_be_read(self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert_one_line(saludo(capsys, "import", "--preview", str(tmp_path / "no")), 1, "file not found")
        assert_one_line(saludo(capsys, "import", "--preview", str(tmp_path)), 1, "cannot be read")
        (tmp_path / "c.csv").write_text("id,name,email,phone,created_at\n1,Ana,a@b.c,5491155550001,2026-11-03\n")
        assert_one_line(saludo(capsys, "import", "--preview", str(tmp_path / "c.csv")), 1, "no column for a message id")
        assert not database.exists()
