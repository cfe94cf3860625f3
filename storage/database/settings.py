"""The settings that a database stores: time zone, answer window, chat link, first day (docs/settings.md).

Knows the form of each value, not who uses it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from storage.database.queries import Queries
from storage.domain.calendar import ZoneError, local_zone_name, zone_of
from storage.domain.errors import StorageError, unknown_word
from storage.domain.period import FIRST_WEEKDAYS
from storage.domain.web_links import is_web_link
from storage.language.texts import _

HOUR = 3_600_000  # ms
NO_WEB_LINK = _("must begin with http:// or https:// and a host, without blanks and control characters")
_MOST_HOURS = 24 * 365


class SettingError(ValueError):
    """An unknown setting, or an invalid value; the message says what is valid."""


class StoredSettingError(StorageError):
    """A setting that the database holds cannot be used; the message is one line and says how to change it."""


class Settings(NamedTuple):
    """The settings of a database.

    Attributes:
        time_zone: Time zone of the report, an IANA name.
        answer_window: How long after a send a message counts as its answer, hours.
        chat_link: URL pattern with {customer_id}, {contact} or {number}. Empty: the platform's link if the customer id
            is known, else wa.me.
        first_day: The day that weeks begin on, one of FIRST_WEEKDAYS.
    """

    time_zone: str = "UTC"
    answer_window: float = 24.0
    chat_link: str = ""
    first_day: str = "monday"

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    @property
    def first_weekday(self) -> int:
        """The day that weeks begin on, 0 for Monday."""
        return FIRST_WEEKDAYS[self.first_day]

    @property
    def answer_window_ms(self) -> int:
        return round(self.answer_window * HOUR)


SETTING_KEYS = Settings._fields


def load_settings(connection: Queries) -> Settings:
    """The settings of the database, with defaults for those that are not stored.

    Raises:
        StoredSettingError: A stored value is invalid, or this machine does not know the time zone.
    """
    return settings_of(dict(connection.execute("SELECT key, value FROM settings")))


def settings_of(stored: Mapping[str, str]) -> Settings:
    """The settings that stored values are, with defaults for those that are not stored.

    Raises:
        StoredSettingError: A value is invalid, or this machine does not know the time zone.
    """
    default = Settings()
    zone, hours, link, first = (stored.get(key, getattr(default, key)) for key in SETTING_KEYS)
    # A chat link that is refused today harms nobody until it is opened.
    for key, value in (("time_zone", zone), ("answer_window", hours), ("first_day", first)):
        try:
            normalized(key, str(value))
        except SettingError as error:
            message = _("the database's setting {key} cannot be used: {why}; run 'saludo settings {key} VALUE'")
            raise StoredSettingError(message.format(key=key, why=error)) from None
    return Settings(str(zone), float(hours), str(link), str(first))


def store_default_zone(connection: sqlite3.Connection) -> None:
    """Stores this machine's time zone if none is stored, so that the report is the same on every machine."""
    connection.execute(
        "INSERT INTO settings (key, value) VALUES ('time_zone', ?) ON CONFLICT DO NOTHING", (local_zone_name(),)
    )


def store_setting(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Stores a setting; the caller recomputes what depends on it.

    Raises:
        SettingError: The setting is unknown or the value invalid.
    """
    connection.execute(
        "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, normalized(key, value)),
    )


def normalized(key: str, value: str) -> str:
    """The value in the form in which it is stored.

    Raises:
        SettingError: The setting is unknown or the value invalid.
    """
    match key:
        case "time_zone":
            return _time_zone(value)
        case "answer_window":
            return _answer_window(value)
        case "chat_link":
            return _chat_link(value)
        case "first_day":
            return _first_day(value)
    raise SettingError(unknown_word(_("setting"), key, SETTING_KEYS))


def _time_zone(value: str) -> str:
    try:
        zone_of(value)
    except ZoneError as error:
        raise SettingError(str(error)) from None
    return value


def _answer_window(value: str) -> str:
    try:
        hours = float(value)
    except ValueError:
        hours = -1.0
    if not 0 < hours <= _MOST_HOURS:
        message = _("'{given}' is not a number of hours above 0 and up to {most}")
        raise SettingError(message.format(given=value, most=_MOST_HOURS))
    return f"{hours:g}"


def _first_day(value: str) -> str:
    if value.lower() not in FIRST_WEEKDAYS:
        message = _("'{given}' is not one of {known}")
        raise SettingError(message.format(given=value, known=", ".join(FIRST_WEEKDAYS)))
    return value.lower()


def _chat_link(value: str) -> str:
    if value and not any(name in value for name in ("{customer_id}", "{contact}", "{number}")):
        raise SettingError(_("must contain {customer_id}, {contact} or {number}"))
    if value and not is_web_link(value):
        raise SettingError(NO_WEB_LINK)
    return value
