"""A SQLite database loads nothing of ClickHouse: neither its libraries nor the rooms that know them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tui import scenes
from tests.tui.commands.runs import ROOT

_SCRIPT = """
import sys
from tui.commands.cli import run
from tui.data.reading import View, load_snapshot, reader_of
from storage.domain.filters import Filter
from tests.databases import NOW
import pathlib
import tui.screens.app
path = sys.argv[1]
for words in (["report"], ["export"], ["rejects"], ["settings"]):
    assert run([*words, "--db", path]) == 0
reader = reader_of(pathlib.Path(path))
with reader.connection() as connection:
    load_snapshot(connection, View(Filter()), NOW, lambda report: 0, 20)
of_clickhouse = ("storage.clickhouse", "storage.published", "clickhouse", "chdb")
print(*[name for name in sys.modules if name.startswith(of_clickhouse)])
"""


def test_a_sqlite_database_loads_nothing_of_clickhouse(tmp_path: Path) -> None:
    path = scenes.database(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == ""
