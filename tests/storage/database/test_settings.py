"""Settings have defaults, are stored in one form, and errors say what is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database.connection import reading, writing
from storage.database.settings import SettingError, Settings, StoredSettingError, load_settings, normalized
from tests.databases import build


def test_stored_settings_replace_the_defaults(tmp_path: Path) -> None:
    with reading(build(tmp_path / "saludo.db", time_zone="Asia/Kolkata", answer_window=1.5)) as connection:
        assert load_settings(connection) == Settings("Asia/Kolkata", 1.5, "")


def test_hours_are_stored_in_their_shortest_form() -> None:
    assert normalized("answer_window", "24.0") == "24"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("answer_windw", "24", "Unknown setting 'answer_windw'. Did you mean 'answer_window'?"),
        ("answer_window", "a day", "'a day' is not a number of hours above 0 and up to 8760"),
        ("answer_window", "0", "'0' is not a number of hours above 0 and up to 8760"),
        ("chat_link", "https://example.org", "must contain {customer_id}, {contact} or {number}"),
    ],
)
def test_an_invalid_setting_is_refused(key: str, value: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        normalized(key, value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "value"),
    [("time_zone", "Mars/Phobos"), ("time_zone", b"\xff"), ("answer_window", "abc"), ("answer_window", 0)],
)
def test_a_stored_setting_that_cannot_be_used_is_one_line(key: str, value: object, tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer, writer.transaction() as connection:
        connection.execute("UPDATE settings SET value = ? WHERE key = ?", (value, key))
    with reading(path) as connection, pytest.raises(StoredSettingError, match=f"run 'saludo settings {key} VALUE'"):
        load_settings(connection)
