"""What README shows of the code: the keys, and the picture of the real screen on the demo data.

`python -m tests.docs` writes both anew; `test_readme` checks that the keys are those of the program.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import datetime
from pathlib import Path

from fixtures.demo_data import write_demo
from storage.database.connection import writing
from storage.database.settings import load_settings, store_setting
from storage.domain.filters import Filter
from storage.ingest.importer import import_path, prepare
from storage.sources.opened import Options
from tests.tui.scenes import settle
from tui.screens.app import SaludoApp
from tui.words.keys import sections

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs" / "dashboard.svg"
MOMENT = datetime.fromisoformat("2026-11-25T16:40:00-03:00")
_BEGIN, _END = "<!-- keys -->\n", "<!-- end of keys -->"


def keys_table() -> str:
    """Every key of the program as a table of README."""
    lines = ["| key | does |", "|---|---|"]
    for where, keys in sections():
        lines.append(f"| **{where}** | |")
        lines += [f"| {_code(key.shown)} | {key.does} |" for key in keys]
    return "\n".join(lines) + "\n"


def _code(shown: str) -> str:
    return f"`{shown}`"


def keys_in_readme() -> str:
    """The table that README has now."""
    return README.read_text(encoding="utf-8").split(_BEGIN)[1].split(_END)[0]


def write_keys() -> None:
    """Puts the program's keys into README."""
    before, rest = README.read_text(encoding="utf-8").split(_BEGIN)
    README.write_text(before + _BEGIN + keys_table() + _END + rest.split(_END)[1], encoding="utf-8")


async def write_picture() -> None:
    """Takes the picture of the dashboard on the demo's data."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "demo.db"
        with writing(path) as writer:
            with writer.transaction() as connection:
                store_setting(connection, "time_zone", "America/Argentina/Buenos_Aires")
            prepare(writer)
            options = Options(time_zone=load_settings(writer.connection).zone)
            for file in write_demo(Path(directory), MOMENT):
                import_path(writer, file, options, lambda position, events: None)
        app = SaludoApp(path, Filter(), lambda: MOMENT, Path(directory))
        async with app.run_test(size=(140, 44)) as pilot:
            await settle(pilot)
            picture = app.export_screenshot(title="saludo")
    # Fonts of the web are fetched by nobody's reader of a README: the system's own monospace does.
    picture = re.sub(r"@font-face\s*\{[^}]*\}", "", picture).replace("Fira Code", "DejaVu Sans Mono")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    write_keys()
    asyncio.run(write_picture())
