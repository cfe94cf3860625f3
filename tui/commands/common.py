"""Shared by the commands: the database, the filter and the time of the command line; progress bars."""

from __future__ import annotations

import os
import signal
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

from storage.database.connection import default_path, read_transaction, reading
from storage.database.queries import Queries
from storage.domain.errors import StorageError
from storage.domain.filters import Filter
from storage.language.texts import _
from tui.commands.arguments import UsageError, filter_of
from tui.data.filter_settings import FilterSettings
from tui.data.preferences import load_filter_settings
from tui.data.settings_file import default_file

if TYPE_CHECKING:
    from types import FrameType

    from storage.clickhouse.address import Address
    from storage.clickhouse.engine import Engine
    from storage.report.session import Session
    from storage.stores.interface import Store
    from tui.commands.progress import Bar

_FIRST_YEAR, _YEAR_AFTER = 2009, 2100  # WhatsApp began in 2009


def database_of(arguments: Namespace) -> Path:
    """The path of the database: `--db`, else SALUDO_DB, else in the user's data directory.

    Raises:
        StorageError: it is a ClickHouse database, which the command cannot use.
    """
    if clickhouse_of(arguments) is not None:
        message = _("{option}: '{command}' does not support a ClickHouse database yet")
        option = "--db" if hasattr(arguments, "db") else "SALUDO_DB"
        raise StorageError(message.format(option=option, command=arguments.command or "saludo"))
    return Path(getattr(arguments, "db", None) or default_path())


def clickhouse_of(arguments: Namespace) -> Address | None:
    """The ClickHouse database of `--db`, else of SALUDO_DB; None if that is the path of a file."""
    return clickhouse_at(str(getattr(arguments, "db", None) or os.environ.get("SALUDO_DB") or ""))


def clickhouse_at(text: str) -> Address | None:
    """The ClickHouse database of an address; None if the text is the path of a file."""
    if ":" not in text:
        return None
    from storage.clickhouse.address import address_of, is_address

    return address_of(text) if is_address(text) else None


@contextmanager
def reading_queries(arguments: Namespace) -> Iterator[Queries]:
    """One moment of the database, of either engine, for statements; errors are StorageErrors."""
    with reading_queries_of(clickhouse_of(arguments) or database_of(arguments)) as connection:
        yield connection


@contextmanager
def reading_queries_of(database: Path | Address) -> Iterator[Queries]:
    """The same of a database that is known."""
    if isinstance(database, Path):
        with reading(database) as connection, read_transaction(connection):
            yield connection
        return
    from storage.published.version_session import session_of_latest

    with _engine(database) as engine:
        yield session_of_latest(engine).connection


@contextmanager
def reading_store(arguments: Namespace) -> Iterator[Store]:
    """One moment of the database, of either engine; errors are StorageErrors."""
    from storage.stores.opening import store

    address = clickhouse_of(arguments)
    opened = reading(database_of(arguments)) if address is None else _engine(address)
    with opened as connection, store(connection) as found:
        yield found


@contextmanager
def _engine(address: Address) -> Iterator[Engine]:
    from storage.clickhouse.connecting import connect

    with closing(connect(address)) as engine:
        yield engine


def filter_settings(arguments: Namespace, told: Callable[[str], None]) -> FilterSettings:
    """The named filters and the excluded people of the settings file; `--no-exclude` leaves out nobody.

    Args:
        arguments: of the command line.
        told: called with each line about what is wrong with them.
    """
    settings, problems = load_filter_settings(default_file())
    for problem in problems:
        told(problem)
    return replace(settings, people=frozenset()) if hasattr(arguments, "no_exclude") else settings


def filter_in(arguments: Namespace, settings: FilterSettings, today: date | None = None) -> Filter:
    """The filter of `--filter`, without the excluded people.

    Args:
        arguments: of the command line.
        settings: named filters and excluded people.
        today: the present day in the report's time zone; None, where the filter is only checked: in the machine's.

    Raises:
        UsageError: the filter is wrong.
    """
    return settings.excluding(filter_of(getattr(arguments, "filter", ""), settings.context(today)))


def tell_unknown_values(session: Session, filter: Filter, told: Callable[[str], None]) -> None:
    """Tells of each line and template of a filter that the database does not have, with what is close to it."""
    if not any(filter.restricts(name) for name in ("line", "template")):
        return
    from storage.report.unknown_values import unknown_values
    from tui.words.filter_words import unknown_words

    for unknown in unknown_values(session, filter):
        told(unknown_words(unknown))


def now_of(arguments: Namespace, zone: ZoneInfo) -> datetime:
    """The time of `--now`, in `zone` if it has no time zone; without `--now` the current time. Raises UsageError."""
    text = getattr(arguments, "now", None)
    if text is None:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        message = _("--now: '{given}' is not an ISO 8601 time such as 2026-11-22T15:00")
        raise UsageError(message.format(given=text)) from None
    if not _FIRST_YEAR <= now.year < _YEAR_AFTER:
        message = _("--now: '{given}' is not between {since} and {until}")
        raise UsageError(message.format(given=text, since=f"{_FIRST_YEAR}-01-01", until=f"{_YEAR_AFTER}-01-01"))
    return now if now.tzinfo is not None else now.replace(tzinfo=zone)


def bar(label: str, total: int | None = None, number: int = 1, of: int = 1) -> Bar:
    """A progress bar of one job, or of one of several; `total` in bytes if it is known."""
    from tui.commands.progress import bar_for  # the dashboard starts without it

    return bar_for(label, total, number, of)


def ignore_closed_pipes() -> None:
    """Turns a closed pipe into an error that can be handled: an import goes on if a helper process ends."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal end the block as Ctrl+C does, so that no half-written file stays."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        for number in numbers:
            if before[number] is not signal.SIG_IGN:  # as nohup sets it
                signal.signal(number, interrupt)
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number] or signal.SIG_DFL)
