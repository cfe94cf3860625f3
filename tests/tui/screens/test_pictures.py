"""The main screens as readable text, and three of them as pictures.

`python -m tests.tui.screens.test_pictures` writes the texts, `pytest --snapshot-update` the pictures.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from storage.domain.filters import Filter
from tests.databases import NOW
from tests.tui import scenes
from tests.tui.scenes import dashboard, press, screen_text, settle
from tui.screens.app import SaludoApp

GOLDENS = Path(__file__).parent / "goldens"
SCREENS: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "narrow": ((80, 24), ()),
    "normal": ((120, 40), ()),
    "wide": ((160, 48), ()),
    "smallest": ((60, 16), ()),
    "narrow-notifications": ((80, 24), ("v",)),
    "narrow-breakdown": ((80, 24), ("b",)),
    "normal-breakdown": ((120, 40), ("b", "b", "s")),
    "narrow-versus": ((80, 24), ("b", "space", "space", "equals_sign")),
    "wide-breakdown": ((160, 48), ("b", "j")),
    "narrow-failed-start": ((80, 24), ("3", "enter", "enter")),
    "normal-failed-start": ((120, 40), ("3", "enter", "enter")),
    "narrow-templates": ((80, 24), ("t",)),
    "narrow-nothing": ((80, 24), ("slash", *"contact", "colon", "1", "enter")),
    "narrow-help": ((80, 24), ("question_mark",)),
    "too-small": ((50, 12), ()),
}


async def drawn(path: Path, name: str) -> str:
    """A screen as text."""
    size, keys = SCREENS[name]
    async with dashboard(path, size) as (app, pilot):
        await press(pilot, *keys)
        return screen_text(app) + "\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("pictures"))


@pytest.mark.parametrize("name", SCREENS)
async def test_the_text_of_a_screen_is_unchanged(path: Path, name: str) -> None:
    assert await drawn(path, name) == (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("size", "keys"), [((80, 24), ()), ((120, 40), ("3", "enter", "enter")), ((160, 48), ("6",))])
def test_the_picture_of_a_screen_is_unchanged(
    snap_compare: Any, path: Path, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    app = SaludoApp(path, Filter(), lambda: NOW, path.parent)
    assert snap_compare(app, terminal_size=size, run_before=run)


async def write_goldens() -> None:
    """Writes every text."""
    GOLDENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        path = scenes.database(Path(directory))
        for name in SCREENS:
            (GOLDENS / f"{name}.txt").write_text(await drawn(path, name), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_goldens())
