"""`saludo check` and `saludo settings`: check the database, show and change its settings."""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from contextlib import suppress

from storage.database.connection import DatabaseError, exists, writing
from storage.database.error_words import WRONG_VALUE
from storage.database.settings import (
    NO_WEB_LINK,
    SETTING_KEYS,
    SettingError,
    StoredSettingError,
    load_settings,
    normalized,
    store_setting,
)
from storage.domain.errors import unknown_word
from storage.domain.web_links import is_web_link
from storage.domain.zone_data import is_outdated, version_of_zone
from storage.language.conventions import usual_first_day
from storage.language.stored_texts import translated
from storage.language.texts import _
from tui.commands.arguments import UsageError
from tui.commands.common import bar, clickhouse_of, database_of, reading_queries
from tui.commands.import_summary import repair_lines
from tui.commands.output import print_lines, print_message, report_error

_DERIVED_FROM = ("time_zone", "answer_window")  # the settings on which what is stored depends


_USUAL_WEEKS = {
    "monday": _("where you are, weeks begin on Monday; '{command}' makes the report's do so too"),
    "sunday": _("where you are, weeks begin on Sunday; '{command}' makes the report's do so too"),
    "saturday": _("where you are, weeks begin on Saturday; '{command}' makes the report's do so too"),
}


def check(arguments: Namespace) -> int:
    """Compares the database with its messages; returns the exit status, 1 if something differs."""
    if (address := clickhouse_of(arguments)) is not None:
        from tui.commands import clickhouse_database

        return clickhouse_database.check(address, rebuild=arguments.rebuild)
    from storage.ingest.integrity import check as find_problems
    from storage.ingest.integrity import rebuild

    path = database_of(arguments)
    if not exists(path):
        raise DatabaseError(_("{path}: database not found; import a file, or try 'saludo demo'").format(path=path))
    with writing(path) as writer:
        if arguments.rebuild:
            with bar(_("rebuilding")) as progress:
                mended = rebuild(writer, progress.count)
            for line in mended:
                print_message(translated(line))
        with bar(_("checking")) as progress:
            problems = find_problems(writer, progress.count)
        _advise_on_zone_data(writer.connection)
    if problems:
        print_lines(*map(translated, problems))
        if arguments.rebuild:
            print_message(_("what is left cannot be made from the messages; import your files into a new database"))
    else:
        print_message(_("{path}: no problems found").format(path=path))
    return 1 if problems else 0


def work(arguments: Namespace) -> int:
    """Derives what imports into a ClickHouse database have touched; returns the exit status."""
    if arguments.print_tables is not None:
        from tui.commands.clickhouse_database import print_tables

        return print_tables(arguments.print_tables)
    address = clickhouse_of(arguments)
    if address is None:
        raise UsageError(_("'work' is for a ClickHouse database; name it with --db or SALUDO_DB"))
    from tui.commands import clickhouse_database

    return clickhouse_database.work(address, once=arguments.once)


def _advise_on_zone_data(connection: sqlite3.Connection) -> None:
    """Tells that the days may be wrong because Python uses an old time zone database."""
    with suppress(StoredSettingError, *WRONG_VALUE):  # it is among the problems
        version = version_of_zone(load_settings(connection).time_zone)
        if version is not None and is_outdated(version):
            message = _(
                "the time zone database that Python uses is of {version}; update the system's tzdata:"
                " later changes of clocks are unknown to it"
            )
            print_message(message.format(version=version))


def settings(arguments: Namespace) -> int:
    """Shows or sets a setting; returns the exit status."""
    from storage.ingest.batch_writer import derive_again
    from storage.ingest.importer import prepare

    key, value = arguments.key, arguments.value
    if key is not None and key not in SETTING_KEYS:
        raise UsageError(unknown_word(_("setting"), key, SETTING_KEYS))
    if value is None:
        with reading_queries(arguments) as connection:
            values = load_settings(connection)._asdict()
        if (link := values["chat_link"]) and key in (None, "chat_link") and not is_web_link(link):
            print_message(_("chat_link: not used ({why})").format(why=NO_WEB_LINK))
        if key is None:
            print_lines(*(f"{name} = {values[name]}" for name in SETTING_KEYS))
            _tell_first_day(values["first_day"], values["time_zone"])
        else:
            print_lines(str(values[key]))
        return 0
    try:
        normalized(key, value)
    except SettingError as error:
        raise UsageError(f"{key}: {error}") from None
    if (address := clickhouse_of(arguments)) is not None:
        from tui.commands import clickhouse_database

        return clickhouse_database.store_setting(address, key, value)
    with writing(database_of(arguments)) as writer:
        for line in repair_lines(prepare(writer)):
            print_message(line)
        with writer.transaction() as connection, bar(_("recomputing")) as progress:
            store_setting(connection, key, value)
            unusable = _unusable(connection)
            if key in _DERIVED_FROM and not unusable:
                derive_again(writer, progress.count)
    return report_error(unusable, 1) if unusable else 0


def _tell_first_day(stored: str, zone: str) -> None:
    """Tells how to change the first day of the week, if weeks begin on another one where the reader is."""
    usual = usual_first_day(zone)
    if usual != stored:
        print_message(_USUAL_WEEKS[usual].format(command=f"saludo settings first_day {usual}"))


def _unusable(connection: sqlite3.Connection) -> str:
    """Why nothing can be derived yet: another stored setting is damaged. Empty if all can be used."""
    try:
        load_settings(connection)
    except StoredSettingError as error:
        return str(error)
    return ""
