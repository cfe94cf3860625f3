"""User sets by failure and by template agree with the recount."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from storage.cube import user_sets
from storage.domain.events import ContactIds, Failure, Origin, Status, Step
from storage.domain.filters import Filter
from storage.domain.patterns import literal
from tests.cubes import (
    PACKED_BLOCK_LIMITS,
    problems,
    refresh_all,
    reports,
    sent,
)
from tests.databases import ANA, BETO, DAY, LINE, NOON, SECOND, build


def test_failures_of_two_origins_on_a_day_are_counted_together(tmp_path: Path) -> None:
    failed = [
        structs.replace(sent(key, NOON), default_origin=origin, failed_at=NOON + SECOND, failure=Failure(131026))
        for key, origin in (("a", Origin.TEMPLATE), ("b", Origin.NOTIFICATION), ("c", Origin.NOTIFICATION))
    ]
    path = build(tmp_path / "saludo.db", failed)
    refresh_all(path)
    report, recount = reports(path, Filter.parse("period:7d failure:131026"))
    assert report == recount
    assert [day["failed"] for day in report["daily"] if day["failed"]] == [3]
    assert report["origins"]["template"] == 1


def test_a_filter_by_code_counts_failures_of_all_origins(tmp_path: Path) -> None:
    starts = [sent("a", NOON), structs.replace(sent("b", NOON + 1), campaign="spring", origin=Origin.NOTIFICATION)]
    failure = Failure(131026, "Message undeliverable")
    failed = [Status(one.key, Step.FAILED, one.at + 5, LINE, ANA, failure=failure) for one in starts]
    path = build(tmp_path / "saludo.db", starts, failed)
    refresh_all(path)
    report, recount = reports(path, Filter.parse("period:all failure:131026"))
    assert report == recount
    assert [day["failed"] for day in report["daily"] if day["failed"]] == [2]


def test_the_same_reason_with_and_without_a_code_are_two_failures(tmp_path: Path) -> None:
    failures = [Failure(131026), Failure(None, "El número ya no existe"), Failure(131026), Failure(1013), Failure(100)]
    failed = [
        structs.replace(sent(str(place), NOON + place), failed_at=NOON + SECOND, failure=failure)
        for place, failure in enumerate((*failures, Failure(100, "Invalid parameter")))
    ]
    path = build(tmp_path / "saludo.db", failed)
    for finished in (False, True):
        if finished:
            refresh_all(path)
        for text, count in (
            ("number_gone", 4),
            ("number_gone/none", 1),
            ("number_gone/131026", 2),
            ("number_gone/none,1013", 2),
            ("100", 2),
            ("wrong_number/100", 1),
            ("NUMBER_GONE/0131026", 2),
        ):
            report, recount = reports(path, Filter.parse(f"period:7d failure:{text}"))
            assert report == recount
            assert report["starts"] == count, text
            assert Filter.parse(str(Filter.parse(f"failure:{text}"))) == Filter.parse(f"failure:{text}")


@pytest.mark.parametrize("packed_block_limit", PACKED_BLOCK_LIMITS, ids=["none", "some", "all"])
def test_excluded_templates_are_subtracted_from_the_roll_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed_block_limit: dict[int, int]
) -> None:
    """Ana got t0 to t29 twice each, Beto t1 and t31, and a third contact t31 only."""
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", packed_block_limit)
    starts = [
        sent(f"{place}.{again}", NOON - (2 * place + again) * DAY, template=f"t{place}", contact=ANA)
        for place in range(30)
        for again in range(2)
    ]
    starts += [sent("b1", NOON, template="t1", contact=BETO), sent("b2", NOON - 9 * DAY, template="t31", contact=BETO)]
    starts += [sent("c", NOON - 5 * DAY, template="t31", contact=ContactIds(("5215550009999",)))]
    path = build(tmp_path / "saludo.db", starts)
    refresh_all(path)
    assert problems(path) == []
    every = {*(f"t{place}" for place in range(30)), "t31"}
    for left_out, users in (({"t31"}, 2), ({"t1"}, 3), ({"t1", "t31"}, 1), ({"t1", "t2", "t3"}, 3)):
        for more in ("", f" line:{literal(str(LINE.number))}", " status:sent", " line:*"):
            names = ",".join(sorted(every - left_out))
            report, recount = reports(path, Filter.parse(f"since:2026-01-01 until:2027-01-01 template:{names}{more}"))
            assert report == recount
            assert report["users"] == users
