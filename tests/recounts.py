"""Recounts a few events with the oracle, in the time zone of Madrid and with an answer window of a day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from storage.domain.events import Event
from tests.databases import DAY
from tests.histories import Question
from tests.oracle import recount
from tests.oracle_starts import OracleStart, starts_of

MADRID = ZoneInfo("Europe/Madrid")
WINDOW = DAY


def starts(*history: Event) -> list[OracleStart]:
    """Every start of the history."""
    return starts_of(history, time_zone=MADRID, answer_window_ms=WINDOW)


def one(*history: Event) -> OracleStart:
    """The only start of the history."""
    (start,) = starts(*history)
    return start


def by_key(*history: Event) -> dict[str, OracleStart]:
    """Every start of the history, by its message key."""
    return {start.key: start for start in starts(*history)}


def report(*history: Event, **more: Any) -> dict[str, Any]:
    """The report of 17 to 19 November 2026, with the 19th as today; `more` replaces arguments of `recount`."""
    now = datetime(2026, 11, 19, 9, tzinfo=UTC)
    asked = asdict(Question(MADRID, WINDOW, date(2026, 11, 17), date(2026, 11, 20), now))
    return recount(history, **(asked | more))
