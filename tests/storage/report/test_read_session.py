"""Everything that one session reads belongs to the same moment of the database."""

from __future__ import annotations

from pathlib import Path

from storage.domain.events import Rank, Send
from storage.domain.filters import Filter
from storage.report.report import load_report
from storage.table import pages
from tests.databases import ANA, LINE, NOON, NOW, SECOND, build, session_of

ALL = Filter.parse("period:all")


def send(key: str, at: int) -> Send:
    return Send(key, Rank.SEND_LOG, at, LINE, ANA, kind="template", template="promo", accepted_at=at)


def test_an_import_that_ends_meanwhile_changes_nothing_in_a_session(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [send("first", NOON)])
    with session_of(path) as session:
        assert load_report(session, ALL, NOW).starts == 1
        build(path, [send("second", NOON + SECOND)])
        assert load_report(session, ALL, NOW).starts == 1
        assert [row.cursor.key for row in pages.page(session, ALL, NOW, limit=5)] == ["first"]
    with session_of(path) as session:
        assert load_report(session, ALL, NOW).starts == 2


def test_a_filter_of_one_contact_is_counted_from_the_messages(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [send("first", NOON)])
    with session_of(path) as session:
        assert session.metrics(session.select(ALL, NOW)) is session.cube
        of_ana = session.select(Filter.parse("period:all contact:5491155550001"), NOW)
        assert session.metrics(of_ana) is session.recount
