"""The pictures of the documents: real screens on the demo's data, one for each question of a campaign's owner.

`python -m tests.docs` writes them, the first one in every language. `python -m tests.docs_pictures DIRECTORY` writes
every picture in every theme and in ASCII, to be looked at.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from fixtures.demo_data import write_demo
from fixtures.here import HERE
from storage.database.connection import writing
from storage.database.settings import load_settings, store_setting
from storage.domain.filters import Filter
from storage.ingest.importer import import_path, prepare
from storage.language.conventions import use_country_of
from storage.language.languages import ENGLISH
from storage.language.of_process import LANGUAGE
from storage.sources.opened import Options
from tests.tui.scenes import press, settle
from tui.data.preferences import Preferences
from tui.screens.app import SaludoApp
from tui.terminal.style import use_ascii

DOCS = Path(__file__).parents[1] / "docs"
MOMENT = datetime.fromisoformat("2026-11-25T16:40:00").replace(tzinfo=HERE.clock)
THEMES = ("ansi", "dark", "light")


class Picture(NamedTuple):
    """One screen: its size in cells, the filter and the keys that lead to it."""

    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    filter: str = ""


_OF_README = "dashboard"
PICTURES = {
    _OF_README: Picture((140, 44)),
    "breakdown": Picture((120, 30), ("b", *"sss")),
    "compare": Picture((120, 30), ("M",)),
    "versus": Picture((100, 24), ("b", "space", "space", "equals_sign")),
    "retry": Picture((100, 24), ("R",)),
}


def demo(directory: Path) -> Path:
    """The database of the demo."""
    path = directory / "demo.db"
    with writing(path) as writer:
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", HERE.zone)
        prepare(writer)
        options = Options(time_zone=load_settings(writer.connection).zone)
        for file in write_demo(directory, MOMENT):
            import_path(writer, file, options, lambda position, events: None)
        with writer.transaction() as connection:  # so that a picture is the same whenever it is taken
            connection.execute(
                "UPDATE imports SET started_at = ?1, finished_at = ?1", (int(MOMENT.timestamp() * 1000),)
            )
    return path


async def drawn(path: Path, picture: Picture, preferences: Preferences) -> str:
    """A picture as SVG."""
    app = SaludoApp(path, Filter.parse(picture.filter), lambda: MOMENT, path.parent, preferences)
    async with app.run_test(size=picture.size) as pilot:
        await settle(pilot)
        await press(pilot, *picture.keys)
        svg = app.export_screenshot(title="saludo")
    # Fonts of the web are fetched by nobody's reader of a README: the system's own monospace does.
    return re.sub(r"@font-face\s*\{[^}]*\}", "", svg).replace("Fira Code", "DejaVu Sans Mono")


async def write_pictures() -> None:
    """Writes every picture of the documents; in another language than English the one of its README."""
    with tempfile.TemporaryDirectory() as directory:
        path = demo(Path(directory))
        use_country_of(HERE.zone)
        for name in PICTURES if LANGUAGE == ENGLISH else (_OF_README,):
            file = DOCS / (f"{name}.svg" if LANGUAGE == ENGLISH else f"{name}.{LANGUAGE}.svg")
            file.write_text(await drawn(path, PICTURES[name], Preferences()), encoding="utf-8")


async def write_all(into: Path) -> None:
    """Writes every picture in every theme, and in ASCII."""
    with tempfile.TemporaryDirectory() as directory:
        path = demo(Path(directory))
        for name, picture in PICTURES.items():
            for theme in THEMES:
                svg = await drawn(path, picture, Preferences(theme=theme))
                (into / f"{name}-{theme}.svg").write_text(svg, encoding="utf-8")
            svg = await drawn(path, picture, Preferences(ascii=True))
            (into / f"{name}-ascii.svg").write_text(svg, encoding="utf-8")
            use_ascii(False)


if __name__ == "__main__":
    asyncio.run(write_all(Path(sys.argv[1])))
