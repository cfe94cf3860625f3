"""The report by SQL equals the independent recount, for any history in any order, split and repetition, and any
filter."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database.connection import writing
from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Flags,
    Inbound,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)
from storage.domain.failures import reason_of
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.domain.vocabulary import StartStatus, UserType
from storage.ingest import contact_lifetimes, derivation
from storage.ingest.integrity import check
from storage.messages import contacts, seen_keys
from storage.report.report import load_report
from storage.report.report_json import as_json
from storage.sources.opened import Options
from storage.sources.recognition import open_source
from tests.databases import build, session_of, tsv_bytes
from tests.histories import Question, events, milliseconds, questions, shuffled, split
from tests.oracle import recount
from tests.oracle_starts import OracleStart, starts_of

HOUR = 3_600_000
quick = settings(
    max_examples=min(30, settings().max_examples), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@contextmanager
def built(file_parts: list[list[Event]], question: Question, *, one_import: bool = False) -> Iterator[Path]:
    """A database of the parts, gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        path, window = Path(directory) / "saludo.db", question.answer_window_ms / HOUR
        zone = question.time_zone.key
        yield build(path, *file_parts, time_zone=zone, answer_window=window, one_import=one_import)


def asked(path: Path, filter: Filter, question: Question) -> dict[str, Any]:
    """The report as JSON without its filter."""
    with session_of(path) as session:
        report = as_json(load_report(session, filter, question.now))
    del report["filter"]
    result: dict[str, Any] = json.loads(json.dumps(report))
    return result


def reason(code: int | None, text: str | None, detail: str | None) -> str:
    return reason_of(code, text, detail).value


def counted(history: list[Event], question: Question, where: Callable[[OracleStart], bool]) -> dict[str, Any]:
    """The recount as JSON."""
    result = recount(
        history,
        time_zone=question.time_zone,
        answer_window_ms=question.answer_window_ms,
        since=question.since,
        until=question.until,
        now=question.now,
        where=where,
        reason_of=reason,
    )
    again: dict[str, Any] = json.loads(json.dumps(result))
    return again


def period(question: Question) -> str:
    return f"since:{question.since} until:{question.until}"


def assert_recounted(
    file_parts: list[list[Event]], history: list[Event], question: Question, *, one_import: bool = False
) -> None:
    """The parts of a history give its recount, and a database of which nothing differs from its messages."""
    with built(file_parts, question, one_import=one_import) as path:
        report = asked(path, Filter.parse(period(question)), question)
        assert report == counted(history, question, lambda start: True)
        with writing(path) as writer:
            assert check(writer, lambda done, of: None) == []


@quick
@given(st.data(), events(), questions())
def test_any_order_split_and_repetition_gives_the_recount(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    assert_recounted(data.draw(split(data.draw(shuffled(history)))), history, question)


@quick
@given(st.data(), events(), questions())
def test_what_an_import_remembers_of_its_batches_changes_nothing(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    """An import into an empty database need not look for what it has not written: with so few bits of a hash, anything
    may be there, and with so few contacts and contexts kept, what was known is forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_keys, "_KEPT", data.draw(st.sampled_from((1, seen_keys._KEPT))))
        patch.setattr(derivation, "_CONTEXTS_KEPT", data.draw(st.sampled_from((0, 2, derivation._CONTEXTS_KEPT))))
        patch.setattr(
            contact_lifetimes, "_MAX_CONTACTS", data.draw(st.sampled_from((2, contact_lifetimes._MAX_CONTACTS)))
        )
        patch.setattr(contacts, "_CACHE_LIMIT", data.draw(st.sampled_from((0, 2, contacts._CACHE_LIMIT))))
        assert_recounted(data.draw(split(data.draw(shuffled(history)))), history, question, one_import=True)


_ONE_LINE, _ONE_PERSON = LineIds("100", "5411000"), ContactIds(("5491100000001",))
_STEP = 40 * 60_000  # ms: within the answer window of an hour, beyond it, and twice as far
_SOME_DAY = milliseconds("2026-10-24T00:10+00:00")


def _events_of_one_person() -> st.SearchStrategy[list[Event]]:
    key, at = st.sampled_from("abcd"), st.integers(0, 12).map(lambda step: _SOME_DAY + step * _STEP)
    who = {"line": st.just(_ONE_LINE), "contact": st.just(_ONE_PERSON)}
    sent = st.builds(
        lambda key, at, **who: Send(key, Rank.SEND_LOG, at, kind="template", accepted_at=at, **who), key, at, **who
    )
    refused = st.builds(
        lambda at, **who: Send(
            f"x{at}", Rank.SEND_LOG, at, kind="template", failed_at=at, failure=Failure(132000), **who
        ),
        at,
        **who,
    )
    status = st.builds(Status, key, st.sampled_from((Step.FAILED, Step.DELIVERED, Step.READ)), at, **who)
    wrote = st.builds(
        Inbound,
        at.map(lambda at: f"in{at}"),
        st.sampled_from(("text", "text", "system")),
        at,
        context=st.none() | st.none() | key,
        **who,
    )
    row = st.builds(
        lambda at, flags, **who: Send(
            f"r{at}", Rank.PLATFORM, at, keyless=True, kind="template", session_start=at, flags=flags, **who
        ),
        at,
        st.builds(Flags, new=st.none() | st.booleans(), not_sent=st.none() | st.just(True), answered=st.none()),
        **who,
    )
    return st.lists(st.one_of(sent, sent, wrote, wrote, status, refused, row), min_size=3, max_size=12)


@quick
@given(st.data(), _events_of_one_person())
def test_what_one_person_does_is_derived_alike_from_some_of_it_and_from_all(
    data: st.DataObject, history: list[Event]
) -> None:
    """Of a person who comes again only what is near is read, or nothing: one event a batch, in time or not."""
    question = Question(
        ZoneInfo("UTC"), HOUR, date(2026, 10, 22), date(2026, 10, 29), datetime(2026, 10, 26, tzinfo=UTC)
    )
    if data.draw(st.booleans()):
        history = sorted(history, key=lambda event: getattr(event, "at", 0))
    one_import = data.draw(st.sampled_from((True, True, False)))
    assert_recounted([[event] for event in history], history, question, one_import=one_import)


@quick
@given(st.data(), events(), questions())
def test_any_filter_gives_the_recount_of_what_it_selects(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    starts = starts_of(history, time_zone=question.time_zone, answer_window_ms=question.answer_window_ms)
    filter = Filter.parse(period(question))
    tests: list[Callable[[OracleStart], bool]] = []
    if data.draw(st.booleans()):
        origins = data.draw(st.frozensets(st.sampled_from(Origin), min_size=1))
        filter = _with(filter, origins=origins)
        tests.append(lambda start: start.origin in origins)
    if data.draw(st.booleans()):
        user_type = data.draw(st.sampled_from(UserType))
        filter = _with(filter, user_type=user_type)
        tests.append(lambda start: start.user_type is user_type)
    if data.draw(st.booleans()):
        statuses = data.draw(st.frozensets(st.sampled_from(StartStatus), min_size=1))
        filter = _with(filter, statuses=statuses)
        tests.append(lambda start: start.status in statuses)
    templates = sorted({start.template for start in starts if start.template is not None})
    by_template: bool = data.draw(st.booleans())
    if templates and by_template:
        chosen = data.draw(st.frozensets(st.sampled_from(templates), min_size=1))
        filter = _with(filter, templates=frozenset(map(literal, chosen)))
        tests.append(lambda start: start.template in chosen)
    lines = sorted({text for start in starts for text in start.line})
    by_line: bool = data.draw(st.booleans())
    if lines and by_line:
        line = data.draw(st.sampled_from(lines))
        filter = _with(filter, lines=frozenset((literal(line),)))
        tests.append(lambda start: line in start.line)
    with built([history], question) as path:
        expected = counted(history, question, lambda start: all(test(start) for test in tests))
        assert asked(path, Filter.parse(str(filter)), question) == expected


def _with(filter: Filter, **changes: Any) -> Filter:
    names = Filter.__dataclass_fields__
    return Filter(**{name: changes.get(name, getattr(filter, name)) for name in names})


@quick
@given(events(), questions())
def test_an_exported_database_imported_into_an_empty_one_gives_the_same_report(
    history: list[Event], question: Question
) -> None:
    with built([history], question) as path:
        report = asked(path, Filter.parse("period:all"), question)
        exported = tsv_bytes(path, now=question.now)
        source = open_source(io.BytesIO(exported), Options(ZoneInfo("UTC")))
        rows = list(source.items())
        with built([rows], question) as again:  # type: ignore[list-item]
            second = asked(again, Filter.parse("period:all"), question)
            assert tsv_bytes(again, now=question.now).decode().splitlines() == exported.decode().splitlines()
    del report["data"], second["data"]
    assert second == report
