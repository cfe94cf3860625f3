"""The main screens as readable text, and four of them as pictures, one in the pseudo-language.

`python -m tests.tui.screens.test_pictures` writes the texts and the picture of the pseudo-language, `pytest
--snapshot-update` the other pictures.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from storage.domain.filters import Filter
from storage.language.languages import PSEUDO
from tests.databases import NOW
from tests.language_runs import said_in
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
# In other languages, drawn by a process that speaks them; "xx" is longer than any of them and shows what does not fit.
LANGUAGES = ("es_AR", "pt_BR", PSEUDO)
_PSEUDO_PICTURE = GOLDENS / PSEUDO / "normal.svg"
IN_LANGUAGES = ("narrow", "normal", "narrow-notifications", "narrow-breakdown", "normal-failed-start", "narrow-help")


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_of_the_main_screens_are_unchanged_in_every_language(path: Path, language: str) -> None:
    texts = drawn_in(language, path)
    for name in IN_LANGUAGES:
        assert texts[name] == (GOLDENS / language / f"{name}.txt").read_text(encoding="utf-8"), name


@pytest.mark.parametrize("language", ["es_AR", "pt_BR"])
def test_settings_tiles_and_keys_have_room_at_80_columns_in_every_language(language: str) -> None:
    for name in IN_LANGUAGES:
        lines = (GOLDENS / language / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        shown = lines[:2] if name != "narrow-help" else []
        assert [line for line in (*shown, lines[-1]) if "…" in line] == [], name


def test_the_picture_in_the_pseudo_language_is_unchanged(path: Path) -> None:
    """It shows the colours of texts that are longer than in any language: what has no accents is not translated."""
    assert _PSEUDO_PICTURE.read_text(encoding="utf-8") == picture_in(PSEUDO, path)


def picture_in(language: str, path: Path) -> str:
    """The dashboard in a language, as SVG."""
    code = f"""
import asyncio
from pathlib import Path
from tests.tui.scenes import dashboard
async def draw():
    async with dashboard(Path({str(path)!r}), (120, 40)) as (app, pilot):
        return app.export_screenshot(title="saludo")
print(asyncio.run(draw()))
"""
    svg = re.sub(r"terminal-\d+", "terminal", said_in(language, code))
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def drawn_in(language: str, path: Path) -> dict[str, str]:
    """The main screens in a language, by name."""
    code = f"""
import asyncio, json
from pathlib import Path
from tests.tui.screens.test_pictures import IN_LANGUAGES, drawn
async def draw():
    return {{name: await drawn(Path({str(path)!r}), name) for name in IN_LANGUAGES}}
print(json.dumps(asyncio.run(draw())))
"""
    texts: dict[str, str] = json.loads(said_in(language, code))
    return texts


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
        for language in LANGUAGES:
            (GOLDENS / language).mkdir(exist_ok=True)
            for name, text in drawn_in(language, path).items():
                (GOLDENS / language / f"{name}.txt").write_text(text, encoding="utf-8")
        _PSEUDO_PICTURE.write_text(picture_in(PSEUDO, path), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_goldens())
