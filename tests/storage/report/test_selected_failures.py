"""The SQL for the failures that a filter selects agrees with the Python rule beside it."""

from __future__ import annotations

import sqlite3

import pytest

from storage.report.selected_failures import condition, is_selected

FAILURES = [(131026, "number_gone"), (None, "number_gone"), (100, "wrong_number"), (100, "wrong_parameters")]


@pytest.mark.parametrize(
    "values",
    [
        {"131026"},
        {"number_gone"},
        {"number_gone/none"},
        {"wrong_number/100"},
        {"100", "number_gone/131026"},
        {"other"},
    ],
)
def test_sql_and_python_select_the_same_failures(values: set[str]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE messages (failure_code INTEGER, failure_reason TEXT)")
    connection.executemany("INSERT INTO messages VALUES (?, ?)", FAILURES)
    selected, parameters = condition(values)
    found = connection.execute(
        f"SELECT m.failure_code, m.failure_reason FROM messages AS m WHERE {selected}", parameters
    ).fetchall()
    assert found == [failure for failure in FAILURES if is_selected(values, *failure)]
