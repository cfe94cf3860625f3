"""A person who comes again is derived from what is near to what is new: the same follows as from all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.domain.events import ContactIds, Event, Failure, Flags, Known, Send, Step
from storage.ingest.integrity import check
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, SECOND, build, report_of
from tests.events import inbound, row, send, status

LONG_AGO, MINUTE = NOON - 20 * DAY, 60 * SECOND


def not_sent(at: int) -> Send:
    """A row that says that a message of that time was not sent."""
    return row(f"row{at}", at, sent_at=None, session_start=at, flags=Flags(not_sent=True))


NEW, RECURRENT = "new", "recurrent"
# In the order they come, and what the last notification is: its user, and its status.
HISTORIES: dict[str, tuple[list[Event], str, str]] = {
    "known for long": ([send("a", LONG_AGO), send("z", NOON)], RECURRENT, "sent"),
    "known from a message that fails afterwards": (
        [send("a", LONG_AGO), status(Step.FAILED, LONG_AGO + MINUTE, "a", failure=Failure(131026)), send("z", NOON)],
        NEW,
        "sent",
    ),
    "not known from one that failed": (
        [status(Step.FAILED, LONG_AGO, "a", failure=Failure(131026)), send("z", NOON)],
        NEW,
        "sent",
    ),
    "known from a message that arrives after all": (
        [
            status(Step.FAILED, LONG_AGO, "a", failure=Failure(131026)),
            status(Step.READ, LONG_AGO + MINUTE, "a"),
            send("z", NOON),
        ],
        RECURRENT,
        "sent",
    ),
    "a row says of the first message that it was not sent": (
        [send("a", LONG_AGO), not_sent(LONG_AGO + MINUTE), send("z", NOON)],
        NEW,
        "sent",
    ),
    "a row says so that lies before it": (
        [send("a", LONG_AGO), not_sent(LONG_AGO - MINUTE), send("z", NOON)],
        NEW,
        "sent",
    ),
    "a row says so of a message that others knew the person before": (
        [send("a", LONG_AGO), send("b", LONG_AGO + DAY), not_sent(LONG_AGO + DAY), send("z", NOON)],
        RECURRENT,
        "sent",
    ),
    "known from a message that is delivered by its own word": (
        [send("a", LONG_AGO, flags=Flags(delivered=True)), send("z", NOON)],
        RECURRENT,
        "sent",
    ),
    "not sent by its own word": ([send("a", LONG_AGO, flags=Flags(not_sent=True)), send("z", NOON)], NEW, "sent"),
    "an answer to what came last": (
        [send("a", LONG_AGO), send("z", NOON), inbound("answer", NOON + HOUR // 2)],
        RECURRENT,
        "answered",
    ),
    "no answer, as it answers another by its context": (
        [send("a", LONG_AGO), send("z", NOON), inbound("answer", NOON + HOUR // 2, context="a")],
        RECURRENT,
        "sent",
    ),
    "an answer that comes before what it answers": (
        [send("a", LONG_AGO), inbound("answer", NOON + HOUR // 2), send("z", NOON)],
        RECURRENT,
        "answered",
    ),
    "an answer to an earlier one, until that is told of": (
        [send("a", LONG_AGO), send("y", NOON - HOUR // 2), inbound("answer", NOON + HOUR // 4), send("z", NOON)],
        RECURRENT,
        "answered",
    ),
    "two people who turn out to be one": (
        [
            send("a", LONG_AGO),
            send("z", NOON, BETO),
            Known(LINE, ContactIds(wa_ids=(*ANA.wa_ids, *BETO.wa_ids))),
        ],
        RECURRENT,
        "sent",
    ),
    "what went out to another of the person's ids, as it turns out": (
        [
            status(Step.DELIVERED, LONG_AGO, "a"),
            send("a", LONG_AGO, BETO),
            send("z", NOON),
        ],
        RECURRENT,
        "sent",
    ),
}


@pytest.mark.parametrize("one_import", [True, False])
@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.long(keep=3)
def test_a_person_who_comes_again(tmp_path: Path, name: str, one_import: bool) -> None:
    history, user, last = HISTORIES[name]
    rederive = build(tmp_path / "whole.db", history, answer_window=1)
    apart = build(tmp_path / "apart.db", *([event] for event in history), answer_window=1, one_import=one_import)
    for path in (rederive, apart):
        report = report_of(path, "since:2026-11-18 until:2026-11-19")
        assert report["user_types"][user] == report["status"][last] == 1
    assert report_of(apart) == report_of(rederive)
    with writing(apart) as writer:
        assert check(writer, lambda done, of: None) == []
