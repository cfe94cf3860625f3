"""The same starts in a DuckDB file, queried with DuckDB's default number of threads."""

from __future__ import annotations

import csv
import json
import sqlite3
import tempfile
from pathlib import Path

from tests.benchmarks.flat import COLUMNS, EVERY_START, Peer, Rows


class Duck(Peer):
    """DuckDB. Its file is created from the starts of a database if it does not exist."""

    name = "DuckDB"

    def __init__(self, path: Path, database: Path) -> None:
        import duckdb

        if not path.exists():
            part = path.with_name(path.name + ".part")
            part.unlink(missing_ok=True)
            self._connection = duckdb.connect(str(part))
            self._fill(database, path.parent)
            self._connection.close()
            part.rename(path)
        self._connection = duckdb.connect(str(path), read_only=True)

    def ask(self, statement: str) -> Rows:
        """Executes a statement and returns all rows."""
        rows: Rows = self._connection.execute(statement).fetchall()
        return rows

    def _fill(self, database: Path, scratch: Path) -> None:
        """Copies the starts in order of time, by way of a text file."""
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        with tempfile.TemporaryDirectory(dir=scratch) as directory:
            place = Path(directory) / "starts.csv"
            with place.open("w", newline="") as file:
                csv.writer(file).writerows(connection.execute(EVERY_START))
            types = json.dumps(COLUMNS).replace('"', "'")
            self._connection.execute(
                f"CREATE TABLE starts AS SELECT * FROM read_csv('{place}', header = false, columns = {types})"
            )
        connection.close()
        self._connection.execute("CHECKPOINT")
