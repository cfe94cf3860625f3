"""The cube says what the messages say: after any history, in any zone, after late facts and after a crash."""

from __future__ import annotations

import marshal
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from storage.cube import refresh, user_sets
from storage.cube.counting_process import CountingProcess, answer_to
from storage.cube.layout import KINDS, cover, days_of
from storage.database.connection import DatabaseError, reading, writing
from storage.database.settings import store_setting
from storage.domain.events import ContactIds, Event, Failure, Inbound, Known, LineIds, Origin, Rank, Send, Status, Step
from storage.domain.failures import Reason
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.domain.vocabulary import StartStatus, UserType
from storage.ingest import cube_sharing
from storage.ingest.batch_writer import BatchWriter, derive_again
from storage.ingest.cube_sharing import CubeSharing
from storage.ingest.integrity import check, rebuild
from storage.messages.batch_merger import Batch, Merger
from storage.report import user_set_reader
from storage.report.read_session import ReadSession
from storage.report.report import load_report, recount_report
from storage.report.report_json import as_json
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, NOW, OTHER_LINE, SECOND, build, cube_of, session_of
from tests.histories import Question, events, questions, shuffled, split

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
YEAR = "since:2026-01-01 until:2027-01-01"
ZONES = ("Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe")
# Up to how many bytes a block is one row: none, some of so few starts, and as it is, when all of them are.
SPARSE = (dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 100), user_sets._SPARSE)


def nothing(done: int, of: int) -> None:
    """A progress that nobody watches."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A place for a database, gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "saludo.db"


def batch_of(part: Iterable[Event]) -> Batch:
    """Events merged in memory."""
    merger = Merger()
    for event in part:
        merger.add(event)
    return merger.batch()


def write(path: Path, part: Iterable[Event], *, refreshed: bool = True) -> None:
    """One batch in one transaction; without `refreshed` as if the process had died before it could refresh anything."""
    with writing(path) as writer, writer.transaction(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(refresh, "_FEW_STARTS", 0)
        if not refreshed:
            patch.setattr(refresh, "refresh_batch", lambda connection: set())
        BatchWriter(writer).write(batch_of(part))


def finish(path: Path) -> None:
    """The end of an import."""
    with writing(path) as writer:
        refresh.refresh_all(writer)


def both(path: Path, filter: Filter, now: datetime = NOW) -> tuple[dict[str, Any], dict[str, Any]]:
    """The report and the recount, in the form of the contract."""
    with session_of(path) as session:
        return as_json(load_report(session, filter, now)), as_json(recount_report(session, filter, now))


def problems(path: Path) -> list[str]:
    """What `saludo check` finds."""
    with writing(path) as writer:
        return check(writer, nothing)


def marks(path: Path) -> list[tuple[int, ...]]:
    """What is dirty."""
    with reading(path) as connection:
        return connection.execute("SELECT level, block, line FROM dirty").fetchall()


def _some(values: Iterable[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(sorted(values)), min_size=1))


@st.composite
def filters(draw: st.DrawFn, path: Path, period: Filter) -> Filter:
    """Any filter of what the database has."""
    with reading(path) as connection:
        lines = {literal(value) for (value,) in connection.execute("SELECT value FROM lines")} | {"(unknown)", "*"}
        names = {literal(name) for (name,) in connection.execute("SELECT name FROM templates")} | {"(unknown)", "*"}
        contacts = {literal(text) for (text,) in connection.execute("SELECT text FROM contact_ids")}
    return replace(
        period,
        origins=draw(_some(Origin)),
        lines=draw(_some(lines)),
        templates=draw(_some(names)),
        user_type=draw(st.sampled_from((None, None, *UserType))),
        statuses=draw(_some(StartStatus)),
        failures=draw(st.sampled_from((frozenset(), frozenset(), frozenset(("131026",)), frozenset(Reason)))),
        contact=draw(st.sampled_from((None, None, None, *sorted(contacts)))),
    )


@quick
@given(st.data(), events(), questions())
def test_any_history_gives_the_recount_under_any_filter_however_little_is_refreshed(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with scratch() as path, pytest.MonkeyPatch.context() as patch:
        # With so few templates, they would always be united and never counted.
        patch.setattr(user_set_reader, "_FEWER", data.draw(st.sampled_from((0, user_set_reader._FEWER))))
        patch.setattr(user_sets, "_SPARSE", data.draw(st.sampled_from(SPARSE)))
        build(path, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
        for part in data.draw(split(data.draw(shuffled(history)))):
            write(path, part, refreshed=data.draw(st.booleans()))
            if data.draw(st.booleans()):
                finish(path)
            # The whole year has blocks of every size.
            for period in (
                "period:all",
                "since:2026-01-01 until:2027-01-01",
                f"since:{question.since} until:{question.until}",
            ):
                filter = data.draw(filters(path, Filter.parse(period)))
                report, recount = both(path, filter, question.now)
                assert report == recount
        finish(path)
        assert marks(path) == []
        assert problems(path) == []


@quick
@given(st.data(), events(), questions())
def test_the_cube_of_a_history_is_the_same_in_any_order_and_after_a_rebuild(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    zone = question.time_zone.key
    with scratch() as one, scratch() as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_SPARSE", data.draw(st.sampled_from(SPARSE)))
        build(one, history, time_zone=zone)
        build(other, *data.draw(split(data.draw(shuffled(history)))), time_zone=zone)
        finish(one)
        finish(other)
        shapes = [[(len(rows)) for rows in cube_of(path)] for path in (one, other)]
        assert shapes[0] == shapes[1]
        before = cube_of(other)
        with writing(other) as writer:
            rebuild(writer, nothing)
        assert cube_of(other) == before


class AtOnce(CountingProcess):
    """What the process beside an import would answer if it looked at once: as stale as an answer can be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: Any = None

    def _ask(self, question: tuple[Any, ...]) -> None:
        self._told = marshal.dumps(answer_to(self._path, marshal.loads(marshal.dumps(question))))

    def _answer(self) -> Any:
        return marshal.loads(self._told)


@quick
@given(st.data(), events(), questions())
def test_counting_beside_an_import_leaves_no_stale_cell(
    data: st.DataObject, history: list[Event], question: Question
) -> None:
    with scratch() as path, pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_SPARSE", data.draw(st.sampled_from(SPARSE)))
        patch.setattr(refresh, "_FEW_STARTS", data.draw(st.sampled_from((0, 2))))
        patch.setattr(cube_sharing, "_BLOCKS", data.draw(st.sampled_from((1, 6))))
        build(path, time_zone=question.time_zone.key, answer_window=question.answer_window_ms / HOUR)
        with writing(path) as writer:
            sharing = CubeSharing(writer.connection, AtOnce(path))
            ingest = BatchWriter(writer, sharing)
            for part in data.draw(split(data.draw(shuffled(history)))):
                with writer.transaction():
                    ingest.write(batch_of(part))
                while data.draw(st.booleans()):
                    with writer.transaction():
                        if not ingest.catch_up():
                            break
                report, recount = both(path, Filter.parse("period:all"), question.now)
                assert report == recount
            refresh.refresh_all(writer, counting_process=AtOnce(path))
        assert marks(path) == []
        assert problems(path) == []


def test_an_import_that_waits_makes_the_blocks_that_the_last_batch_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 0)
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        ingest = BatchWriter(writer, CubeSharing(writer.connection, CountingProcess(None)))

        def catch_up() -> bool:
            with writer.transaction():
                return ingest.catch_up()

        assert not catch_up()
        for key, at in (("a", NOON), ("b", NOON + 400 * DAY)):
            with writer.transaction():
                ingest.write(batch_of([sent(key, at)]))
        assert sorted({level for level, _, _ in marks(path)}) == [1]
        (_, first, _), (_, second, _) = sorted(marks(path))
        settled = days_of((1, first))
        # Of a day in the middle of nothing there is one block of every size to be made, and then there are no more.
        while catch_up():
            report, recount = both(path, Filter.parse("period:all"))
            assert report == recount
        assert sorted(marks(path))[0][:2] == (1, second)
        assert not any(day in days_of((level, block)) for level, block, _ in marks(path) for day in settled)
        refresh.refresh_all(writer)
    assert problems(path) == []


def test_a_dirty_day_that_lost_its_starts_is_not_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its starts turn out to be of the day before, and stay to be counted; then it gets others."""
    monkeypatch.setattr(refresh, "_FEW_STARTS", 2)
    path = build(tmp_path / "saludo.db")
    with writing(path) as writer:
        ingest = BatchWriter(writer, CubeSharing(writer.connection, AtOnce(path)))
        parts: list[list[Event]] = [
            [sent(f"a{place}", NOON) for place in range(3)],
            [sent("a0", NOON - DAY), sent("a1", NOON - DAY), sent("a2", NOON - DAY)],
            [sent(f"b{place}", NOON, contact=BETO, template="other") for place in range(3)],
        ]
        for part in parts:
            with writer.transaction():
                ingest.write(batch_of(part))
            report, recount = both(path, Filter.parse("period:all template:t"))
            assert report == recount
        refresh.refresh_all(writer)
    assert problems(path) == []


@pytest.mark.parametrize("zone", ZONES)
def test_days_with_a_change_of_clock_and_half_hours_are_counted_whole(tmp_path: Path, zone: str) -> None:
    """An hour of a year in which every change of the clock lies, a start every 30 minutes around each."""
    starts: list[Event] = []
    for month in range(1, 13):
        for half in range(96):
            at = (
                round(datetime(2026, month, 1 + month % 5, tzinfo=ZoneInfo(zone)).timestamp() * 1000) + half * HOUR // 2
            )
            line = (LINE, OTHER_LINE)[half % 2]
            starts.append(
                Send(f"{month}.{half}", Rank.SEND_LOG, at, line, ANA, kind="template", template="t", accepted_at=at)
            )
    path = build(tmp_path / "saludo.db", starts, time_zone=zone)
    finish(path)
    assert problems(path) == []
    now = datetime(2026, 12, 31, tzinfo=ZoneInfo(zone))
    for text in ("period:all", "since:2026-04-04 until:2026-04-06", "since:2026-10-04 until:2026-10-05", "period:300d"):
        report, recount = both(path, Filter.parse(text), now)
        assert report == recount
    by_day: dict[str, int] = {}
    for start in starts:
        day = datetime.fromtimestamp(start.at / 1000, ZoneInfo(zone)).date().isoformat()  # type: ignore[union-attr]
        by_day[day] = by_day.get(day, 0) + 1
    daily = both(path, Filter.parse("period:all"), now)[0]["daily"]
    assert {day["day"]: day["sent"] for day in daily if day["sent"]} == by_day


def sent(key: str, at: int, line: LineIds = LINE, contact: ContactIds = ANA, template: str = "t") -> Send:
    return Send(key, Rank.SEND_LOG, at, line, contact, kind="template", template=template, accepted_at=at)


def delivered(key: str, at: int, line: LineIds = LINE, contact: ContactIds = ANA) -> Status:
    return Status(key, Step.DELIVERED, at, line, contact, category="marketing")


OLD_LINE = LineIds(name="Sales")
OLD_ANA = ContactIds(customer_id="C9")
LATE_FACTS: dict[str, tuple[list[Event], list[Event]]] = {
    "a send log after its statuses": ([delivered("a", NOON + DAY)], [sent("a", NOON - SECOND, template="other")]),
    "an older message that turns new into recurrent": ([sent("a", NOON)], [sent("b", NOON - 90 * DAY)]),
    "two contacts that turn out to be one": (
        [sent("a", NOON), sent("b", NOON + HOUR, contact=OLD_ANA)],
        [Known(contact=structs.replace(OLD_ANA, wa_ids=ANA.wa_ids))],
    ),
    "two lines that turn out to be one": (
        [sent("a", NOON), sent("b", NOON + HOUR, line=OLD_LINE, contact=BETO)],
        [Known(line=structs.replace(LINE, name="Sales"))],
    ),
    "an answer that comes later": ([sent("a", NOON)], [Inbound("i", "text", NOON + HOUR, LINE, ANA)]),
    "a send of another type after all": (
        [delivered("a", NOON)],
        [Send("a", Rank.SEND_LOG, NOON, LINE, ANA, kind="text", accepted_at=NOON)],
    ),
}


@pytest.mark.parametrize("sparse", SPARSE, ids=["none", "some", "all"])
@pytest.mark.parametrize("name", LATE_FACTS)
def test_a_late_fact_leaves_no_stale_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sparse: dict[int, int]
) -> None:
    monkeypatch.setattr(user_sets, "_SPARSE", sparse)
    early, late = LATE_FACTS[name]
    asked = Filter.parse("period:all line:Sales" if "lines" in name else "period:all")
    path = build(tmp_path / "saludo.db", early)
    finish(path)
    before = both(path, asked)[0]
    write(path, late)
    report, recount = both(path, asked)
    assert report == recount
    assert report != before
    finish(path)
    assert both(path, asked)[0] == report
    assert problems(path) == []
    at_once = build(tmp_path / "at-once.db", [*early, *late])
    finish(at_once)
    assert both(at_once, asked)[0] == report


def test_failures_of_two_origins_on_a_day_are_one_day(tmp_path: Path) -> None:
    failed = [
        structs.replace(sent(key, NOON), default_origin=origin, failed_at=NOON + SECOND, failure=Failure(131026))
        for key, origin in (("a", Origin.TEMPLATE), ("b", Origin.NOTIFICATION), ("c", Origin.NOTIFICATION))
    ]
    path = build(tmp_path / "saludo.db", failed)
    finish(path)
    report, recount = both(path, Filter.parse("period:7d failure:131026"))
    assert report == recount
    assert [day["failed"] for day in report["daily"] if day["failed"]] == [3]
    assert report["origins"]["template"] == 1


def test_a_reason_with_a_code_and_the_same_without_are_two(tmp_path: Path) -> None:
    failures = [Failure(131026), Failure(None, "El número ya no existe"), Failure(131026), Failure(1013), Failure(100)]
    failed = [
        structs.replace(sent(str(place), NOON + place), failed_at=NOON + SECOND, failure=failure)
        for place, failure in enumerate((*failures, Failure(100, "Invalid parameter")))
    ]
    path = build(tmp_path / "saludo.db", failed)
    for finished in (False, True):
        if finished:
            finish(path)
        for text, count in (
            ("number_gone", 4),
            ("number_gone/none", 1),
            ("number_gone/131026", 2),
            ("number_gone/none,1013", 2),
            ("100", 2),
            ("wrong_number/100", 1),
            ("NUMBER_GONE/0131026", 2),
        ):
            report, recount = both(path, Filter.parse(f"period:7d failure:{text}"))
            assert report == recount
            assert report["starts"] == count, text
            assert Filter.parse(str(Filter.parse(f"failure:{text}"))) == Filter.parse(f"failure:{text}")


def test_the_cube_of_an_older_layout_is_counted_again(tmp_path: Path) -> None:
    """As blocks of 64 days were, whose numbers stand for other days, and one counter in a number."""
    path = build(tmp_path / "saludo.db", [sent(str(place), NOON - place * 20 * DAY) for place in range(12)])
    finish(path)
    expected = both(path, Filter.parse("period:all"))[1]
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE users SET block = block + 1000 WHERE level > 1")
        connection.execute("ALTER TABLE details RENAME COLUMN template_sends TO count")
        connection.execute("ALTER TABLE cells RENAME COLUMN template_failed_sent TO template_new_failed")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name <> 'tables'")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(DatabaseError, match="older version"), reading(path):
        pass
    with writing(path):
        pass
    assert both(path, Filter.parse("period:all")) == (expected, expected)
    finish(path)
    assert both(path, Filter.parse("period:all")) == (expected, expected)
    assert problems(path) == []


@pytest.mark.parametrize("sparse", SPARSE, ids=["none", "some", "all"])
def test_all_templates_but_a_few_are_all_less_who_stands_in_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sparse: dict[int, int]
) -> None:
    """Of thirty templates: Ana got two of them twice, Beto got one that she got as well and one alone."""
    monkeypatch.setattr(user_sets, "_SPARSE", sparse)
    starts = [
        sent(f"{place}.{again}", NOON - (2 * place + again) * DAY, template=f"t{place}", contact=ANA)
        for place in range(30)
        for again in range(2)
    ]
    starts += [sent("b1", NOON, template="t1", contact=BETO), sent("b2", NOON - 9 * DAY, template="t31", contact=BETO)]
    starts += [sent("c", NOON - 5 * DAY, template="t31", contact=ContactIds(("5215550009999",)))]
    path = build(tmp_path / "saludo.db", starts)
    finish(path)
    assert problems(path) == []
    every = {*(f"t{place}" for place in range(30)), "t31"}
    for left_out, users in (({"t31"}, 2), ({"t1"}, 3), ({"t1", "t31"}, 1), ({"t1", "t2", "t3"}, 3)):
        for more in ("", f" line:{literal(str(LINE.number))}", " status:sent", " line:*"):
            names = ",".join(sorted(every - left_out))
            report, recount = both(path, Filter.parse(f"since:2026-01-01 until:2027-01-01 template:{names}{more}"))
            assert report == recount
            assert report["users"] == users


def test_what_a_crash_left_dirty_is_read_right_and_the_next_import_finishes_it(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON)])
    finish(path)
    write(path, [sent("b", NOON, contact=BETO), sent("c", NOON - 40 * DAY)], refreshed=False)
    assert len(marks(path)) == 2
    for text in ("period:all", "period:30d", "period:30d line:* template:t", "period:30d status:sent"):
        report, recount = both(path, Filter.parse(text))
        assert report == recount
    assert both(path, Filter.parse("period:all"))[0]["users"] == 2
    write(path, [sent("d", NOON - 80 * DAY)])
    assert not [mark for mark in marks(path) if mark[0] == 0]
    finish(path)
    assert marks(path) == []
    assert problems(path) == []


def test_a_batch_leaves_few_new_starts_to_the_next_one_and_refreshes_what_is_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_FEW_STARTS", 3)
    days = {0: 2, 1: 1, 2: 1}  # days ago -> starts
    starts = [sent(f"{ago}.{number}", NOON - ago * DAY) for ago, count in days.items() for number in range(count)]
    path = build(tmp_path / "saludo.db", starts)
    today = (NOON // DAY) - 2
    assert sorted(block for level, block, _ in marks(path) if level == 0) == [today + 1, today + 2]
    report, recount = both(path, Filter.parse("period:all"))
    assert report == recount
    assert report["starts"] == 4


def test_the_failures_of_a_day_are_those_of_all_its_origins(tmp_path: Path) -> None:
    starts = [sent("a", NOON), structs.replace(sent("b", NOON + 1), campaign="spring", origin=Origin.NOTIFICATION)]
    failure = Failure(131026, "Message undeliverable")
    failed = [Status(one.key, Step.FAILED, one.at + 5, LINE, ANA, failure=failure) for one in starts]
    path = build(tmp_path / "saludo.db", starts, failed)
    finish(path)
    report, recount = both(path, Filter.parse("period:all failure:131026"))
    assert report == recount
    assert [day["failed"] for day in report["daily"] if day["failed"]] == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cells SET template_failed_sent = template_failed_sent + 1 WHERE line > 0 AND template > 0",
        "DELETE FROM cells WHERE line = 0 AND template = 0",
        "DELETE FROM users WHERE level = 2",
        "UPDATE users SET bitmap = x'01000000' WHERE level = 0 AND kind = 0",
        "INSERT INTO details VALUES (0, 1, 1, 1, 0, 1, 0, 1, 0)",
    ],
)
def test_check_finds_a_cell_that_was_tampered_with_and_rebuilding_mends_it(tmp_path: Path, statement: str) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON), sent("b", NOON + DAY, contact=BETO)])
    finish(path)
    assert problems(path) == []
    with writing(path) as writer, writer.transaction() as connection:
        connection.execute(statement)
    found = problems(path)
    assert found
    assert all("differs from its messages" in line for line in found)
    with writing(path) as writer:
        rebuild(writer, nothing)
    assert problems(path) == []


def test_a_reader_sees_the_old_days_until_the_rebuild_is_whole(tmp_path: Path) -> None:
    late = NOON + 5 * HOUR
    path = build(tmp_path / "saludo.db", [sent("a", late)], time_zone="UTC")
    finish(path)
    filter = Filter.parse("period:all")
    with reading(path) as connection, writing(path) as writer:
        before = load_report(ReadSession(connection), filter, NOW)

        def look(done: int, of: int) -> None:
            assert load_report(ReadSession(connection), filter, NOW) == before

        with writer.transaction() as writing_connection:
            store_setting(writing_connection, "time_zone", "Asia/Kolkata")
            derive_again(writer, look)
            look(1, 1)
        after = load_report(ReadSession(connection), filter, NOW)
    assert [day.day for day in after.daily if day.status.total] != [day.day for day in before.daily if day.status.total]
    assert problems(path) == []


@given(st.integers(15_000, 22_000), st.integers(1, 800), st.sets(st.integers(-5, 805), max_size=8))
def test_a_cover_is_every_clean_day_once_in_few_blocks(first: int, length: int, offsets: set[int]) -> None:
    dirty = {(0, first + offset) for offset in offsets}
    blocks = cover(first, first + length, dirty)
    days = [day for block in blocks for day in days_of(block)]
    assert days == [day for day in range(first, first + length) if (0, day) not in dirty]
    if not dirty:
        assert len(blocks) <= 28 + length // 64


def test_whoever_writes_a_start_marks_it(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON)])
    finish(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE messages SET status = 2")
    connection.commit()
    connection.close()
    assert len(marks(path)) == 1
    report, recount = both(path, Filter.parse("period:all"))
    assert report == recount
    assert report["status"]["delivered"] == 1
