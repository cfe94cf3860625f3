"""Helpers for tests of the cube: batches with and without a refresh, reports with recounts, arbitrary filters."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from storage.cube import refresh, user_sets
from storage.cube.layout import KINDS
from storage.database.connection import reading, writing
from storage.database.statements import BulkStatement
from storage.domain.events import ContactIds, Event, LineIds, Origin, Rank, Send, Status, Step
from storage.domain.failures import Reason
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.domain.vocabulary import StartStatus, UserType
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.integrity import check
from storage.messages.batch_merger import Batch, Merger
from storage.report import user_set_rows
from storage.report.report import load_report, recount_report
from storage.report.report_json import as_json
from tests.databases import ANA, HOUR, LINE, NOW, build, create, session_of
from tests.histories import Question, shuffled, split

few_examples = settings(
    max_examples=min(30, settings().max_examples), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# Bytes up to which a block is packed into one row: of few starts none, some, and (as in production) all blocks are.
PACKED_BLOCK_LIMITS = (dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 100), user_sets._PACKED_BLOCK_LIMIT)


@contextmanager
def temporary_database() -> Iterator[Path]:
    """A path for a database that is deleted with the context."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "saludo.db"


@contextmanager
def odd_cubes(data: st.DataObject) -> Iterator[None]:
    """Draws what decides between two ways to the same sets, so that small histories take both."""
    with pytest.MonkeyPatch.context() as patch:
        # 0: with the few templates of a history, subtraction would never be used otherwise.
        ratio = data.draw(st.sampled_from((0, user_set_rows._EXCLUDED_RATIO)))
        patch.setattr(user_set_rows, "_EXCLUDED_RATIO", ratio)
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", data.draw(st.sampled_from(PACKED_BLOCK_LIMITS)))
        yield


def written_in_parts(data: st.DataObject, path: Path, history: list[Event], question: Question) -> Iterator[None]:
    """Writes a history in any order and any parts, some refreshed; yields after each part."""
    build(path, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
    for part in data.draw(split(data.draw(shuffled(history)))):
        write(path, part, refreshed=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            refresh_all(path)
        yield


def periods_of(question: Question) -> tuple[Filter, ...]:
    """Periods to ask for: everything, a whole year, which has blocks of every size, and that of the question."""
    return (
        Filter.parse("period:all"),
        Filter.parse("since:2026-01-01 until:2027-01-01"),
        Filter.parse(f"since:{question.since} until:{question.until}"),
    )


def batch_of(events: Iterable[Event]) -> Batch:
    """Events merged into a batch."""
    merger = Merger()
    for event in events:
        merger.add(event)
    return merger.batch()


def write(path: Path, events: Iterable[Event], *, refreshed: bool = True) -> None:
    """Writes one batch in one transaction; without `refreshed`, as if the process died before any refresh."""
    create(path)
    with writing(path) as writer, writer.transaction(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresh, "_FEW_STARTS", 0)
        if not refreshed:
            patch.setattr(refresh, "refresh_batch", lambda connection: set())
        BatchWriter(writer).write(batch_of(events))


def refresh_all(path: Path) -> None:
    """Refreshes everything that is dirty, as the end of an import does."""
    with writing(path) as writer:
        refresh.refresh_all(writer)


def reports(path: Path, filter: Filter, now: datetime = NOW) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report from the cube, and the same report recounted from the messages."""
    with session_of(path) as session:
        return as_json(load_report(session, filter, now)), as_json(recount_report(session, filter, now))


def problems(path: Path) -> list[str]:
    """What `saludo check` finds."""
    with writing(path) as writer:
        return check(writer, refresh.no_progress)


def dirty_marks(path: Path) -> list[tuple[int, int, int]]:
    """The dirty marks: (level, block, line)."""
    with reading(path) as connection:
        return connection.execute("SELECT level, block, line FROM dirty").fetchall()


def _few(values: Iterable[Any]) -> st.SearchStrategy[frozenset[Any]]:
    """Mostly none, else one or two."""
    none: st.SearchStrategy[frozenset[Any]] = st.just(frozenset())
    return st.one_of(none, none, none, st.frozensets(st.sampled_from(sorted(values)), min_size=1, max_size=2))


def _some(values: Iterable[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(sorted(values)), min_size=1))


@st.composite
def filters(draw: st.DrawFn, path: Path, period: Filter) -> Filter:
    """Any filter with values that the database has."""
    with reading(path) as connection:
        lines = {literal(value) for (value,) in connection.execute("SELECT value FROM lines")} | {"(unknown)", "*"}
        names = {literal(name) for (name,) in connection.execute("SELECT name FROM templates")} | {"(unknown)", "*"}
        contacts = {literal(text) for (text,) in connection.execute("SELECT text FROM contact_ids")} | {"(unknown)"}
    excludable: tuple[tuple[str, Iterable[Any]], ...] = (
        ("origin", Origin),
        ("line", lines - {"*"}),
        ("template", names - {"*"}),
        ("user", UserType),
        ("status", StartStatus),
        ("failure", ("131026", *Reason)),
        ("contact", contacts),
        ("name", ("a",)),
    )
    excluded = {(name, value) for name, values in excludable for value in draw(_few(values))}
    return replace(
        period,
        origins=draw(_some(Origin)),
        lines=draw(_some(lines)),
        templates=draw(_some(names)),
        user_type=draw(st.sampled_from((None, None, *UserType))),
        statuses=draw(_some(StartStatus)),
        failures=draw(st.sampled_from((frozenset(), frozenset(), frozenset(("131026",)), frozenset(Reason)))),
        contact=draw(st.sampled_from((None, None, None, *sorted(contacts)))),
        names=draw(st.sampled_from((frozenset(), frozenset(), frozenset(("a",))))),
        excluded=frozenset(excluded),
    )


def written(writes: Iterable[BulkStatement]) -> Counter[tuple[Any, ...]]:
    """What statements write into a database that holds nothing of it, in any order."""
    return Counter((sql, *row) for sql, rows in writes for row in rows if not sql.lstrip().startswith("DELETE"))


def sent(key: str, at: int, line: LineIds = LINE, contact: ContactIds = ANA, template: str = "t") -> Send:
    """A template that was sent."""
    return Send(key, Rank.SEND_LOG, at, line, contact, kind="template", template=template, accepted_at=at)


def delivered(key: str, at: int, line: LineIds = LINE, contact: ContactIds = ANA) -> Status:
    """A status of a send that no send log names."""
    return Status(key, Step.DELIVERED, at, line, contact, category="marketing")
