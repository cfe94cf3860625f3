"""sqlite-utils is loaded without the large libraries that it would use if they are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LOADED = """
import sys
from storage.database.light_import import without
{before}
with without("numpy", "pandas"):
    from sqlite_utils import Database, Migrations
print(*sorted({{"numpy", "pandas"}} & sys.modules.keys()))
import numpy
print(Database(memory=True).execute("SELECT 1").fetchone()[0], Migrations.__name__, numpy.int64(7))
"""


def printed(before: str) -> list[str]:
    command = [sys.executable, "-c", _LOADED.format(before=before)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_neither_pandas_nor_numpy_is_loaded_and_both_can_be_loaded_later() -> None:
    assert printed("") == ["", "1 Migrations 7"]


def test_what_is_loaded_already_stays() -> None:
    assert printed("import numpy") == ["numpy", "1 Migrations 7"]


def test_a_new_database_is_made_without_them(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from storage.database.connection import writing
with writing(Path({str(tmp_path / "new.db")!r})):
    print(*sorted({{"numpy", "pandas"}} & sys.modules.keys()))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
