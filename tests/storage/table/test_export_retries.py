"""Whom a new try can reach: by hand, and against a plain recount of random histories."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.domain.events import ContactIds, Event, Failure, LineIds, Step
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from storage.table import export_starts, retries
from storage.table.export_retries import RetryExport
from tests.captures import OPTIONS
from tests.databases import (
    ANA,
    BETO,
    DAY,
    HOUR,
    LINE,
    NOON,
    OTHER_LINE,
    SECOND,
    build,
    report_of,
    sheet_of,
    tsv_bytes,
)
from tests.events import inbound, send, status

HEADER = [
    *("User id", "Contact id/number", "Name", "Template/notification", "Line", "Last failure", "Error code", "Reason"),
    *("What happened", "Try from", "Why then", "Chat link"),
]
CARO, DANA = ContactIds(("5491155550003",), name="=Caro"), ContactIds(customer_id="D4")
Asked = Callable[[str], tuple[list[dict[str, str]], dict[str, int], int]]


def retry_bytes(path: Path, text: str = "period:all", language: str = "en") -> tuple[bytes, RetryExport]:
    export = RetryExport()
    return tsv_bytes(path, text, language=language, export=export), export


def retry_of(path: Path, text: str = "period:all") -> tuple[list[dict[str, str]], dict[str, int], int]:
    """The rows by header, who is left out, and the failed sends to nobody."""
    content, export = retry_bytes(path, text)
    header, *rows = content.decode().splitlines()
    assert header.split("\t") == HEADER
    left_out = {str(key.value): count for key, count in export.retries.left_out.items()}
    return [dict(zip(HEADER, row.split("\t"), strict=True)) for row in rows], left_out, export.retries.without_contact


def failed(key: str, at: int, contact: ContactIds, code: int | None, text: str = "failed", **more: Any) -> Event:
    return send(key, at, contact, failed_at=at + SECOND, failure=Failure(code, text), **more)


def arrived(key: str, at: int, contact: ContactIds = ANA, **more: Any) -> Event:
    return send(key, at, contact, sent_at=at, delivered_at=at + SECOND, **more)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., tuple[list[dict[str, str]], dict[str, int], int]]:
    number = count()  # each history has a database of its own

    def asked(*history: Event, text: str = "period:all") -> tuple[list[dict[str, str]], dict[str, int], int]:
        return retry_of(build(tmp_path / f"saludo{next(number)}.db", history), text)

    return asked


def test_a_row_says_whom_what_when_and_why(ask: Any) -> None:
    rows, left_out, nobody = ask(failed("a", NOON, ANA, 131049), failed("c", NOON - HOUR, CARO, 131016))
    assert (left_out, nobody) == ({}, 0)
    assert [list(row.values()) for row in rows] == [
        [
            *("", "5491155550001", "Ana", "promo", "+5491100000001"),
            *("2026-11-18T12:00:01-03:00", "131049", "limit_reached", "Meta's limit per person"),
            *("2026-11-19T12:00:01-03:00", "Meta's limit per person (131049): 24 hours after the last one"),
            "https://wa.me/5491155550001",
        ],
        [
            *("", "5491155550003", "'=Caro", "promo", "+5491100000001"),
            *("2026-11-18T11:00:01-03:00", "131016", "service", "WhatsApp unavailable"),
            *("2026-11-18T11:00:01-03:00", "WhatsApp unavailable (131016): at once"),
            "https://wa.me/5491155550003",
        ],
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [(131026, "number_gone"), (131050, "opted_out"), (130472, "opted_out"), (132000, "wrong_parameters"), (7, "other")],
)
def test_what_no_new_try_helps_is_counted_by_its_reason(ask: Any, code: int, reason: str) -> None:
    assert ask(failed("a", NOON, ANA, code)) == ([], {reason: 1}, 0)


def test_who_was_reached_since_by_any_template_or_line_is_left_out(ask: Any) -> None:
    later = arrived("later", NOON + HOUR, template="other")
    assert ask(failed("a", NOON, ANA, 131016), later, text="period:all template:promo") == ([], {"reached": 1}, 0)
    assert ask(failed("a", NOON, ANA, 131016), later, text="status:failed period:all")[1] == {"reached": 1}


def test_who_was_reached_before_is_not(ask: Any) -> None:
    rows, left_out, _ = ask(arrived("before", NOON - HOUR), failed("a", NOON, ANA, 131016))
    assert (len(rows), left_out) == (1, {})


def test_who_was_sent_to_since_waits_for_its_result(ask: Any) -> None:
    assert ask(failed("a", NOON, ANA, 131016), send("later", NOON + HOUR)) == ([], {"waiting": 1}, 0)


def test_of_two_sends_at_the_same_time_the_greater_key_is_the_later(ask: Any) -> None:
    assert ask(failed("b", NOON, ANA, 131016), arrived("c", NOON))[1] == {"reached": 1}
    assert len(ask(failed("b", NOON, ANA, 131016), arrived("a", NOON))[0]) == 1


def test_who_was_told_to_stop_by_another_send_is_left_out(ask: Any) -> None:
    stop = failed("stop", NOON - DAY, ANA, 131050, template="other")
    assert ask(stop, failed("a", NOON, ANA, 131016))[1] == {"opted_out": 1}
    assert ask(stop, arrived("utility", NOON - HOUR), failed("a", NOON, ANA, 131016))[1] == {"opted_out": 1}


def wish(kind: str, at: int, line: LineIds = LINE) -> Event:
    return inbound(f"{kind}{at}", at, kind=kind, line=line)


def test_who_stopped_your_marketing_is_left_out_until_they_resume_it(ask: Any) -> None:
    lost = failed("a", NOON, ANA, 131016)
    stop, resume = wish("marketing_stop", NOON - DAY), wish("marketing_resume", NOON - HOUR)
    assert ask(lost, stop)[1] == {"stopped": 1}
    assert ask(lost, wish("marketing_stop", NOON + DAY))[1] == {"stopped": 1}
    assert [len(ask(*history)[0]) for history in ((lost, stop, resume), (resume, stop, lost))] == [1, 1]
    assert ask(lost, stop, resume, wish("marketing_stop", NOON))[1] == {"stopped": 1}
    assert ask(lost, wish("marketing_resume", NOON), wish("marketing_stop", NOON))[1] == {"stopped": 1}


def test_a_stop_is_of_one_line_and_leaves_out_on_every_line(ask: Any) -> None:
    lost, stop = failed("a", NOON, ANA, 131016), wish("marketing_stop", NOON - DAY, OTHER_LINE)
    assert ask(lost, stop)[1] == {"stopped": 1}
    assert ask(lost, stop, wish("marketing_resume", NOON - HOUR))[1] == {"stopped": 1}
    assert len(ask(lost, stop, wish("marketing_resume", NOON - HOUR, OTHER_LINE))[0]) == 1


def test_who_resumed_after_a_send_told_of_their_stop_can_be_tried(ask: Any) -> None:
    told, lost = failed("told", NOON - DAY, ANA, 131050), failed("a", NOON, ANA, 131016)
    assert len(ask(told, lost, wish("marketing_resume", NOON - HOUR))[0]) == 1
    assert ask(told, lost, wish("marketing_resume", NOON - 2 * DAY))[1] == {"opted_out": 1}
    assert ask(told, lost, wish("marketing_resume", NOON - HOUR, OTHER_LINE))[1] == {"opted_out": 1}
    experiment = failed("told", NOON - DAY, ANA, 130472)
    assert ask(experiment, lost, wish("marketing_resume", NOON - HOUR))[1] == {"opted_out": 1}


def test_a_wish_makes_nobody_known_and_answers_nothing(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [wish("marketing_stop", NOON - HOUR), arrived("a", NOON)])
    path = build(path, [wish("marketing_stop", NOON + HOUR)])
    report = report_of(path)
    assert (report["starts"], report["status"]["delivered"], report["user_types"]["new"]) == (1, 1, 1)


def test_a_number_that_was_reached_since_is_not_gone(ask: Any) -> None:
    gone = failed("gone", NOON - DAY, ANA, 131026, template="other")
    assert ask(gone, failed("a", NOON, ANA, 131016))[1] == {"number_gone": 1}
    rows, left_out, _ = ask(gone, arrived("again", NOON - HOUR), failed("a", NOON, ANA, 131016))
    assert (len(rows), left_out) == (1, {})


def test_the_last_limit_of_the_person_decides_the_time_even_outside_of_the_filter(ask: Any) -> None:
    limit = failed("limit", NOON - HOUR, ANA, 131049, template="other")
    (row,), _, _ = ask(limit, failed("a", NOON, ANA, 130429), text="period:all template:promo")
    assert (row["Error code"], row["Try from"]) == ("130429", "2026-11-19T11:00:01-03:00")
    assert row["Why then"] == "Meta's limit per person (131049): 24 hours after the last one"


def test_twilios_code_and_a_limit_without_a_code_wait_a_day_as_well(ask: Any) -> None:
    twilio, text = failed("a", NOON, ANA, 63049), failed("b", NOON, BETO, None, "healthy ecosystem engagement")
    rows, _, _ = ask(twilio, text)
    assert {row["Try from"] for row in rows} == {"2026-11-19T12:00:01-03:00"}


def test_only_the_last_failure_of_the_selection_counts(ask: Any) -> None:
    first, last = failed("a1", NOON - HOUR, ANA, 131016), failed("a2", NOON, ANA, 132000)
    assert ask(first, last)[1] == {"wrong_parameters": 1}
    rows, _, _ = ask(first, last, text="period:all failure:131016")
    assert [row["Error code"] for row in rows] == ["131016"]


def test_without_the_time_of_the_failure_the_time_of_the_send_counts(ask: Any) -> None:
    (row,), _, _ = ask(send("a", NOON, failure=Failure(131049, "x")))
    assert (row["Last failure"], row["Try from"]) == ("2026-11-18T12:00:00-03:00", "2026-11-19T12:00:00-03:00")


def test_a_failed_send_to_nobody_is_counted(ask: Any) -> None:
    assert ask(failed("a", NOON, ContactIds(), 131016)) == ([], {}, 1)


def test_an_answer_without_a_context_does_not_reach(ask: Any) -> None:
    """What the person writes says nothing of what you send."""
    rows, left_out, _ = ask(failed("a", NOON, ANA, 131016), inbound("i", NOON + HOUR))
    assert (len(rows), left_out) == (1, {})


def test_ties_go_by_key_and_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [ContactIds((f"54911555510{number:02}",)) for number in range(7)]
    history = [failed(f"k{number % 4}{number}", NOON, one, 131016) for number, one in enumerate(crowd)]
    path = build(tmp_path / "saludo.db", [*history, arrived("a", NOON + 1, crowd[3])])
    whole, _ = retry_bytes(path)
    assert [line.split("\t")[1][-1] for line in whole.decode().splitlines()[1:]] == list("625140")
    for rows in (1, 2, 3):
        monkeypatch.setattr(export_starts, "_CHUNK", rows)
        monkeypatch.setattr(retries, "_CHUNK", rows)
        assert retry_bytes(path)[0] == whole


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_no_table_of_starts_and_is_not_imported_as_one(tmp_path: Path, language: str) -> None:
    path = build(tmp_path / "saludo.db", [failed("a", NOON, ANA, 131049), failed("d", NOON, DANA, 131049)])
    with pytest.raises(UnknownFormat):
        list(open_source(io.BytesIO(retry_bytes(path, language=language)[0]), OPTIONS).items())


def test_as_a_workbook(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [failed("c", NOON, CARO, 131049)])
    title, (header, row) = sheet_of(path, RetryExport(), "es")
    assert title == "Reintentar"
    assert header[:3] == ("Id Usuario", "Id Contacto/Número", "Nombre")
    assert (row[1], row[2], row[6]) == ("5491155550003", "=Caro", 131049)
    assert row[9].isoformat() == "2026-11-19T12:00:01"


class Said(NamedTuple):
    """A person stops or resumes marketing on one of two lines."""

    person: int
    minute: int
    stop: bool
    other_line: bool


class Try(NamedTuple):
    """One send of a random history: the minute and the code are numbers, "" is no code."""

    person: int
    minute: int
    template: str
    outcome: str
    code: int | None
    has_failure_time: bool


PEOPLE = (ANA, BETO, DANA, ContactIds())
# By hand, and not from the program's table: hours to wait, None: no new try helps.
HOURS = {131049: 24.0, 63049: 24.0, 130429: 1 / 60, 131056: 5 / 60, 131016: 0.0, 131000: 0.0, 134101: 1 / 6}
REASONS = {131026: "number_gone", 131050: "opted_out", 130472: "opted_out", 132000: "wrong_parameters", None: "other"}
OF_PERSON = (131049, 63049)

tries = st.lists(
    st.builds(
        Try,
        st.integers(0, 3),
        st.integers(0, 40).map(lambda step: step * 50),
        st.sampled_from(("promo", "other")),
        st.sampled_from(("failed", "failed", "failed", "sent", "delivered", "read")),
        st.sampled_from((*HOURS, *REASONS)),
        st.booleans(),
    ),
    max_size=25,
)


said = st.lists(
    st.builds(
        Said, st.integers(0, 2), st.integers(0, 40).map(lambda step: step * 50 + 7), st.booleans(), st.booleans()
    ),
    max_size=4,
)


def wish_of(place: int, one: Said) -> Event:
    at, kind = NOON - 3 * DAY + one.minute * 60 * SECOND, "marketing_stop" if one.stop else "marketing_resume"
    return inbound(f"wish{place}", at, PEOPLE[one.person], kind=kind, line=OTHER_LINE if one.other_line else LINE)


def event_of(place: int, one: Try) -> Event:
    at, who = NOON - 3 * DAY + one.minute * 60 * SECOND, PEOPLE[one.person]
    more: dict[str, Any] = {"template": one.template}
    if one.outcome == "failed":
        more |= {"failure": Failure(one.code), "failed_at": at + SECOND if one.has_failure_time else None}
    elif one.outcome != "sent":
        more |= {"delivered_at": at, "read_at": at if one.outcome == "read" else None}
    return send(f"key{place:02}", at, who, **more)


def recounted(
    history: list[Try], wishes: list[Said], template: str | None
) -> tuple[dict[int, datetime], Counter[str], int]:
    """When each person can be tried, who is left out, and the failed sends to nobody: the rule once more, plainly."""
    times: dict[int, datetime] = {}
    left_out: Counter[str] = Counter()
    nobody = sum(one.person == 3 and one.outcome == "failed" and template in (None, one.template) for one in history)
    for person in range(3):
        theirs = sorted(
            ((one.minute, place, one) for place, one in enumerate(history) if one.person == person),
            key=lambda triple: triple[:2],
        )
        in_question = [
            place
            for place, (_, _, one) in enumerate(theirs)
            if one.outcome == "failed" and template in (None, one.template)
        ]
        if not in_question:
            continue
        last, after = theirs[in_question[-1]][2], [one.outcome for _, _, one in theirs[in_question[-1] + 1 :]]
        if last.code not in HOURS:
            left_out[REASONS[last.code]] += 1
        elif "delivered" in after or "read" in after:
            left_out["reached"] += 1
        elif "sent" in after:
            left_out["waiting"] += 1
        elif _has_stopped([one for one in wishes if one.person == person]):
            left_out["stopped"] += 1
        elif stopped := _stop([one for _, _, one in theirs], [one for one in wishes if one.person == person]):
            left_out[stopped] += 1
        else:
            limits = [one for _, _, one in theirs if one.outcome == "failed" and one.code in OF_PERSON]
            times[person] = max(_free(one) for one in [last, *limits])
    return times, left_out, nobody


def _has_stopped(wishes: list[Said]) -> bool:
    """Whether the last wish on either line is to stop."""
    by_time = sorted(wishes, key=lambda one: (one.minute, one.stop))
    return any([one.stop for one in by_time if one.other_line is line][-1:] == [True] for line in (False, True))


def _stop(theirs: list[Try], wishes: list[Said]) -> str | None:
    """What the last send that told to stop said: a number that is gone is back when something arrives."""
    stopped, opted_out = None, False
    resumed = max((one.minute for one in wishes if not one.other_line), default=-1)  # nobody has stopped
    for one in theirs:
        if one.code == 131050 and one.outcome == "failed" and one.minute < resumed:
            continue
        if one.outcome in ("delivered", "read"):
            stopped = "opted_out" if opted_out else None
        elif one.outcome == "failed" and one.code in (131026, 131050, 130472):
            stopped = REASONS[one.code]
            opted_out = opted_out or stopped == "opted_out"
    return stopped


def _free(one: Try) -> datetime:
    at = datetime.fromtimestamp(NOON / 1000, UTC) - timedelta(days=3) + timedelta(minutes=one.minute)
    assert one.code is not None
    return at + timedelta(seconds=int(one.has_failure_time)) + timedelta(hours=HOURS[one.code])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tries, said, st.sampled_from((None, "promo")), st.randoms())
def test_any_history_gives_the_recount(
    history: list[Try], wishes: list[Said], template: str | None, random: Random
) -> None:
    events = [event_of(place, one) for place, one in enumerate(history)]
    events += [wish_of(place, one) for place, one in enumerate(wishes)]
    random.shuffle(events)
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory) / "saludo.db", events[: len(events) // 2])
        path = build(path, events[len(events) // 3 :])  # some of them once more
        rows, left_out, nobody = retry_of(path, "period:all" + (f" template:{template}" if template else ""))
    names = [ANA.wa_ids[0], BETO.wa_ids[0], "D4"]
    found = {
        names.index(row["Contact id/number"] or row["User id"]): datetime.fromisoformat(row["Try from"]) for row in rows
    }
    times, others, unknown = recounted(history, wishes, template)
    assert {person: round(at.timestamp()) for person, at in found.items()} == {
        person: round(at.timestamp()) for person, at in times.items()
    }
    assert (Counter(left_out), nobody) == (others, unknown)


def test_status_events_alone_are_enough(tmp_path: Path) -> None:
    """Without a send log the line's webhooks say who failed, and the template stays empty."""
    history = [
        status(Step.SENT, NOON, "w", ANA, category="marketing"),
        status(Step.FAILED, NOON + SECOND, "w", ANA, failure=Failure(131049, "x")),
    ]
    (row,), _, _ = retry_of(build(tmp_path / "saludo.db", history))
    assert (row["Template/notification"], row["Error code"]) == ("", "131049")
