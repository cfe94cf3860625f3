"""Users by day, and the sets of days that lack few lines and templates, equal a recount where contacts repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.cube import user_sets
from storage.cube.layout import KINDS
from storage.domain.dimension import Dimension
from storage.domain.events import ContactIds, Event, Rank, Send
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from storage.report import user_set_rows
from storage.report.breakdown import load_breakdown, recount_breakdown
from storage.report.report import load_report, recount_report
from tests.cubes import refresh_all, sent
from tests.databases import BETO, DAY, NOON, NOW, OTHER_LINE, build, session_of

UNKNOWN = ContactIds()
OTHER = literal(str(OTHER_LINE.number))


@pytest.fixture(scope="module", params=[0, None], ids=["no packed blocks", "packed blocks"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana and Beto are known since long, so that their starts on the last day differ in line and template only.

    Ana's are t three times, once on the other line, and u; Beto's are u, on both lines. Two are of unknown contacts.
    """
    starts: list[Event] = [
        sent("ana before", NOON - 40 * DAY),
        sent("beto before", NOON - 40 * DAY, contact=BETO),
        sent("a1", NOON),
        sent("a2", NOON, template="u"),
        sent("a3", NOON),
        sent("a4", NOON, OTHER_LINE),
        sent("b1", NOON, contact=BETO, template="u"),
        sent("b2", NOON, OTHER_LINE, BETO, "u"),
        Send("n1", Rank.SEND_LOG, NOON, contact=UNKNOWN, kind="template", template="t", accepted_at=NOON),
        Send("n2", Rank.SEND_LOG, NOON, contact=UNKNOWN, kind="template", template="u", accepted_at=NOON),
        sent("v", NOON - DAY, contact=BETO, template="v"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        if request.param is not None:
            patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, request.param))
        path = build(tmp_path_factory.mktemp("days") / "saludo.db", starts)
        refresh_all(path)
    return path


def users_of(path: Path, text: str, dimension: Dimension) -> list[int]:
    """The users of each row, the earliest day first."""
    with session_of(path) as session:
        breakdown = load_breakdown(session, Filter.parse(text), NOW, dimension)
        assert breakdown == recount_breakdown(session, Filter.parse(text), NOW, dimension)
        assert load_report(session, Filter.parse(text), NOW) == recount_report(session, Filter.parse(text), NOW)
    return [row.counts.users for row in sorted(breakdown.rows, key=lambda row: row.value)]


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("", [2, 1, 2]),
        ("template:t", [2, 1]),
        ("template:u", [2]),
        ("template:t,u", [2, 2]),
        ("template:u,v", [1, 2]),
        ("template:!v", [2, 2]),
        ("template:!u", [2, 1, 1]),
        ("template:!t", [1, 2]),
        (f"line:!{OTHER}", [2, 1, 2]),
        (f"line:{OTHER} template:!t", [1]),
        (f"line:!{OTHER} template:!u", [2, 1, 1]),
        (f"line:!{OTHER} template:!t", [1, 2]),
        ("contact:!5491155550001", [1, 1, 1]),
        ("contact:!(unknown)", [2, 1, 2]),
        ("contact:!(unknown),5491155550002 template:!u", [1, 1]),
        ("user:recurrent", [1, 2]),
        ("user:new", [2, 0]),
        ("status:sent", [2, 1, 2]),
    ],
)
@pytest.mark.long(keep=3)
def test_users_of_days_weeks_and_months_equal_a_recount(
    path: Path, monkeypatch: pytest.MonkeyPatch, text: str, users: list[int]
) -> None:
    """With 0, what a filter leaves out is always subtracted."""
    for ratio in (0, user_set_rows._EXCLUDED_RATIO):
        monkeypatch.setattr(user_set_rows, "_EXCLUDED_RATIO", ratio)
        for dimension in (Dimension.WEEK, Dimension.MONTH, Dimension.LINE, Dimension.TEMPLATE):
            users_of(path, f"period:all {text}", dimension)
        assert users_of(path, f"period:all {text}", Dimension.DAY) == users
