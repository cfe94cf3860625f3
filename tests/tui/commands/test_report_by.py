"""`saludo report --by`: the contract of the JSON, the text table, and wrong dimensions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage.domain.compared_days import Against
from storage.domain.dimension import Dimension
from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.report.breakdown import load_breakdown
from storage.report.comparison import load_comparison
from tests import databases
from tests.cubes import delivered, sent
from tests.databases import ANA, BETO, DAY, HOUR, NOON, build, session_of
from tests.tui.commands.runs import LINES, NOW, assert_one_line, saludo
from tui.commands.text_breakdown import render_breakdown

FILTER = "since:2026-11-17 until:2026-11-20"
COUNTS = ["starts", "sends", "users", "failed", "delivered", "read", "answered"]


@pytest.mark.parametrize("dimension", Dimension)
def test_json_has_the_breakdown_of_the_contract_after_the_report(
    dimension: Dimension, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES)
    _, alone, _ = saludo(capsys, "report", "--json", "--now", NOW, "--filter", FILTER)
    status, out, err = saludo(capsys, "report", "--json", "--now", NOW, "--filter", FILTER, "--by", dimension)
    assert (status, err) == (0, "")
    result = json.loads(out)
    breakdown = result.pop("breakdown")
    assert result == json.loads(alone)
    assert list(breakdown) == ["by", "rows"]
    assert breakdown["by"] == dimension
    assert all(list(row) == ["value", *COUNTS] for row in breakdown["rows"])
    starts = [row["starts"] for row in breakdown["rows"]]
    assert starts == sorted(starts, reverse=True)
    of_failures = dimension in (Dimension.REASON, Dimension.CODE)
    assert sum(starts) == (result["status"]["failed"] if of_failures else result["starts"])


def test_the_values_of_each_dimension(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saludo(capsys, "import", LINES)
    found = {}
    for dimension in Dimension:
        _, out, _ = saludo(capsys, "report", "--json", "--now", NOW, "--filter", FILTER, "--by", dimension)
        found[dimension.value] = [row["value"] for row in json.loads(out)["breakdown"]["rows"]]
    assert found == {
        "template": ["(unknown)"],
        "line": ["+5491100000001"],
        "origin": ["template"],
        "user_type": ["new"],
        "day": ["2026-11-18"],
        "week": ["2026-W47"],
        "month": ["2026-11"],
        "reason": ["number_gone"],
        "code": ["131026"],
    }


def test_compared_rows_have_their_counts_before_and_what_is_gone_is_a_row_without_starts(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    week = 7 * DAY
    build(
        database,
        [
            sent("now", NOON, template="promo"),
            delivered("now", NOON + HOUR),
            sent("before", NOON - week, template="promo"),
            sent("other", NOON - week + HOUR, contact=BETO, template="promo"),
            sent("gone", NOON - week, contact=ANA, template="old"),
        ],
    )
    words = ("report", "--json", "--compare", "--now", NOW, "--filter", "since:2026-11-16 until:2026-11-20", "--by")
    rows = _rows(capsys, *words, "template", period="since:2026-11-16 until:2026-11-23")
    assert [(row["value"], row["starts"], row["previous"]["starts"], row["previous"]["users"]) for row in rows] == [
        ("promo", 1, 2, 2),
        ("old", 0, 1, 1),
    ]
    assert list(rows[0]["previous"]) == COUNTS
    by_day = _rows(capsys, *words, "day", period="since:2026-11-16 until:2026-11-23")
    assert [(row["value"], row["starts"], row["previous"]["starts"]) for row in by_day] == [("2026-11-18", 1, 3)]
    by_week = _rows(capsys, *words, "week", period="since:2026-11-16 until:2026-11-23")
    assert [(row["value"], row["previous"]["sends"]) for row in by_week] == [("2026-W47", 3)]
    # Ten days before begin within another week and on another day of the month.
    for dimension in ("week", "month"):
        rows = _rows(capsys, *words, dimension, period="since:2026-11-10 until:2026-11-20")
        assert {row["previous"] is None for row in rows} == {True}


def _rows(capsys: pytest.CaptureFixture[str], *words: str, period: str) -> list[dict[str, Any]]:
    given = list(words)
    given[given.index("--filter") + 1] = period
    _, out, err = saludo(capsys, *given)
    assert err == ""
    rows: list[dict[str, Any]] = json.loads(out)["breakdown"]["rows"]
    return rows


def test_as_text_a_base_under_thirty_has_no_rate_and_the_last_row_is_all(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [sent(f"few{number}", NOON + number, template="few") for number in range(29)]
    many = [sent(f"many{number}", NOON + number, template="many") for number in range(30)]
    build(database, [*few, *many, delivered("many3", NOON + HOUR), delivered("few3", NOON + HOUR)])
    _, out, err = saludo(capsys, "report", "--now", NOW, "--by", "template")
    assert err == ""
    rows = [line.split() for line in out.splitlines()[2:]]
    assert rows == [
        ["Template", "starts", "sends", "users", "delivered", "read", "answered", "failed"],
        ["many", "30", "30", "1", "1", "3.3%", "0", "0", "0", "0.0%"],
        ["few", "29", "29", "1", "1", "0", "0", "0"],
        ["all", "59", "59", "1", "2", "3.4%", "0", "0", "0", "0.0%"],
    ]


def test_text_of_failures_has_no_column_that_is_always_the_same(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saludo(capsys, "import", LINES)
    _, out, _ = saludo(capsys, "report", "--now", NOW, "--by", "code")
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["Error", "code", "failed", "users"],
        ["131026", "1", "1"],
        ["all", "1"],
    ]


def test_without_a_start_the_text_says_so(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saludo(capsys, "import", LINES)
    _, out, _ = saludo(capsys, "report", "--now", NOW, "--filter", "since:2020-01-01 until:2020-01-02", "--by", "day")
    assert out.splitlines()[-1] == "No starts in this period."


def test_a_hyphen_and_capitals_are_read(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saludo(capsys, "import", LINES)
    _, out, _ = saludo(capsys, "report", "--json", "--now", NOW, "--by", "User-Type")
    assert json.loads(out)["breakdown"]["by"] == "user_type"


def test_an_unknown_dimension_is_wrong_usage_that_names_the_known_ones(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_one_line(saludo(capsys, "report", "--by", "person"), 2, "person", *Dimension)


def test_compared_text_tells_the_points_of_each_rate_where_there_is_room(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forty sends a week: first 20 arrive, too few for a rate of the read ones, then 38; another template is new."""
    events: list[Event] = [
        sent(f"{week}.{number}", NOON - week * 7 * DAY + number, template="promo")
        for week in (0, 1)
        for number in range(40)
    ]
    events += [delivered(f"0.{number}", NOON + HOUR) for number in range(38)]
    events += [delivered(f"1.{number}", NOON - 7 * DAY + HOUR) for number in range(20)]
    build(database, [*events, sent("new", NOON, template="new")])
    words = ("report", "--compare", "--now", NOW, "--filter", "since:2026-11-16 until:2026-11-23", "--by", "template")
    header, promo, new, all_of_them = (line.split() for line in saludo(capsys, *words)[1].splitlines()[3:])
    assert header[4:8] == ["delivered", "points", "read", "points"]
    assert promo == [
        *"promo 40 40 1 38 95.0% +45.0 pt".split(),
        *["0", "0.0%", "–"] * 2,
        "0",
        "0.0%",
        "unclear",
        "same",
    ]
    assert new == "new 1 1 1 0 – 0 – 0 – 0 – +1".split()
    assert all_of_them[-1] == "+1"
    assert "+42.7 pt" in " ".join(all_of_them)


def test_at_eighty_columns_the_points_give_way_to_the_names(database: Path) -> None:
    build(database, [sent(f"{number}", NOON + number, template="a_template_of_some_length") for number in range(40)])
    with session_of(database) as session:
        filter = Filter.parse("since:2026-11-16 until:2026-11-23")
        comparison = load_comparison(session, filter, databases.NOW, Against.BEFORE)
        report, previous = comparison.report, comparison.previous
        now, before = (
            load_breakdown(session, one.filter, databases.NOW, Dimension.TEMPLATE) for one in (report, previous)
        )
    wide, narrow = (render_breakdown(report, comparison, now, before, columns) for columns in (200, 80))
    assert "points" in wide
    assert "points" not in narrow
