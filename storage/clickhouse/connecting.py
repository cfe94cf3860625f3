"""Opens the ClickHouse database of an address. Knows no table.

The only module that knows which library an address needs; `storage.clickhouse.engine` is what comes out.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from storage.clickhouse.address import Address, password
from storage.database.light_import import without
from storage.domain.errors import StorageError
from storage.language.texts import _

if TYPE_CHECKING:
    from storage.clickhouse.engine import Engine

OLDEST = (25, 8)  # the oldest long-term release that ClickHouse supported when this was written
_TIME_TO_CONNECT, _TIME_TO_ANSWER = 10, 600  # s
_IN_USE = 76  # CANNOT_OPEN_FILE: another process has the directory


class MissingLibrary(StorageError):
    """An optional library is not installed. The message is one line that says how to install it."""


def connect(address: Address, *, must_exist: bool = True) -> Engine:
    """Opens a database.

    Args:
        address: where it is.
        must_exist: whether a directory without a database is an error; if not, it is made.

    Raises:
        MissingLibrary: what the address needs is not installed.
        AddressError: the password file cannot be used.
        EngineError: the database cannot be opened.
    """
    _require("clickhouse_connect", "clickhouse")
    _without_frames()
    # The library logs what it also raises, and Python prints a log that nobody takes.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    if address.directory is not None:
        _require("chdb", "chdb")
        return _embedded(address, must_exist)
    return _server(address)


def _without_frames() -> None:
    """Hides numpy, pandas and others from the client, which would load them to ask whether a value is of them.

    With pandas, the first insert takes 0.8 s of CPU time and 80 MB more.
    """
    from clickhouse_connect.driver import options

    with without("numpy", "pandas", "pyarrow", "polars"):
        for name in ("np", "pd", "arrow", "pl"):
            getattr(options, name)


def _require(module: str, extra: str) -> None:
    if find_spec(module) is None:
        message = _("this database needs a library that is not installed; run: pip install 'saludo[{extra}]'")
        raise MissingLibrary(message.format(extra=extra))


def _server(address: Address) -> Engine:
    from clickhouse_connect import get_client

    from storage.clickhouse.engine import ClientEngine, EngineError, told_errors

    with told_errors(str(address)):
        client = get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=password(),
            database=address.database,
            interface="https" if address.secure else "http",
            connect_timeout=_TIME_TO_CONNECT,
            send_receive_timeout=_TIME_TO_ANSWER,
            query_retries=0,
            form_encode_query_params=True,  # lists of hundreds of hashes are too long for an address
            autogenerate_session_id=False,  # a server refuses two queries at once of one session
        )
    if _version(client.server_version or "") < OLDEST:
        client.close()
        message = _("{name}: the server is ClickHouse {version}; {oldest} or newer is needed")
        oldest = ".".join(map(str, OLDEST))
        raise EngineError(message.format(name=address, version=client.server_version, oldest=oldest))
    return ClientEngine(client, str(address))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[: len(OLDEST)] if part.isdigit())


def _embedded(address: Address, must_exist: bool) -> Engine:
    from clickhouse_connect import get_client

    from storage.clickhouse.engine import ClientEngine, EngineError, told_errors

    directory = address.directory
    assert directory is not None
    if must_exist and not (directory / "metadata").is_dir():
        raise EngineError(_("{name}: database not found; import a file first").format(name=address))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = _("{name}: the directory cannot be made ({why})")
        raise EngineError(message.format(name=address, why=error.strerror)) from None
    options: dict[str, Any] = {"interface": "chdb", "path": str(directory)}
    try:
        with told_errors(str(address)), _without_stderr():
            client = get_client(**options)
    except EngineError as error:
        if "initializing" in str(error):
            message = _("{name}: another process has this database open; chdb serves one process at a time")
            raise EngineError(message.format(name=address), _IN_USE) from None
        raise
    with told_errors(str(address)):
        client.command(f"CREATE DATABASE IF NOT EXISTS {address.database}")
        client.database = address.database
    return ClientEngine(client, str(address), is_embedded=True)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Writes nothing to stderr meanwhile: the engine writes there what it also raises, past Python."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
