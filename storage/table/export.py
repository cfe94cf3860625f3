"""The download as a file: its header, then a line a start (DESIGN 9), safe on the disk. Knows no screen.

`storage.sources.botmaker` reads what this writes.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.database.connection import read_transaction
from storage.domain.errors import StorageError
from storage.domain.filters import Filter
from storage.table.export_lines import lines

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
    with read_transaction(connection):
        out.write(("\t".join(HEADERS[language]) + "\n").encode())
        for chunk in lines(connection, filter, now):
            out.write("".join(chunk).encode("utf-8", "replace"))
            count += len(chunk)
            if progress is not None:
                progress(count)
    return count


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
