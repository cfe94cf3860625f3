"""The address of a ClickHouse database, as `--db` and SALUDO_DB give it. Knows no connection.

`clickhouse://user@host:8123/database` is a server over HTTP, `clickhouses://…` over HTTPS, and `chdb:DIRECTORY` the
engine inside this process with its files in a directory. A password is never part of an address: it would stand in the
history of the shell and in the list of processes.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from storage.domain.errors import StorageError
from storage.language.texts import _

_SERVER, _SECURE, _EMBEDDED = "clickhouse", "clickhouses", "chdb"
SCHEMES = (f"{_SERVER}:", f"{_SECURE}:", f"{_EMBEDDED}:")
PASSWORD, PASSWORD_FILE = "CLICKHOUSE_PASSWORD", "CLICKHOUSE_PASSWORD_FILE"
EMBEDDED_DATABASE = "saludo"  # in a directory of chdb
_PORTS = {_SERVER: 8123, _SECURE: 8443}
_USER, _DATABASE = "default", "default"  # of every ClickHouse server


class AddressError(StorageError):
    """An address or its password cannot be used. The message is one line: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ClickHouse database is.

    Attributes:
        database: its name.
        host: of the server; "" for the engine inside this process.
        port: of the server's HTTP interface.
        user: who logs in.
        secure: whether over HTTPS.
        directory: with the files of the engine inside this process; None for a server.
    """

    database: str
    host: str = ""
    port: int = 0
    user: str = ""
    secure: bool = False
    directory: Path | None = None

    def __str__(self) -> str:
        if self.directory is not None:
            return f"{_EMBEDDED}:{self.directory}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return f"{_SECURE if self.secure else _SERVER}://{user}@{host}:{self.port}/{database}"


def is_address(text: str) -> bool:
    """Whether a text is meant as an address of ClickHouse, and not as the path of a file."""
    return text.lower().startswith(SCHEMES)


def address_of(text: str) -> Address:
    """Reads an address.

    Raises:
        AddressError: it is no address of a ClickHouse database, or holds a password.
    """
    scheme, _colon, rest = text.partition(":")
    scheme = scheme.lower()
    if scheme == _EMBEDDED:
        if not rest:
            raise AddressError(_("'chdb:' names no directory; use chdb:DIRECTORY"))
        return Address(EMBEDDED_DATABASE, directory=Path(rest))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _no_address(text) from None
    if parts.password is not None:
        message = _("a password must not be in the address of the database; put it into {variable}, or into a file")
        raise AddressError(message.format(variable=PASSWORD))
    database = unquote(parts.path.removeprefix("/").removesuffix("/"))
    user = unquote(parts.username or "") or _USER
    host = parts.hostname or ""
    if not rest.startswith("//") or not host or "/" in database or parts.query or parts.fragment or port == 0:
        raise _no_address(text)
    if " " in host or not (user + host + database).isprintable():
        raise _no_address(text)
    return Address(database or _DATABASE, host, port or _PORTS[scheme], user, scheme == _SECURE)


def _no_address(text: str) -> AddressError:
    # A password may be in a text that cannot be read, so the text before the last @ is not repeated.
    message = _("'{given}' is no address of a database; use clickhouse://USER@HOST:8123/DATABASE or chdb:DIRECTORY")
    return AddressError(message.format(given=text.rpartition("@")[2]))


def password() -> str:
    """The password of the user of a server: CLICKHOUSE_PASSWORD, else the file that CLICKHOUSE_PASSWORD_FILE names.

    Raises:
        AddressError: the file cannot be read, or others may read it.
    """
    if (given := os.environ.get(PASSWORD)) is not None:
        return given
    name = os.environ.get(PASSWORD_FILE)
    if not name:
        return ""
    try:
        with open(name, encoding="utf-8") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                message = _("{path}: holds a password and others may read it; run 'chmod 600 {path}'")
                raise AddressError(message.format(path=name))
            return file.read().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        message = _("{path}: the password file of {variable} cannot be read")
        raise AddressError(message.format(path=name, variable=PASSWORD_FILE)) from None
