"""The databases of earlier versions in fixtures/databases, unpacked for a test."""

from __future__ import annotations

import lzma
from pathlib import Path

_DIRECTORY = Path(__file__).parent.parent / "fixtures" / "databases"
VERSIONS = range(1, 12)


def unpack_database(version: int, database: Path) -> None:
    """Writes the database of a version."""
    database.write_bytes(lzma.decompress((_DIRECTORY / f"version_{version}.db.xz").read_bytes()))


def unpack_log(log: Path) -> None:
    """Writes the log that all of them were imported from."""
    log.write_bytes(lzma.decompress((_DIRECTORY / "log.jsonl.xz").read_bytes()))
