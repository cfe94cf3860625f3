"""What a filter leaves out of weeks, months and quarters is subtracted as a recount has it, where contacts repeat."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec import structs

from storage.cube import user_sets
from storage.cube.layout import KINDS
from storage.domain.dimension import Dimension
from storage.domain.events import ContactIds, Event, Failure, LineIds
from storage.domain.filters import Filter
from storage.report import block_complements, user_set_rows
from storage.report.breakdown import load_breakdown, recount_breakdown
from tests.cubes import refresh_all, reports, sent
from tests.databases import DAY, NOON, NOW, SECOND, build, session_of

LINES = [LineIds(number=f"549110000000{line}") for line in range(1, 5)]
QUARTER = "since:2026-07-01 until:2026-11-23"
FILTERS = (
    "line:!+5491100000001",
    "template:!t1",
    "line:!+5491100000001 template:!t1",
    "line:!+5491100000001,!+5491100000002 template:!t1,!t2",
    "line:+5491100000001,+5491100000002 template:!t1",
    "line:!+5491100000001 template:!t1 user:recurrent",
    "line:!+5491100000001 template:!t1 failure:number_gone",
)


@pytest.fixture(scope="module", params=[0, 400, None], ids=["no packed blocks", "some", "packed blocks"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few contacts, so that many have starts on several lines, of several templates, and of both."""
    chance = random.Random(3)
    starts: list[Event] = []
    for number in range(700):
        at = NOON - chance.randrange(130) * DAY + number
        contact = ContactIds((f"54911{chance.randrange(60):08}",))
        start = sent(str(number), at, chance.choice(LINES), contact, f"t{chance.randrange(1, 6)}")
        failed = structs.replace(start, failed_at=at + SECOND, failure=Failure(chance.choice((131026, 131049))))
        starts.append(failed if chance.random() < 0.3 else start)
    with pytest.MonkeyPatch.context() as patch:
        if request.param is not None:
            patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, request.param))
        path = build(tmp_path_factory.mktemp("complements") / "saludo.db", starts)
        refresh_all(path)
    return path


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.long(keep=3)
def test_what_is_left_out_is_subtracted(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_set_rows, "_EXCLUDED_RATIO", 0)
    filter = Filter.parse(f"{QUARTER} {text}")
    report, recount = reports(path, filter)
    assert report == recount
    assert report["users"]
    with session_of(path) as session:
        for dimension in Dimension:
            assert load_breakdown(session, filter, NOW, dimension) == recount_breakdown(session, filter, NOW, dimension)


def test_a_quarter_without_a_line_reads_what_is_left_out_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_set_rows, "_EXCLUDED_RATIO", 0)
    asked: list[set[int]] = []
    plain = user_set_rows.rows_of

    def rows_of(*arguments: object) -> object:
        asked.append(set(arguments[3]))  # type: ignore[call-overload]
        return plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(block_complements, "rows_of", rows_of)
    reports(path, Filter.parse("since:2026-07-01 until:2026-10-01 line:!+5491100000001"))
    assert asked
    assert all(len(lines & {1, 2, 3, 4}) == 1 for lines in asked)
