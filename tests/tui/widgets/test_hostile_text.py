"""Whatever people and providers typed is shown as text on every widget: never as markup, never a control character."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment

from storage.domain.events import ContactIds, Event, Failure, Inbound, LineIds, Origin, Rank, Send, Status, Step
from tests.databases import NOON, SECOND, build
from tests.tui.scenes import dashboard, press, screen_text
from tui.screens.app import SaludoApp
from tui.screens.dashboard import Dashboard

CONTROL = "\x1b]0;owned\x07\x1b[2J\x9b31m\t\r\n\u202egpj\u2066\u200f\ufeff\u2028"
MARKUP = "[red]x[/nope][@click=app.quit]go[/]["
SIZES = [(60, 16), (80, 24), (120, 40), (160, 48)]
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]")


def nasty(word: str) -> str:
    """A text that would do harm, wherever it is not shown as text."""
    return f"{word}{MARKUP}{CONTROL}"


def history() -> list[Event]:
    """Starts whose every text is hostile."""
    line = LineIds(name=nasty("line"))
    found: list[Event] = []
    for number in range(30):
        at, key = NOON + number * SECOND, nasty(f"wamid{number}")
        who = ContactIds((), user_id=nasty(f"user{number}"), customer_id=nasty(f"customer{number}"), name=nasty("name"))
        if number % 5 == 4:
            found.append(Inbound(key, "text", at, line, who, origin=Origin.CAMPAIGN))
            continue
        found.append(
            Send(
                key, Rank.SEND_LOG, at, line, who, kind="template", template=nasty(f"t{number % 3}"),
                campaign=nasty("campaign"), language=nasty("es"), accepted_at=at,
            )
        )  # fmt: skip
        if number % 2:
            failure = Failure(None, nasty("error"), nasty("detail"))
            found.append(Status(key, Step.FAILED, at + SECOND, line, who, failure=failure))
    return found


# Every widget: table, both forms; each panel and what is behind it; lists with and without typed text; both lines to
# type in; one start; the person's starts; the help; the palette; what is found, copied, and matches nothing.
WALKS: tuple[tuple[str, ...], ...] = (
    ("end", "v", "enter", "enter"),
    *((str(panel), "end", "enter", "enter", "escape") for panel in range(1, 9)),
    ("o", "escape", "l", "n", "escape", "t", "t", "1", "enter", "slash", "tab", "enter", "left_square_bracket"),
    ("t", "space", "down", "space", "enter", "slash", "escape"),
    ("slash", "end", "space", *"line", "colon", "tab", "tab", "enter"),
    ("enter", "y", "o", "enter", "slash", "enter", "x"),
    ("n", *"click", "enter", "n", "N", "y", "Y", "v", "y", "Y", "v", "s", "s", "s", "w", "W", "escape"),
    ("enter", "end", "pageup", "escape", "question_mark", "end", "escape", "colon", *"save", "escape"),
    ("slash", "end", "space", *"contact", "colon", "quotation_mark", "left_square_bracket", "enter"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("hostile") / "saludo.db", history())


def segments(app: SaludoApp) -> list[Segment]:
    """Everything on the screen with its styles."""
    return [segment for strip in app.screen._compositor.render_strips() for segment in strip]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.long(keep=2)
async def test_no_widget_obeys_what_people_typed(
    path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    seen = ""
    monkeypatch.setattr(Dashboard, "action_save", lambda screen: None)  # files are looked at elsewhere
    async with dashboard(path, size) as (app, pilot):
        driver: Any = app._driver
        monkeypatch.setattr(driver, "write", written.append)
        for keys in WALKS[SIZES.index(size) % 2 :: 2]:  # each at a small and at a large size
            for key in keys:
                await press(pilot, key)
                assert app.is_running
                for segment in segments(app):
                    assert not FORBIDDEN.search(segment.text), (keys, key, segment)
                    assert segment.style is None or not segment.style.meta.get("@click"), (keys, key, segment)
                    link = segment.style.link if segment.style else None
                    assert link is None or not FORBIDDEN.search(link), (keys, key, link)
                seen += screen_text(app)
            for _ in range(12):
                await pilot.press("escape")
            await press(pilot, "x", "8", "home")
    # It is shown, brackets and all.
    assert "[red]x[/nope]" in seen
    assert "[@click=app.quit]go[/]" in seen
    # The terminal's clipboard gets what was copied in an envelope that it cannot leave, and nothing that would end a
    # command of the shell in which it is pasted.
    envelopes = [sent for sent in written if sent.startswith("\x1b]52")]
    assert envelopes
    for sent in envelopes:
        inside = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sent)
        assert inside is not None
        text = base64.b64decode(inside[1]).decode()
        assert not FORBIDDEN.search(text.replace("\t", " ")), text
