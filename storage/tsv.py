"""The download: one row a start, first the platform's own eighteen columns, then ours (DESIGN 9). Knows no screen.

`storage.sources.botmaker` reads what this writes.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.calendar import Calendar
from storage.errors import StorageError
from storage.filters import Filter, StartStatus
from storage.report import one_moment
from storage.settings import load_settings
from storage.start_rows import LoadedStart, chat_link, load
from storage.starts import start_ids

ENGLISH = (
    "User id",
    "Contact id/number",
    "Session start",
    "Channel id",
    "New user",
    "Template/notification",
    "Not sent",
    "Sent",
    "Delivered",
    "Read",
    "Answered",
    "Failure reason",
    "Failure detail",
    "Sent at",
    "Delivered at",
    "Read at",
    "Answered at",
    "Agent groups",
    "Origin",
    "Line",
    "Language",
    "Status",
    "Error code",
    "Chat link",
    "Message key",
)
SPANISH = (
    "Id Usuario",
    "Id Contacto/Número",
    "Fecha/tiempo Inicio Sesión",
    "Id canal",
    "Usuario Nuevo",
    "Nombre Plantilla/Notificación",
    "No Enviado",
    "Enviado",
    "Entregado",
    "Leída",
    "Respondida",
    "Razón Falla Envío",
    "Detalle Falla Envío",
    "Fecha/tiempo Envío",
    "Fecha/tiempo Entrega",
    "Fecha/hora de lectura",
    "Fecha/tiempo Respuesta",
    "Grupos Agente",
    "Origen",
    "Línea",
    "Idioma",
    "Estado",
    "Código Error",
    "Enlace Conversación",
    "Id Mensaje",
)
HEADERS = {"en": ENGLISH, "es": SPANISH}

_CHUNK = 2_000
# C0 (tabs and line ends too), DEL, C1 and the Unicode line separators: a run of them is one space.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What a spreadsheet would run, and what importing our own file must tell from it.
_FORMULA = re.compile(r"'*[=+\-@]")
_PLAIN = re.compile(r"[+-]?[0-9][0-9 .()/-]*")
_STEPS = (StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)


class ExportError(StorageError):
    """The file cannot be written; the message is one line."""


def write_tsv(
    connection: sqlite3.Connection,
    filter: Filter,
    now: datetime,
    out: BinaryIO,
    *,
    language: str = "en",
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes the starts of a filter, newest first, and returns how many; `progress` is told the count now and then."""
    count = 0
    with one_moment(connection):
        settings = load_settings(connection)
        calendar = Calendar(settings.zone)
        out.write(("\t".join(HEADERS[language]) + "\n").encode())
        for ids in _chunks(start_ids(connection, filter, now)):
            rows = (_line(start, calendar, settings.chat_link) for start in load(connection, ids))
            out.write("".join(rows).encode("utf-8", "replace"))
            count += len(ids)
            if progress is not None:
                progress(count)
    return count


def _chunks(cursor: sqlite3.Cursor) -> Iterator[list[int]]:
    while ids := [id for (id,) in cursor.fetchmany(_CHUNK)]:
        yield ids


def _line(start: LoadedStart, calendar: Calendar, link: str) -> str:
    return "\t".join(cell(value) for value in _values(start, calendar, link)) + "\n"


def _values(start: LoadedStart, calendar: Calendar, link: str) -> Iterator[str]:
    message, times, value = start.message, start.message.times, start.message.value
    failed = start.status is StartStatus.FAILED
    failure = message.failure if failed else None
    level = _STEPS.index(start.status) if start.status in _STEPS else -1

    def time(at: int | None) -> str:
        return "" if at is None else _iso(calendar, at)

    yield start.customer_id or ""
    yield "" if start.contact_label == start.customer_id else start.contact_label
    yield time(times.get("session", start.at))
    yield value("channel_id") or ""
    yield _flag(start.user_type == "new")
    yield start.template or ""
    yield _flag(failed)
    for step in range(4):
        yield _flag(level >= step)
    yield (failure.text if failure else None) or ""
    yield (failure.detail if failure else None) or ""
    yield "" if start.referred and start.at == times.get("session", start.at) else time(start.at)
    yield time(times.get("delivered"))
    yield time(times.get("read"))
    yield time(start.answered_at)
    yield value("agent_groups") or ""
    yield start.origin.value
    yield start.line_value
    yield value("language") or ""
    yield start.status.value
    yield "" if start.failure_code is None else str(start.failure_code)
    yield chat_link(start, link) or ""
    yield message.key


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _iso(calendar: Calendar, at: int) -> str:
    return calendar.local(at).isoformat(timespec="milliseconds" if at % 1000 else "seconds")


def cell(value: str) -> str:
    """A value that stays one cell and is no formula."""
    value = _CONTROL.sub(" ", value)
    if _FORMULA.match(value) and not _PLAIN.fullmatch(value):
        return "'" + value
    return value


def file_name(filter: Filter, now: datetime) -> str:
    """A name for the download: the filter's text in characters that every file system takes, and the moment."""
    text = re.sub(r"[^A-Za-z0-9._+-]+", "-", str(filter)).strip("-.")[:80].rstrip("-.")
    return f"{text}-{now:%Y%m%d-%H%M%S}.tsv"


def write_free(directory: Path, name: str, write: Callable[[BinaryIO], int]) -> Path:
    """Writes a file under a name, with a number behind it where that is taken, and returns its path; raises
    ExportError. The file has mode 0600 and appears whole or not at all."""
    wanted = Path(name)
    for attempt in range(1, 1000):
        path = directory / (wanted.name if attempt == 1 else f"{wanted.stem}-{attempt}{wanted.suffix}")
        if not path.exists():
            break
    write_file(path, write, replace=False)
    return path


def write_file(path: Path, write: Callable[[BinaryIO], int], *, replace: bool) -> int:
    """Writes a file of mode 0600 by way of a temporary one; raises ExportError where it exists, unless `replace`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "wb") as out:
                count = write(out)
            if not replace:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise ExportError(f"{path}: exists already; name another file, or add --force") from None
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror})") from None
    return count
