"""What is pulled out of a version is a database of its own, with the report of its filter, its rows and its people."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.clickhouse.engine import Engine
from storage.database.connection import reading, writing
from storage.domain.events import ContactIds, Event, LineIds
from storage.domain.filters import Filter
from storage.domain.vocabulary import Preference
from storage.ingest.integrity import check
from storage.published import proof
from storage.published.pulled_part import with_days, write_part
from storage.published.version_session import VersionSession
from storage.stores.interface import Content, Store
from storage.stores.opening import store
from tests.databases import DAY, HOUR, NOON, NOW, build
from tests.events import inbound, send
from tests.histories import Question, events, questions
from tests.published import exported, publish

FILTERS = (
    "period:all",
    "period:7d",
    "origin:!webchat user:new",
    "status:failed,read",
    "contact:*1",
    "line:*1 period:all",
)


def pulled(opened: Store, filter: Filter, question_now: object, path: Path) -> Path:
    assert isinstance(opened.session, VersionSession)
    write_part(opened.session, filter, question_now, path, lambda starts: None)  # type: ignore[arg-type]
    return path


@pytest.mark.long
@settings(max_examples=3, deadline=None, phases=(Phase.reuse, Phase.generate), suppress_health_check=[*HealthCheck])
@given(st.data(), events(), questions())
def test_a_part_has_the_report_of_its_filter(
    engine: Engine, data: st.DataObject, history: list[Event], question: Question
) -> None:
    zone, window = question.time_zone.key, question.answer_window_ms / HOUR
    with tempfile.TemporaryDirectory() as directory:
        publish(build(Path(directory, "a.db"), history, time_zone=zone, answer_window=window), engine)
        with store(engine) as opened:
            session = opened.session
            assert isinstance(session, VersionSession)
            for index, text in enumerate(data.draw(st.permutations(FILTERS))[:3]):
                filter = with_days(session, Filter.parse(text), question.now)
                path = pulled(opened, filter, question.now, Path(directory, f"{index}.db"))
                with reading(path) as connection, store(connection) as part:
                    assert (
                        proof.differences(session, part.session, question.now, filter, without=proof.OF_RECORDS) == []
                    )
                    for content in (Content.STARTS, Content.PEOPLE):
                        assert exported(part, filter, question.now, content) == exported(
                            opened, filter, question.now, content
                        )
                with writing(path) as writer:
                    assert check(writer, lambda done, of: None) == []


def test_people_are_found_by_every_name_and_id_and_names_and_wishes_are_kept(engine: Engine, tmp_path: Path) -> None:
    ana = ContactIds(("5491155550001", "5491155550009"), "US.1", "c-1", "Ana María", replaced="5491155550002")
    line = LineIds(identifier="106540352242922", number="5491100000001", name="Sales")
    other = ContactIds(("5491155550003",), name="Beto")
    history: list[Event] = [
        send("w1", NOON, ana, line, template="tab\tnew\nline \x1b[31m"),
        send("w2", NOON - 30 * DAY, other, LineIds(name="Support")),
        inbound("stop", NOON + 5, ana, line, kind=Preference.STOP),
    ]
    publish(build(tmp_path / "a.db", history), engine)
    with store(engine) as opened:
        filter = Filter.parse("since:2026-11-18 until:2026-11-19")
        path = pulled(opened, filter, NOW, tmp_path / "b.db")
        with reading(path) as connection, store(connection) as part:
            assert proof.differences(opened.session, part.session, NOW, filter, without=proof.OF_RECORDS) == []
    with reading(path) as connection, store(connection) as part, reading(tmp_path / "a.db") as whole:
        for text in ("name:maria", "contact:c-1", "contact:US.1", "contact:5491155550002", "line:106540352242922"):
            rows = part.page(Filter.parse(f"{text} period:all"), NOW, limit=9)
            assert [row.cursor.key for row in rows] == ["w1"], text
        assert connection.execute("SELECT label, value FROM lines").fetchall() == [("Sales", "+5491100000001")]
        ids = "SELECT kind, text, replaced FROM contact_ids WHERE text <> '5491155550003' ORDER BY kind, text"
        assert connection.execute(ids).fetchall() == whole.execute(ids).fetchall()
        names = "SELECT c.name FROM contacts AS c JOIN messages AS m ON m.contact = c.id WHERE m.key = 'w1'"
        assert connection.execute(names).fetchall() == [("Ana María",)]
        wishes = "SELECT kind, at FROM messages WHERE kind LIKE 'marketing%'"
        assert connection.execute(wishes).fetchall() == [("marketing_stop", NOON + 5)]


def test_names_of_templates_that_a_file_cannot_hold_stay(engine: Engine, tmp_path: Path) -> None:
    names = ["a\tb\nc", "a b c", " a b c", "\x1b[31mred", "nul\0", "\u202ertl", "=1+1", "promo [/b] 50%", "zwj \u200d"]
    publish(
        build(tmp_path / "a.db", [send(f"w{at}", NOON + at, template=name) for at, name in enumerate(names)]), engine
    )
    with store(engine) as opened:
        filter = with_days(opened.session, Filter.parse("period:all"), NOW)  # type: ignore[arg-type]
        path = pulled(opened, filter, NOW, tmp_path / "b.db")
        with reading(path) as connection, store(connection) as part:
            found = [name for (name,) in connection.execute("SELECT name FROM templates")]
            assert sorted(found) == sorted(names)
            assert proof.differences(opened.session, part.session, NOW, filter, without=proof.OF_RECORDS) == []
    with writing(path) as writer:
        assert check(writer, lambda done, of: None) == []


def test_a_number_that_looks_rounded_by_a_spreadsheet_stays(engine: Engine, tmp_path: Path) -> None:
    round_ones = ContactIds(("5491160000000",), name="Ana"), ContactIds(("10000000000",), "US.1", "5491170000000")
    publish(build(tmp_path / "a.db", [send(f"w{at}", NOON + at, one) for at, one in enumerate(round_ones)]), engine)
    with store(engine) as opened:
        filter = with_days(opened.session, Filter.parse("period:all"), NOW)  # type: ignore[arg-type]
        path = pulled(opened, filter, NOW, tmp_path / "b.db")
        with reading(path) as connection, store(connection) as part:
            assert proof.differences(opened.session, part.session, NOW, filter, without=proof.OF_RECORDS) == []
            for content in (Content.STARTS, Content.PEOPLE):
                rows = exported(part, filter, NOW, content)
                assert rows == exported(opened, filter, NOW, content)
                assert b"5491160000000" in rows[0]
