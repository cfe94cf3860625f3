"""The grouped table as an export: its rows are those of the table, whatever the size of a chunk."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from storage.domain.events import Event
from storage.domain.filters import Filter
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from storage.table import export_notifications
from storage.table.export import write_tsv
from storage.table.export_notifications import NotificationsExport
from storage.table.pages import notifications
from tests.captures import OPTIONS
from tests.databases import NOW, build, report_of, session_of
from tests.histories import Question, events, questions
from tests.tui import scenes


def saved(path: Path, text: str = "period:all") -> str:
    out = io.BytesIO()
    with session_of(path) as session:
        write_tsv(session, Filter.parse(text), NOW, out, export=NotificationsExport())
    return out.getvalue().decode()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.database(tmp_path_factory.mktemp("notifications"))


def test_each_notification_is_a_row(path: Path) -> None:
    assert saved(path).splitlines() == [
        "Day\tTemplate/notification\tLine\tUsers\tSends\tFailed\tDelivered\tRead\tAnswered",
        "2026-11-18\torder_1\t+5491100000002\t10\t10\t0\t5\t0\t0",
        "2026-11-18\tpromo [/b] 50%\t+5491100000001\t40\t40\t8\t32\t22\t10",
    ]
    assert saved(path, "status:failed period:all").splitlines()[1:] == [
        "2026-11-18\tpromo [/b] 50%\t+5491100000001\t8\t8\t8\t0\t0\t0"
    ]


def test_it_is_not_imported_as_starts(path: Path) -> None:
    with pytest.raises(UnknownFormat):
        list(open_source(io.BytesIO(saved(path).encode()), OPTIONS).items())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events(), questions())
def test_any_history_is_saved_as_the_table_shows_it(history: list[Event], question: Question) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        path = build(Path(directory) / "saludo.db", history, time_zone=question.time_zone.key)
        patch.setattr(export_notifications, "_CHUNK", 2)
        rows = [line.split("\t") for line in saved(path).splitlines()[1:]]
        with session_of(path) as session:
            shown = notifications(session, Filter.parse("period:all"), NOW, position=0, limit=10_000)
        assert [[row[0], *row[3:]] for row in rows] == [
            [one.day.isoformat(), *map(str, (one.users, one.sends, one.failed, one.delivered, one.read, one.answered))]
            for one in shown
        ]
        assert sum(int(row[4]) for row in rows) == report_of(path)["sends"]
