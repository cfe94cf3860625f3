"""The settings of a ClickHouse database; their forms and defaults are those of SQLite's."""

from __future__ import annotations

from storage.clickhouse import pending
from storage.clickhouse.engine import Engine
from storage.clickhouse.tables import SETTINGS
from storage.database.settings import Settings, normalized, settings_of
from storage.domain.calendar import local_zone_name

_DERIVED_FROM = ("time_zone", "answer_window")  # what is derived depends on these


def read_settings(engine: Engine) -> Settings:
    """The settings, with defaults for those that are not stored.

    Raises:
        StoredSettingError: a stored value is invalid, or this machine does not know the time zone.
    """
    return settings_of(dict(engine.rows("SELECT key, value FROM settings FINAL")))


def store_setting(engine: Engine, key: str, value: str) -> None:
    """Stores a setting, and has everything derived again where that depends on it.

    Raises:
        SettingError: the setting is unknown or the value invalid.
    """
    _insert(engine, key, normalized(key, value), pending.clock(engine))
    if key in _DERIVED_FROM:
        pending.touch_all(engine)


def store_default_zone(engine: Engine) -> None:
    """Stores this machine's time zone if none is stored, so that the report is the same on every machine."""
    _insert(engine, "time_zone", local_zone_name(), 0)


def _insert(engine: Engine, key: str, value: str, version: int) -> None:
    engine.insert(SETTINGS.name, {"key": [key], "value": [value], "version": [version]})
