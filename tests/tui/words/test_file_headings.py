"""The headings of what is copied and saved are in the language chosen; what stands below them is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.language_runs import said_in
from tests.tui import scenes

CODE = """
import asyncio, json
from pathlib import Path
from tests.tui.scenes import dashboard, press
from tui.data.breakdown_table import as_table
from tui.widgets.panel import Panel
async def tables():
    async with dashboard(Path({path!r})) as (app, pilot):
        report = app.dashboard.parts.navigation.snapshot.report
        found = {{panel.id: panel.as_table(report) for panel in app.dashboard.query(Panel) if panel.item_count()}}
        await press(pilot, "b")
        return found | {{"breakdown": as_table(app.dashboard.table.pager)}}
print(json.dumps(asyncio.run(tables())))
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("headings"))


def tables_in(language: str, path: Path) -> dict[str, list[list[str]]]:
    """The numbers of every panel and of a breakdown as rows of text, by the name of the panel."""
    found: dict[str, list[list[str]]] = json.loads(said_in(language, CODE.format(path=str(path))))
    return found


def test_headings_are_in_the_language_chosen_and_values_in_none(path: Path) -> None:
    english, spanish, made_up = (tables_in(language, path) for language in ("en", "es", "xx"))
    assert english.keys() == spanish.keys() == made_up.keys() >= {"tiles", "daily", "funnel", "failures", "breakdown"}
    for name, (heading, *rows) in english.items():
        assert not [word for word in made_up[name][0] if word in heading], name
        assert len(spanish[name][0]) == len(heading), name
        # The first cell of a tile or of a part is its name; a failure has a title.
        named = {"breakdown": 0, "daily": 0, "funnel": 0, "failures": -1}.get(name, 1)
        values = slice(None, -1) if named == -1 else slice(named, None)
        assert [row[values] for row in spanish[name][1:]] == [row[values] for row in rows], name
    assert english["daily"][0] == ["day", "failed", "sent", "delivered", "read", "answered", "referred"]
    assert spanish["daily"][0][:3] == ["día", "no enviadas", "enviadas"]
    assert spanish["breakdown"][0][:3] == ["Plantilla", "Inicios", "Envíos"]
