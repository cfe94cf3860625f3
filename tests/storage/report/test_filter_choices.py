"""What the dropdowns offer, and that the count beside a value is what choosing it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.cube import refresh
from storage.database.connection import writing
from storage.domain.events import ContactIds, Event, Failure, Inbound, LineIds, Origin, Rank, Send, Status, Step
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN
from storage.report import filter_choices
from storage.report.report import load_report
from tests.databases import DAY, LINE, NOON, NOW, OTHER_LINE, SECOND, build, session_of

FILTERS = (
    "period:all",
    "period:7d user:new",
    "period:all origin:campaign,template",
    "period:all template:a,(unknown)",
    "period:all line:(unknown)",
    "period:all status:failed",
    "period:all failure:131026",
    "period:all contact:5491155500003",
)


@pytest.fixture(scope="module", params=["clean", "dirty"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    events: list[Event] = []
    for number in range(120):
        at = NOON - number % 20 * DAY
        line = (LINE, OTHER_LINE, LineIds())[number % 3]
        contact = ContactIds(wa_ids=(f"54911555{number % 30:05}",))
        if number % 6 == 0:
            events.append(Inbound(f"i{number}", "text", at, line, contact, origin=Origin.CAMPAIGN))
            continue
        template = ("a", "b*", None)[number // 3 % 3]
        events.append(
            Send(f"w{number}", Rank.SEND_LOG, at, line, contact, kind="template", template=template, accepted_at=at)
        )
        if number % 7 == 0:
            failure = Failure(131026, "gone")
            events.append(Status(f"w{number}", Step.FAILED, at + SECOND, line, contact, failure=failure))
    path = build(tmp_path_factory.mktemp("choices") / "saludo.db", events)
    with writing(path) as writer:
        refresh.refresh_all(writer)
        if request.param == "dirty":
            with writer.transaction() as connection:
                connection.execute("UPDATE messages SET marks = marks + 8 WHERE id % 9 = 0")
    return path


def test_the_lists_offer_everything_and_the_unknown_last(path: Path) -> None:
    with session_of(path) as session:
        assert [choice.value for choice in filter_choices.templates(session)] == ["a", r"b\*", UNKNOWN]
        assert [choice.value for choice in filter_choices.lines(session)] == [
            "+5491100000001",
            "+5491100000002",
            UNKNOWN,
        ]


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("field", ["origin", "user", "line", "template"])
def test_the_count_beside_a_value_is_what_choosing_it_shows(path: Path, text: str, field: str) -> None:
    filter = Filter.parse(text)
    with session_of(path) as session:
        counted = filter_choices.counts(session, filter, field, NOW)
        total = 0
        for value, count in counted.items():
            report = load_report(session, filter.with_values(field, (value,)), NOW)
            assert count == (report.sends if field == "template" else report.starts) > 0
            total += count
        whole = load_report(session, filter, NOW)
        assert total == (whole.sends if field == "template" else whole.starts)
