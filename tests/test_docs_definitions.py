"""docs/definitions.md defines every number and word of the product, and its worked example is what the program says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storage.domain.dimension import Dimension
from storage.domain.events import ContactIds, Event, Failure, Inbound, LineIds, Origin, Rank, Send, Status, Step
from storage.domain.failures import Reason
from storage.domain.filters import Filter
from storage.domain.vocabulary import DataFlag, StartStatus, UserType
from storage.report.breakdown import load_breakdown
from storage.report.report_json import breakdown_as_json
from storage.table.export_people import PeopleExport
from storage.table.export_retries import RetryExport
from tests.databases import ZONE, build, report_of, session_of, tsv_of
from tests.headers import ENGLISH, SPANISH

DOCUMENT = (Path(__file__).parents[1] / "docs" / "definitions.md").read_text(encoding="utf-8")
EXAMPLE = "since:2026-11-18 until:2026-11-20"
NOW = datetime.fromisoformat("2026-11-20T18:00:00-03:00")


def at(text: str) -> int:
    """A local time of the example in ms."""
    return int(datetime.fromisoformat(f"2026-{text}-03:00").timestamp() * 1000)


LINE = LineIds(number="5491100000001")
ANA, BETO, CARO, DANA = (ContactIds(wa_ids=(f"549115555000{number}",), name=None) for number in range(1, 5))


def send(key: str, time: str, contact: ContactIds, template: str, campaign: str | None = None) -> Send:
    when = at(time)
    return Send(
        key, Rank.SEND_LOG, when, LINE, contact, kind="template", template=template, accepted_at=when, campaign=campaign
    )


def status(key: str, step: Step, time: str, contact: ContactIds, failure: Failure | None = None) -> Status:
    return Status(key, step, at(time), LINE, contact, failure=failure)


HISTORY: list[Event] = [
    Inbound("old", "text", at("10-05T09:00"), LINE, DANA),
    send("w1", "11-18T12:00", ANA, "promo"),
    status("w1", Step.DELIVERED, "11-18T12:01", ANA),
    status("w1", Step.READ, "11-18T12:30", ANA),
    Inbound("reply", "text", at("11-18T13:00"), LINE, ANA),
    send("w2", "11-18T12:00", BETO, "promo"),
    status("w2", Step.FAILED, "11-18T12:01", BETO, Failure(131026, "Message undeliverable")),
    send("w3", "11-18T12:00", CARO, "promo"),
    status("w3", Step.READ, "11-18T15:00", CARO),
    send("w4", "11-19T10:00", ANA, "reminder", campaign="november"),
    status("w4", Step.DELIVERED, "11-19T10:01", ANA),
    status("w5", Step.SENT, "11-19T11:00", CARO),
    Inbound("ad", "text", at("11-19T20:00"), LINE, DANA, origin=Origin.CAMPAIGN),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("definitions") / "saludo.db", HISTORY, time_zone=ZONE)


def members(value: Any) -> Iterator[str]:
    """Every member of a JSON value, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def undefined(words: Iterable[str]) -> list[str]:
    """The words that the document does not have in code quotes."""
    return [word for word in dict.fromkeys(words) if f"`{word}`" not in DOCUMENT]


def test_every_json_member_is_defined(path: Path) -> None:
    assert undefined(members(report_of(path, EXAMPLE, NOW))) == []


def test_every_column_of_the_tsv_is_defined_in_both_languages() -> None:
    of_people = (
        *PeopleExport.header("en"),
        *PeopleExport.header("es"),
        *RetryExport.header("en"),
        *RetryExport.header("es"),
    )
    assert undefined((*ENGLISH, *SPANISH, *of_people)) == []


def test_every_status_origin_user_type_reason_and_flag_is_defined() -> None:
    flags = [flag.name.lower() for flag in DataFlag if flag.name is not None]
    assert undefined((*StartStatus, *Origin, *UserType, *Reason, *flags)) == []


def test_the_report_of_the_worked_example_is_what_the_program_says(path: Path) -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert json.loads(shown) == report_of(path, EXAMPLE, NOW)


def test_the_starts_of_the_worked_example_are_what_the_program_says(path: Path) -> None:
    table = DOCUMENT.split("<!-- starts of the example -->\n")[1].split("\n\n")[0]
    _, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    shown = {(row[1].strip("`"), row[-3], row[-2], row[-1]) for row in rows}
    expected = {
        (row["Message key"], row["Origin"], row["Status"], "new" if row["New user"] == "true" else "recurrent")
        for row in tsv_of(path, EXAMPLE, NOW)
    }
    assert shown == expected


def test_every_heading_of_the_list_of_contents_exists() -> None:
    links = re.findall(r"\]\(#([a-z0-9-]+)\)", DOCUMENT)
    headings = re.findall(r"^#+ (.*)$", DOCUMENT, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert [link for link in links if link not in anchors] == []


def test_the_breakdown_of_the_worked_example_is_what_the_program_says(path: Path) -> None:
    shown = (
        "promo has 3 starts, 3 sends, 3 users, 1 failed, 2 delivered, 2 read, 1 answered; `(none)` has 1 start, no send"
    )
    assert shown in DOCUMENT.replace("\n", " ")
    with session_of(path) as session:
        breakdown = load_breakdown(session, Filter.parse(EXAMPLE), NOW, Dimension.TEMPLATE)
    assert breakdown_as_json(breakdown) == {
        "by": "template",
        "rows": [
            _row("promo", 3, 3, 3, 1, 2, 2, 1),
            _row("(none)", 1, 0, 1, 0, 0, 0, 0),
            _row("(unknown)", 1, 1, 1, 0, 0, 0, 0),
            _row("reminder", 1, 1, 1, 0, 1, 0, 0),
        ],
    }


def _row(value: str, *counts: int) -> dict[str, Any]:
    names = ("starts", "sends", "users", "failed", "delivered", "read", "answered")
    return {"value": value, **dict(zip(names, counts, strict=True))}


def test_every_dimension_and_member_of_a_breakdown_is_defined(path: Path) -> None:
    with session_of(path) as session:
        breakdown = load_breakdown(session, Filter.parse(EXAMPLE), NOW, Dimension.LINE)
    assert undefined((*Dimension, *members(breakdown_as_json(breakdown)), "breakdown", "previous")) == []
