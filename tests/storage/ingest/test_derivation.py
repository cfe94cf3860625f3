"""A person who comes again is derived from what is near to what is new: the same follows as from all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database.connection import writing
from storage.domain.events import NO_FLAGS, ContactIds, Event, Failure, Flags, Inbound, Known, Rank, Send, Status, Step
from storage.ingest.integrity import check
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, SECOND, build, report_of

LONG_AGO, MINUTE = NOON - 20 * DAY, 60 * SECOND


def sent(key: str, at: int, flags: Flags = NO_FLAGS) -> Send:
    return Send(key, Rank.SEND_LOG, at, LINE, ANA, kind="template", accepted_at=at, flags=flags)


def row(at: int, flags: Flags) -> Send:
    return Send(f"row{at}", Rank.PLATFORM, at, LINE, ANA, keyless=True, kind="template", session_start=at, flags=flags)


def status(key: str, step: Step, at: int) -> Status:
    return Status(key, step, at, LINE, ANA, failure=Failure(131026) if step is Step.FAILED else None)


def wrote(at: int, context: str | None = None) -> Inbound:
    return Inbound(f"in{at}", "text", at, LINE, ANA, context=context)


NEW, RECURRENT = "new", "recurrent"
# In the order they come, and what the last notification is: its user, and its status.
HISTORIES: dict[str, tuple[list[Event], str, str]] = {
    "known for long": ([sent("a", LONG_AGO), sent("z", NOON)], RECURRENT, "sent"),
    "known from a message that fails afterwards": (
        [sent("a", LONG_AGO), status("a", Step.FAILED, LONG_AGO + MINUTE), sent("z", NOON)],
        NEW,
        "sent",
    ),
    "not known from one that failed": ([status("a", Step.FAILED, LONG_AGO), sent("z", NOON)], NEW, "sent"),
    "known from a message that arrives after all": (
        [status("a", Step.FAILED, LONG_AGO), status("a", Step.READ, LONG_AGO + MINUTE), sent("z", NOON)],
        RECURRENT,
        "sent",
    ),
    "a row says of the first message that it was not sent": (
        [sent("a", LONG_AGO), row(LONG_AGO + MINUTE, Flags(not_sent=True)), sent("z", NOON)],
        NEW,
        "sent",
    ),
    "a row says so that lies before it": (
        [sent("a", LONG_AGO), row(LONG_AGO - MINUTE, Flags(not_sent=True)), sent("z", NOON)],
        NEW,
        "sent",
    ),
    "a row says so of a message that others knew the person before": (
        [sent("a", LONG_AGO), sent("b", LONG_AGO + DAY), row(LONG_AGO + DAY, Flags(not_sent=True)), sent("z", NOON)],
        RECURRENT,
        "sent",
    ),
    "not sent by its own word": ([sent("a", LONG_AGO, Flags(not_sent=True)), sent("z", NOON)], NEW, "sent"),
    "an answer to what came last": (
        [sent("a", LONG_AGO), sent("z", NOON), wrote(NOON + HOUR // 2)],
        RECURRENT,
        "answered",
    ),
    "no answer, as it answers another by its context": (
        [sent("a", LONG_AGO), sent("z", NOON), wrote(NOON + HOUR // 2, "a")],
        RECURRENT,
        "sent",
    ),
    "an answer that comes before what it answers": (
        [sent("a", LONG_AGO), wrote(NOON + HOUR // 2), sent("z", NOON)],
        RECURRENT,
        "answered",
    ),
    "an answer to an earlier one, until that is told of": (
        [sent("a", LONG_AGO), sent("y", NOON - HOUR // 2), wrote(NOON + HOUR // 4), sent("z", NOON)],
        RECURRENT,
        "answered",
    ),
    "two people who turn out to be one": (
        [
            sent("a", LONG_AGO),
            Send("z", Rank.SEND_LOG, NOON, LINE, BETO, kind="template", accepted_at=NOON),
            Known(LINE, ContactIds(wa_ids=(*ANA.wa_ids, *BETO.wa_ids))),
        ],
        RECURRENT,
        "sent",
    ),
    "what went out to another, as it turns out": (
        [
            Status("a", Step.DELIVERED, LONG_AGO, LINE, ANA),
            Send("a", Rank.SEND_LOG, LONG_AGO, LINE, BETO, kind="template", accepted_at=LONG_AGO),
            sent("z", NOON),
        ],
        NEW,
        "sent",
    ),
}


@pytest.mark.parametrize("one_import", [True, False])
@pytest.mark.parametrize("name", HISTORIES)
def test_a_person_who_comes_again(tmp_path: Path, name: str, one_import: bool) -> None:
    history, user, status = HISTORIES[name]
    rederive = build(tmp_path / "whole.db", history, answer_window=1)
    apart = build(tmp_path / "apart.db", *([event] for event in history), answer_window=1, one_import=one_import)
    for path in (rederive, apart):
        report = report_of(path, "since:2026-11-18 until:2026-11-19")
        assert report["user_types"][user] == report["status"][status] == 1
    assert report_of(apart) == report_of(rederive)
    with writing(apart) as writer:
        assert check(writer, lambda done, of: None) == []
