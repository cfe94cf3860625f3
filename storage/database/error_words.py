"""What an error means that comes up while a database is read or written, and what to do. Knows no table."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

from storage.language.texts import _

# What Python raises where a stored value has a wrong type, or a value that the program never writes. SQLite notices
# neither: its integrity check looks at pages, not at meanings.
WRONG_VALUE = (
    sqlite3.Error,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    struct.error,
)

_BEGINNINGS = {  # of the names of SQLite's errors
    "SQLITE_NOTADB": _("is not a database"),
    "SQLITE_CORRUPT": _("is damaged; choose a new file with --db and import your files again"),
    "SQLITE_FULL": _("the disk is full; free some space and run the same command again; nothing is lost"),
    "SQLITE_IOERR": _(
        "cannot be read or written (full disk, limit or device error); fix it and run the same command again"
    ),
    "SQLITE_BUSY": _("is locked by another program; try again when it ends"),
    "SQLITE_LOCKED": _("is locked by another program; try again when it ends"),
    "SQLITE_READONLY": _("is read-only"),
    "SQLITE_CANTOPEN": _("cannot be opened"),
}

NOT_USABLE = _BEGINNINGS["SQLITE_IOERR"]


def describe(error: Exception) -> str:
    """What an error means and what to do, one line without the file's name."""
    text = " ".join(str(error).split())
    if not isinstance(error, sqlite3.Error):
        message = _("holds a value that cannot be used ({place}: {error}); run 'saludo check'")
        return message.format(place=_place(error), error=text)
    name = getattr(error, "sqlite_errorname", "")
    for beginning, words in _BEGINNINGS.items():
        if name.startswith(beginning):
            return words
    if text.startswith("no such"):
        return _("is damaged ({error}); run 'saludo check --rebuild'").format(error=text)
    if "decode" in text:
        return _("holds a text that is not UTF-8; run 'saludo check'")
    return text


def _place(error: Exception) -> str:
    """Where the error came up, for a report of it: the module's name and the line."""
    traceback = error.__traceback__
    if traceback is None:
        return type(error).__name__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{type(error).__name__} in {Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
