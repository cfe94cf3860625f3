"""A small business for the screens: every number on them can be counted by hand. Knows no widget.

On Wednesday 18 November 2026 line 5491100000001 sends `promo [/b] 50%` to forty people and line 5491100000002 sends
`order_1` to ten; five people come by an ad.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from storage.clickhouse.address import Address
from storage.domain.events import ContactIds, Event, Failure, Inbound, Origin, Rank, Send, Status, Step
from storage.domain.filters import Filter
from tests.databases import DAY, LINE, NOON, OTHER_LINE, SECOND, build
from tests.databases import NOW as NOW
from tests.tui.idle import threads
from tui.screens.app import SaludoApp

PROMO = "promo [/b] 50%"
HOSTILE = "\x1b]0;owned\x07[red]Eva[/red]\t\u202eelif"
STARTS, SENDS, FAILED, ANSWERED, READ, DELIVERED, SENT, REFERRED = 55, 50, 8, 10, 12, 15, 5, 5


def person(number: int) -> ContactIds:
    """The person of a number."""
    return ContactIds(wa_ids=(f"549115555{number:04}",), name=HOSTILE if number == 0 else f"Person {number}")


def events() -> list[Event]:
    """The whole history: of the sends, 0 to 7 fail, 8 to 17 are answered, 18 to 29 read, 30 to 44 delivered."""
    found: list[Event] = []
    for number in range(SENDS):
        key, at, who = f"wamid.{number:03}", NOON + number * SECOND, person(number)
        line, template = (LINE, PROMO) if number < 40 else (OTHER_LINE, "order_1")
        campaign = "spring" if number < 40 else None
        origin = Origin.NOTIFICATION if campaign else None
        found.append(
            Send(
                key,
                Rank.SEND_LOG,
                at,
                line,
                who,
                kind="template",
                template=template,
                campaign=campaign,
                origin=origin,
                accepted_at=at,
            )
        )
        if number < FAILED:
            code = 131026 if number < 5 else 131049
            failure = Failure(code, "Message undeliverable", "[bold]In their words[/]\x1b[2J")
            found.append(Status(key, Step.FAILED, at + SECOND, line, who, failure=failure))
            continue
        found.append(Status(key, Step.SENT, at + SECOND, line, who, category="marketing"))
        if number < 45:
            found.append(Status(key, Step.DELIVERED, at + 2 * SECOND, line, who))
        if number < 30:
            found.append(Status(key, Step.READ, at + 65 * SECOND, line, who))
        if number < 18:
            found.append(Inbound(f"in.{number:03}", "text", at + 300 * SECOND, line, who, context=key))
    for number in range(REFERRED):
        at = NOON + DAY + number * SECOND
        found.append(Inbound(f"ad.{number}", "text", at, LINE, person(100 + number), origin=Origin.CAMPAIGN))
    return found


def database(directory: Path) -> Path:
    """The database of the history."""
    return build(directory / "saludo.db", events())


async def settle(pilot: Pilot[Any]) -> None:
    """Waits until all that was asked for is read and shown: no worker, no thread, no message and no timer is left.

    Raises:
        TimeoutError: Something still runs after 30 s.
    """
    working = threads()
    async with asyncio.timeout(30):
        await pilot.pause()
        while working.busy or any(not worker.is_finished for worker in pilot.app.workers):
            await pilot.app.workers.wait_for_complete()
            await asyncio.sleep(0.001)
            await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Presses keys one after another, each when what the one before began is done."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


@asynccontextmanager
async def dashboard(
    path: Path | Address, size: tuple[int, int] = (120, 40), filter: str = "", directory: Path | None = None
) -> AsyncIterator[tuple[SaludoApp, Pilot[Any]]]:
    """The app on a database at `tests.databases.NOW`, saving in a directory, or beside the database."""
    threads()  # counts work from the start
    directory = directory or (path.parent if isinstance(path, Path) else path.directory)
    assert directory is not None
    app = SaludoApp(path, Filter.parse(filter), lambda: NOW, directory)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield app, pilot


def on_dashboard(app: SaludoApp) -> bool:
    """Whether the dashboard is the screen that is seen."""
    return app.screen is app.dashboard


def screen_text(app: SaludoApp) -> str:
    """What the screen shows, as lines of plain text."""
    height = app.size.height
    strips = app.screen._compositor.render_strips()
    assert len(strips) == height
    return "\n".join(strip.text.rstrip() for strip in strips)
