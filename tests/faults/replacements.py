"""Replaces the file under a dashboard's connections: they read the new file, or say in one line what is wrong."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from storage.domain.filters import Filter
from tests.benchmarks.captures import Size, write
from tests.captures import capture
from tests.faults.commands import NOW, saludo
from tests.faults.killed_import import import_killed_after
from tests.faults.tally import Result
from tui.data.reading import Reader, ReadError, View, load_snapshot


def _write(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def _cut(source: Path, target: Path) -> None:
    os.truncate(target, target.stat().st_size // 2)


def _empty(source: Path, target: Path) -> None:
    os.truncate(target, 0)


def _other_program(source: Path, target: Path) -> None:
    target.write_text("dear diary, " * 5000)


_WAYS: dict[str, tuple[Callable[[Path, Path], object], bool]] = {  # and whether the new file can be read
    "cp": (shutil.copyfile, True),
    "mv": (os.replace, True),
    "write": (_write, True),
    "cut": (_cut, False),
    "empty": (_empty, False),
    "remove": (lambda source, target: target.unlink(), False),
    "other program": (_other_program, False),
}


def replacements() -> Result:
    """Tries every way, with one reader and with six as in the dashboard, in both directions of size."""
    tries, failures = 0, []
    files = (("send_log.jsonl",), ("cloud_statuses.jsonl", "cloud_inbound.jsonl", "starting_causes.tsv"))
    for way, (replace, readable) in _WAYS.items():
        for old, new in (files, files[::-1]):
            for count in (1, 6):
                with tempfile.TemporaryDirectory() as directory:
                    database, other = Path(directory, "saludo.db"), Path(directory, "other.db")
                    for path, names in ((database, old), (other, new)):
                        saludo(path, "import", *(str(capture(name)) for name in names))
                    expected = _starts(Reader(other))
                    readers = [Reader(database) for _ in range(count)]
                    for reader in readers:
                        _starts(reader)
                    replace(other, database)
                    for reader in readers:
                        tries += 1
                        found = _starts(reader)
                        if found != expected if readable else not isinstance(found, str) or "\n" in found:
                            failures.append(f"{way}: {found!r} and not {expected!r}")
                        reader.close()
    for count in (1, 6):
        tries += count
        failures += _beside_a_left_wal(count)
    return Result(tries, tries, tuple(failures))


def _beside_a_left_wal(count: int) -> list[str]:
    """A backup is copied over a database whose writer was killed: its WAL does not belong to the backup."""
    failures = []
    with tempfile.TemporaryDirectory() as directory:
        database, backup, log = (Path(directory, name) for name in ("saludo.db", "backup.db", "log.jsonl"))
        saludo(database, "import", str(capture("send_log.jsonl")))
        saludo(database, "backup", str(backup))
        saludo(database, "import", str(capture("starting_causes.tsv")))
        write(log, Size(events=2_000, days=8, lines=4, templates=10, contacts=300))
        import_killed_after(database, log, 2)
        readers = [Reader(database) for _ in range(count)]
        for reader in readers:
            _starts(reader)
        shutil.copyfile(backup, database)
        for reader in readers:
            found = _starts(reader)
            if not isinstance(found, str) or "was replaced" not in found or "\n" in found:
                failures.append(f"cp beside a left WAL: {found!r}")
            reader.close()
    return failures


def _starts(reader: Reader) -> int | str:
    """The starts that a dashboard shows, or the line that it shows instead."""
    try:
        with reader.connection() as connection:
            view = View(Filter.parse("period:all"))
            return load_snapshot(connection, view, datetime.fromisoformat(NOW), lambda report: 0, 20).report.starts
    except ReadError as error:
        return str(error)
