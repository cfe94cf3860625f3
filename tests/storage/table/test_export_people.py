"""The people of a filter: one row a contact, in order, with counts that a plain count over the starts confirms."""

from __future__ import annotations

import io
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from storage.domain.events import ContactIds, Event, Failure, LineIds, Origin, Step
from storage.domain.failures import Reason, explain_kind
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from storage.table import export_people, export_starts
from storage.table.export_people import PeopleExport
from tests.captures import OPTIONS
from tests.databases import (
    ANA,
    BETO,
    HOUR,
    NOON,
    NOW,
    SECOND,
    build,
    report_of,
    sheet_of,
    tsv_bytes,
    tsv_of,
)
from tests.events import inbound, row, send, status
from tests.histories import Question, events, questions

HEADER = [
    *("User id", "Contact id/number", "Name", "Last start", "Template/notification", "Line", "Status", "Error code"),
    *("Reason", "Retry helps", "Starts", "Sends", "Answered sends"),
]


def people_bytes(
    path: Path, text: str = "period:all", *, now: Any = NOW, language: str = "en"
) -> tuple[bytes, PeopleExport]:
    export = PeopleExport()
    return tsv_bytes(path, text, now, language, export), export


def people_of(path: Path, text: str = "period:all") -> list[dict[str, str]]:
    """The rows, by header."""
    header, *rows = people_bytes(path, text)[0].decode().splitlines()
    assert header.split("\t") == HEADER
    return [dict(zip(HEADER, row.split("\t"), strict=True)) for row in rows]


def failed(key: str, at: int, contact: ContactIds, code: int, text: str = "failed") -> Event:
    return send(key, at, contact, failed_at=at + 1, failure=Failure(code, text))


CARO = ContactIds(("5491155550003",), customer_id="C3", name="=Caro")
DANA = ContactIds(customer_id="C4")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return build(
        tmp_path / "saludo.db",
        [
            send("a1", NOON - 2 * HOUR, ANA),
            inbound("a-in", NOON - HOUR, ANA),
            failed("a2", NOON, ANA, 131049),
            failed("b1", NOON - HOUR, BETO, 131049),
            send("b2", NOON + 1, BETO, template="other"),
            status(Step.DELIVERED, NOON + 2, "b2", BETO),
            failed("c1", NOON - 3 * HOUR, CARO, 131026),
            inbound("c-ad", NOON + HOUR, CARO, origin=Origin.CAMPAIGN),
            failed("d1", NOON - 4 * HOUR, DANA, 131016),
        ],
    )


def test_each_contact_is_one_row_newest_last_start_first(path: Path) -> None:
    received = ("received", "", "", "")
    delivered = ("delivered", "", "", "")
    limit = ("failed", "131049", "limit_reached", "later")
    service = ("failed", "131016", "service", "yes")
    line = "+5491100000001"
    assert [tuple(row.values()) for row in people_of(path)] == [
        ("C3", "5491155550003", "'=Caro", "2026-11-18T13:00:00-03:00", "", line, *received, "2", "1", "0"),
        ("", "5491155550002", "Beto", "2026-11-18T12:00:00.001-03:00", "other", line, *delivered, "2", "2", "0"),
        ("", "5491155550001", "Ana", "2026-11-18T12:00:00-03:00", "promo", line, *limit, "2", "2", "1"),
        ("C4", "", "", "2026-11-18T08:00:00-03:00", "promo", line, *service, "1", "1", "0"),
    ]


def test_all_of_it_is_under_the_filter(path: Path) -> None:
    (beto,) = people_of(path, "period:all template:promo contact:5491155550002")
    assert (beto["Status"], beto["Error code"], beto["Starts"]) == ("failed", "131049", "1")
    assert [row["Contact id/number"] for row in people_of(path, "period:all origin:campaign")] == ["5491155550003"]
    assert people_of(path, "since:2025-01-01 until:2025-01-02") == []


def test_starts_without_a_contact_are_in_no_row_and_counted(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [send("a"), send("nobody", NOON + 1, ContactIds())])
    content, export = people_bytes(path)
    assert (content.count(b"\n"), export.without_contact) == (2, 1)


def test_an_empty_database_has_a_header(tmp_path: Path) -> None:
    assert people_of(build(tmp_path / "saludo.db", [])) == []


def test_ties_go_by_key_and_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = [ContactIds((f"54911555510{number:02}",)) for number in range(7)]
    path = build(
        tmp_path / "saludo.db", [send(f"k{number % 4}{number}", NOON, one) for number, one in enumerate(crowd)]
    )
    whole, _ = people_bytes(path)
    assert [line.split("\t")[1][-1] for line in whole.decode().splitlines()[1:]] == list("3625140")
    for rows in (1, 2, 3):
        monkeypatch.setattr(export_starts, "_CHUNK", rows)
        monkeypatch.setattr(export_people, "_CHUNK", rows)
        assert people_bytes(path)[0] == whole


def test_the_spanish_header(path: Path) -> None:
    header = people_bytes(path, language="es")[0].decode().splitlines()[0].split("\t")
    assert header[:4] == ["Id Usuario", "Id Contacto/Número", "Nombre", "Último Inicio"]
    assert len(header) == len(HEADER)


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_no_table_of_starts_and_is_not_imported_as_one(path: Path, language: str) -> None:
    """Its rows are people: each would become one send too many."""
    with pytest.raises(UnknownFormat):
        list(open_source(io.BytesIO(people_bytes(path, language=language)[0]), OPTIONS).items())


def test_as_a_workbook(path: Path) -> None:
    title, (header, *rows) = sheet_of(path, PeopleExport())
    assert (title, len(rows)) == ("People", 4)
    ana = dict(zip(header, rows[2], strict=True))
    assert ana["Contact id/number"] == "5491155550001"
    assert ana["Last start"].isoformat() == "2026-11-18T12:00:00"
    assert (ana["Error code"], ana["Starts"], ana["Sends"], ana["Answered sends"]) == (131049, 2, 2, 1)


def test_every_reason_says_whether_a_retry_helps() -> None:
    assert {explain_kind(reason, None).retry for reason in Reason} == {"yes", "no", "later", "unknown"}
    limits = [explain_kind("limit_reached", code).retry for code in (130429, 131049)]
    assert limits == ["yes", "later"]
    assert (explain_kind("number_gone", 131026).retry, explain_kind("other", 999).retry) == ("no", "unknown")


def counted(path: Path, text: str) -> list[list[str]]:
    """The rows without name, counted the plain way from the lines of the starts."""
    starts = defaultdict(list)
    for start in tsv_of(path, text):
        starts[start["User id"], start["Contact id/number"]].append(start)
    starts.pop(("", ""), None)
    found = []
    for ids, theirs in starts.items():
        last = theirs[0]  # the order of the first ones is the order of the rows
        sends = [start for start in theirs if start["Status"] != "received"]
        answered = [start for start in sends if start["Status"] == "answered"]
        at = last["Sent at"] or last["Session start"]
        told = [last[name] for name in ("Template/notification", "Line", "Status", "Error code")]
        found.append([*ids, at, *told, *(str(len(some)) for some in (theirs, sends, answered))])
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events(), questions())
def test_any_history_counts_as_its_starts_do(history: list[Event], question: Question) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = build(Path(directory) / "saludo.db", history, time_zone=question.time_zone.key)
        found = people_of(path)
        names = [name for name in HEADER if name not in ("Name", "Reason", "Retry helps")]
        assert [[row[name] for name in names] for row in found] == counted(path, "period:all")
        assert len(found) == report_of(path)["users"]


def test_a_joined_row_counts_once(tmp_path: Path) -> None:
    keyless = row(at=NOON + SECOND, line=LineIds(number="5491100000001"), read_at=NOON + 9 * SECOND)
    path = build(tmp_path / "saludo.db", [send("keyed", NOON), keyless])
    (ana,) = people_of(path)
    assert (ana["Starts"], ana["Status"]) == ("1", "read")
