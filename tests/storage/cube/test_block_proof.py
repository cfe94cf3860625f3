"""The proof in bulk says that the cube is right where the plain comparison finds nothing, never where it differs."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube import recount_comparison, user_sets
from storage.cube.bitmaps import decode
from storage.cube.block_proof import is_proven
from storage.cube.layout import ALL, FAILED, MULTIPLICITY, PACKED_BLOCK, PACKED_LINE
from storage.cube.packed_sets import unpack, unpack_block
from storage.database.connection import reading
from storage.domain.events import ContactIds, Event, Failure, LineIds, Origin, Rank, Send, Status, Step
from tests.cubes import few_examples, odd_cubes, refresh_all, temporary_database, written_in_parts
from tests.databases import DAY, HOUR, LINE, NOON, OTHER_LINE, build
from tests.histories import Question, events, questions

_STARTS = 2_500
_FLIPS = 8
_PACKED_LIMITS = {0: 1_000, FAILED: 500, 2: 1_000}  # so that some blocks are packed and others are not


def many_starts() -> Iterator[Event]:
    """Starts in three top blocks: sets of one number and of hundreds, repeats, failures, unknown contacts and lines."""
    chance = random.Random(7)
    for number in range(_STARTS):
        key = f"m{number}"
        contact = ContactIds(wa_ids=(f"549111{min(int(chance.expovariate(1 / 400)), 2_000):07}",))
        if chance.random() < 0.02:
            contact = ContactIds()
        line = chance.choice((LINE, LINE, LINE, OTHER_LINE, LineIds()))
        at = NOON + chance.choice((0, 0, 0, 1, 5, 40, 200)) * DAY + chance.randrange(8 * HOUR)
        origin = chance.choice((None,) * 9 + (Origin.CAMPAIGN, Origin.WEBCHAT))
        template = chance.choice(("promo", "promo", "promo", "news", f"t{number % 30}"))
        campaign = "c" if chance.random() < 0.3 and not origin else None
        rank = Rank.PLATFORM if origin else Rank.SEND_LOG
        kind = None if origin else "template"
        yield Send(
            key, rank, at, line, contact, kind=kind, template=template, campaign=campaign, origin=origin, accepted_at=at
        )
        step = None if origin else chance.choice((None, Step.SENT, Step.DELIVERED, Step.READ, Step.FAILED))
        if step is not None:
            failure = Failure(chance.choice((131026, 131049))) if step == Step.FAILED else None
            yield Status(key, step, at + 1000, line, contact, failure=failure)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proof") / "saludo.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", _PACKED_LIMITS)
        build(path, list(many_starts()))
        refresh_all(path)
    return path


def proven(path: Path) -> bool:
    """Whether every top block is proven and no row lies outside, as a reader."""
    with reading(path) as connection:
        tops = recount_comparison.days_by_top_block(connection)
        are_proven = [is_proven(connection, top, days, lambda days: None) for top, days in tops.items()]
        return all(are_proven) and not recount_comparison.outside(connection, tops)


def changed(sound: Path, tmp_path: Path, *statements: tuple[str, Iterable[Any]]) -> Path:
    path = tmp_path / "changed.db"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement, values in statements:
            connection.execute(statement, tuple(values))
    return path


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_a_sound_cube_is_proven(sound: Path) -> None:
    kinds = {(line < 0, template) for line, template in rows(sound, "SELECT DISTINCT line, template FROM users")}
    assert {template for _, template in kinds} >= {ALL, MULTIPLICITY, PACKED_LINE, PACKED_BLOCK, 1}
    assert rows(sound, "SELECT 1 FROM repeats")
    assert rows(sound, "SELECT 1 FROM details WHERE marks > 0 AND failure > 0")
    assert proven(sound)


@given(st.data(), questions())
@few_examples
def test_any_history_is_proven(data: st.DataObject, question: Question) -> None:
    with temporary_database() as path, odd_cubes(data):
        for _ in written_in_parts(data, path, data.draw(events()), question):
            pass
        refresh_all(path)
        assert proven(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cells SET template_failed_sent = template_failed_sent + 1 WHERE line = 1 AND template = 1",
        "UPDATE cells SET new_template_failed_sent = new_template_failed_sent + 1 WHERE line = 0 AND template = 0",
        "UPDATE cells SET template_delivered_read = template_delivered_read - (1 << 31) WHERE template = 0",
        "DELETE FROM cells WHERE line = 0 AND template = 1",
        "INSERT INTO cells SELECT line, 77, day, 0,0,0,0,0,0,0,0,0,0,0,0 FROM cells WHERE template = 1",
        "UPDATE details SET template_sends = template_sends + 1 WHERE level = 0",
        "UPDATE details SET notification_sends = notification_sends + 1 WHERE level = 3 AND line = 0",
        "DELETE FROM details WHERE level = 1",
        "DELETE FROM repeats",
        "INSERT INTO repeats SELECT day + 2, starts FROM repeats",
        "UPDATE repeats SET starts = starts || x'00'",
        "DELETE FROM users WHERE level = 0 AND kind = 2",
        "DELETE FROM users WHERE template = -10",
        "DELETE FROM users WHERE line = -10",
        "DELETE FROM users WHERE line = 0 AND template = 0",
        "DELETE FROM users WHERE line = 0 AND template = 1",
        "DELETE FROM users WHERE line > 0 AND template = 0 AND level = 2",
        "UPDATE users SET kind = 2 - kind WHERE level = 1",
        "UPDATE users SET block = block + 1 WHERE level = 0",
        "UPDATE users SET template = 3 WHERE template = 1",
        "UPDATE users SET line = 2 WHERE line = 1 AND template = -9",
        "UPDATE users SET bitmap = bitmap || bitmap WHERE template = 1",
        "UPDATE users SET bitmap = x'' WHERE line = 0 AND template = 0",
        "UPDATE users SET bitmap = x'0001' WHERE template = -9",
        "INSERT INTO users SELECT NULL, kind, level, block, line, 99, bitmap FROM users WHERE template = 1",
        "INSERT INTO users SELECT NULL, kind, level, block, -11, -11, bitmap FROM users WHERE template = 1",
        "UPDATE users SET bitmap = 'text' WHERE level = 0",
        "UPDATE failure_kinds SET reason = 'other' WHERE id = 1",
        "DELETE FROM failure_kinds",
        "UPDATE messages SET status = 5 WHERE id IN (SELECT id FROM messages WHERE origin = 0 LIMIT 1)",
        "UPDATE messages SET status = 3 WHERE id IN (SELECT id FROM messages WHERE origin = 0 AND status = 2 LIMIT 1)",
        "UPDATE messages SET contact = contact + 1 WHERE id IN (SELECT id FROM messages WHERE contact = 3 LIMIT 1)",
        "UPDATE messages SET marks = 2 WHERE id IN (SELECT id FROM messages WHERE origin = 0 AND marks = 0 LIMIT 1)",
    ],
)
@pytest.mark.long(keep=3)
def test_what_differs_is_not_proven(sound: Path, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "changed.db"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DROP INDEX users_by_cell")  # some statements make two rows of a cell
        assert connection.execute(statement).rowcount > 0
    assert not proven(path)


def sets_of(kind: int, line: int, template: int, bitmap: bytes) -> object:
    """What a row of `users` says, whatever the form of its bytes."""
    if line == PACKED_BLOCK:
        return [(key, decode(one)) for key, one in unpack_block(bitmap)]
    if kind == FAILED or template in (PACKED_LINE, MULTIPLICITY):
        return [(key, decode(one)) for key, one in unpack(bitmap)]
    return decode(bitmap)


def test_no_flipped_bit_of_a_set_is_proven(sound: Path, tmp_path: Path) -> None:
    """Unless the bytes say the same, as those that fill a bitmap up."""
    chance = random.Random(3)
    sets = rows(sound, "SELECT id, kind, line, template, bitmap FROM users")
    harmless = 0
    for id, kind, line, template, bitmap in chance.choices(sets, k=_FLIPS):
        flipped = bytearray(bitmap)
        flipped[chance.randrange(len(bitmap))] ^= 1 << chance.randrange(8)
        path = changed(sound, tmp_path, ("UPDATE users SET bitmap = ? WHERE id = ?", (bytes(flipped), id)))
        if proven(path):
            harmless += 1
            assert sets_of(kind, line, template, bytes(flipped)) == sets_of(kind, line, template, bitmap)
    assert harmless < _FLIPS // 4


@pytest.mark.parametrize("many", [1, 10_000])
def test_many_starts_are_proven_first_and_what_differs_is_named(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(recount_comparison, "_MANY_STARTS", many)
    monkeypatch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", _PACKED_LIMITS)
    wrong = changed(sound, tmp_path, ("UPDATE cells SET template_failed_sent = 0 WHERE line = 0 AND template = 1", ()))
    for path, is_sound in ((sound, True), (wrong, False)):
        with reading(path) as connection:
            tops = recount_comparison.days_by_top_block(connection)
            told: list[int] = []
            found = [
                line
                for top, days in tops.items()
                for line in recount_comparison.differences(connection, top, days, told.append)
            ]
            assert (found == []) == is_sound
            assert all("cell of line 0, template 1" in line for line in found)
            assert sum(told) == sum(map(len, tops.values()))
