"""The settings that stand in the database: time zone, answer window, chat link. Knows their form, not who uses them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple
from zoneinfo import ZoneInfo

from storage.domain.calendar import ZoneError, local_zone_name, zone_of

HOUR = 3_600_000  # ms


class SettingError(ValueError):
    """A setting that does not exist, or a value that it cannot have."""


class Settings(NamedTuple):
    """time_zone: the report's. answer_window: hours. chat_link: a pattern with {customer_id}, {contact} or {number};
    empty means the platform's link where a customer id is known, else wa.me."""

    time_zone: str = "UTC"
    answer_window: float = 24.0
    chat_link: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    @property
    def answer_window_ms(self) -> int:
        return round(self.answer_window * HOUR)


KEYS = ("time_zone", "answer_window", "chat_link")


def load_settings(connection: sqlite3.Connection) -> Settings:
    """The settings of the database, with the defaults for what is not set."""
    stored = dict(connection.execute("SELECT key, value FROM settings"))
    return Settings(
        stored.get("time_zone", "UTC"), float(stored.get("answer_window", "24")), stored.get("chat_link", "")
    )


def store_default_zone(connection: sqlite3.Connection) -> None:
    """Writes down the machine's zone in a new database, so that a report is the same wherever it is read."""
    connection.execute(
        "INSERT INTO settings (key, value) VALUES ('time_zone', ?) ON CONFLICT DO NOTHING", (local_zone_name(),)
    )


def store_setting(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Sets one; raises SettingError. What depends on it is the caller's to recompute."""
    if key not in KEYS:
        raise SettingError(f"'{key}' is no setting; known are {', '.join(KEYS)}")
    connection.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, checked(key, value)),
    )


def checked(key: str, value: str) -> str:
    """The value in the form it is stored in; raises SettingError."""
    if key == "time_zone":
        try:
            zone_of(value)
        except ZoneError as error:
            raise SettingError(str(error)) from None
    elif key == "answer_window":
        try:
            hours = float(value)
        except ValueError:
            hours = -1.0
        if not 0 < hours <= 24 * 365:
            raise SettingError(f"'{value}' is no number of hours between 0 and 8760")
        return f"{hours:g}"
    elif value and not any(name in value for name in ("{customer_id}", "{contact}", "{number}")):
        raise SettingError("the chat link needs {customer_id}, {contact} or {number} in it")
    return value
