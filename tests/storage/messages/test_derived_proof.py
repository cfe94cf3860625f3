"""The proof in SQL never calls a message right that the plain rule derives otherwise, whatever was changed; and it says
something of all usual histories."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.cube import refresh
from storage.database.connection import Writer, writing
from storage.database.settings import load_settings
from storage.domain.events import ContactIds, Event, Failure, Origin, Step
from storage.ingest.batch_writer import derivation_of
from storage.messages.derived_proof import Unproven, unproven_rows, unproven_user_types
from storage.messages.message_row import COLUMNS, NAMES
from storage.messages.store import DERIVED
from tests.cubes import temporary_database
from tests.databases import BETO, DAY, HOUR, NOON, OTHER_LINE, SECOND, build
from tests.events import inbound, row, send, status
from tests.histories import events

_CHANGED = (
    *DERIVED,
    *(name for name in COLUMNS[NAMES:] if name not in ("key", "direction", "hash", "exported", "evidence")),
)
_USUAL: list[Event] = [
    send("a", NOON),
    status(Step.DELIVERED, NOON + SECOND, "a"),
    send("b", NOON + HOUR, contact=BETO),
    status(Step.FAILED, NOON + HOUR + SECOND, "b", contact=BETO, failure=Failure(131026)),
    send("c", NOON + DAY, contact=BETO, line=OTHER_LINE),
    status(Step.READ, NOON + DAY + HOUR, "c", contact=BETO, line=OTHER_LINE),
    inbound("i", NOON + HOUR),
    inbound("j", NOON + DAY + 2 * HOUR, contact=BETO, line=OTHER_LINE, context="c"),
    inbound("k", NOON + 3 * DAY),
    send("d", NOON + 4 * DAY),
]


def unproven(writer: Writer) -> Unproven:
    """What both parts of the proof say nothing of."""
    connection = writer.connection
    found = unproven_rows(connection, load_settings(connection), lambda: None)
    others = unproven_user_types(connection, lambda: None)
    return Unproven(found.contacts | others.contacts, found.messages | others.messages)


def wrong_by_the_plain_rule(writer: Writer) -> list[int]:
    """Row ids of the messages that are derived otherwise; none where a value cannot be used, which `check` tells."""
    derivation = derivation_of(writer.connection)
    with suppress(TypeError, ValueError, LookupError, ArithmeticError):
        return [id for id, _ in derivation.differing(*derivation.everything(), refresh.no_progress)]
    return []


def places(writer: Writer, ids: list[int]) -> list[tuple[int, int | None]]:
    """Row id and contact of messages."""
    marks = ", ".join("?" * len(ids))
    return writer.connection.execute(f"SELECT id, contact FROM messages WHERE id IN ({marks})", ids).fetchall()


def change(writer: Writer, chance: random.Random) -> None:
    """Changes a value as if it had been stored so; the value is one that the column has elsewhere, or any number."""
    connection = writer.connection
    column = chance.choice(_CHANGED)
    others = [value for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM messages")]
    value = chance.choice((*others, None, 0, 1, 2, 4, 8, chance.randrange(20_000, 21_000)))
    if isinstance(value, int) and chance.random() < 0.3:
        value += chance.choice((-1, 1, 60_000))
    id = connection.execute("SELECT id FROM messages ORDER BY id LIMIT 1 OFFSET ?", (chance.randrange(6),)).fetchone()
    connection.execute(
        f"UPDATE OR IGNORE messages SET {column} = ? WHERE id IS ?", (value, None if id is None else id[0])
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events(), st.integers(0, 1 << 30), st.sampled_from((24, 1)))
def test_what_is_proven_is_right(history: list[Event], seed: int, window: int) -> None:
    chance = random.Random(seed)
    with temporary_database() as path:
        build(path, history, answer_window=window)
        with writing(path) as writer:
            assert wrong_by_the_plain_rule(writer) == []
            for _ in range(8):
                writer.connection.execute("BEGIN")
                change(writer, chance)
                wrong = wrong_by_the_plain_rule(writer)
                named = unproven(writer)
                left = [
                    one
                    for one in places(writer, wrong)
                    if one[1] not in named.contacts and one[0] not in named.messages
                ]
                assert not left
                writer.connection.execute("ROLLBACK")


def test_a_usual_history_is_proven_whole(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", _USUAL)
    with writing(path) as writer:
        statuses = writer.connection.execute(
            "SELECT key, status, user_type FROM messages WHERE origin IS NOT NULL"
        ).fetchall()
        assert sorted(statuses) == [("a", 4, 0), ("b", 0, 0), ("c", 4, 0), ("d", 1, 1)]
        assert unproven(writer) == Unproven()


def test_only_keyless_rows_that_can_be_joined_are_left_to_the_plain_rule(tmp_path: Path) -> None:
    """Beto's rows are farther from any message out, or of a chat that began by a referral."""
    far, chat = row("f", NOON + HOUR + 61 * SECOND, BETO), row("c", NOON, BETO, origin=Origin.WEBCHAT, kind=None)
    path = build(tmp_path / "saludo.db", [*_USUAL, row("r", NOON + SECOND), far, chat])
    with writing(path) as writer:
        (ana,) = writer.connection.execute("SELECT contact FROM messages WHERE key = 'a'").fetchone()
        assert unproven(writer) == Unproven({ana})
        assert wrong_by_the_plain_rule(writer) == []
        for wrong in ("joined = 1", "status = 4", "origin = NULL", "user_type = 1 - user_type"):
            writer.connection.execute("SAVEPOINT before")
            writer.connection.execute(f"UPDATE messages SET {wrong} WHERE key IN ('f', 'c')")
            assert len(unproven(writer).contacts) == 2, wrong
            writer.connection.execute("ROLLBACK TO before")
        writer.connection.execute("ROLLBACK")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE messages SET answered_at = answered_at + 1 WHERE key = 'a'",
        "UPDATE messages SET answered_at = NULL, status = 2, marks = 0 WHERE key = 'a'",
        "UPDATE messages SET answered_at = 5, status = 4, marks = 1 WHERE key = 'd'",
        "UPDATE messages SET user_type = 0 WHERE key = 'd'",
        "UPDATE messages SET user_type = 1 WHERE key = 'a'",
        "UPDATE messages SET day = day + 1 WHERE key = 'd'",
        "UPDATE messages SET failure_reason = 'other' WHERE key = 'b'",
        "UPDATE messages SET status = 1, failure_code = NULL, failure_reason = NULL WHERE key = 'b'",
        "UPDATE messages SET line = 9 WHERE key = 'i'",
        "UPDATE messages SET joined = 1 WHERE key = 'i'",
        "UPDATE messages SET origin = NULL WHERE key = 'c'",
        "UPDATE messages SET context = 'a' WHERE key = 'j'",
        "UPDATE messages SET kind = 'reaction' WHERE key = 'i'",
    ],
)
def test_each_kind_of_wrong_value_is_found(tmp_path: Path, statement: str) -> None:
    path = build(tmp_path / "saludo.db", _USUAL)
    with writing(path) as writer:
        writer.connection.execute(statement)
        assert wrong_by_the_plain_rule(writer)
        assert unproven(writer) != Unproven()


def test_what_is_wrong_of_nobody_is_named_by_its_message(tmp_path: Path) -> None:
    path = build(tmp_path / "saludo.db", [*_USUAL, send("n", NOON, contact=ContactIds())])
    with writing(path) as writer:
        connection = writer.connection
        assert unproven(writer) == Unproven()
        (id,) = connection.execute("SELECT id FROM messages WHERE key = 'n'").fetchone()
        connection.execute("UPDATE messages SET day = day + 1 WHERE key = 'n'")
        assert unproven(writer) == Unproven(messages={id})


@pytest.mark.parametrize("code", [None, 131026, 100])
@pytest.mark.parametrize(
    "texts", [(None, None), ("Invalid parameter", None), ("x", "Re-engagement message"), ("y", "z")]
)
def test_failures_are_proven_by_code_text_and_detail(
    tmp_path: Path, code: int | None, texts: tuple[str | None, str | None]
) -> None:
    failure = Failure(code, *texts)
    events: list[Event] = [send("a"), status(Step.FAILED, NOON + SECOND, "a", failure=failure)]
    with writing(build(tmp_path / "saludo.db", events)) as writer:
        assert unproven(writer) == Unproven()


def test_a_row_without_its_form_is_told_only_where_that_is_asked(tmp_path: Path) -> None:
    with writing(build(tmp_path / "saludo.db", _USUAL)) as writer:
        connection, settings = writer.connection, load_settings(writer.connection)

        def formless(**form: bool) -> bool:
            return unproven_rows(connection, settings, lambda: None, **form).formless

        assert (formless(), formless(form=True), formless(form=False)) == (False, False, False)
        connection.execute("UPDATE messages SET hash = hash + 1 WHERE key = 'a'")
        assert (formless(), formless(form=True), formless(form=False)) == (True, True, False)
        connection.execute("UPDATE messages SET day = day + 1 WHERE key = 'd'")
        assert (formless(), formless(form=True), formless(form=False)) == (True, True, False)
        steps: list[int] = []
        unproven_rows(connection, settings, lambda: steps.append(1))
        unproven_user_types(connection, lambda: steps.append(2))
        assert steps == [1, 1, 1, 1, 2, 2]
        tables = "SELECT count(*) FROM temp.sqlite_master WHERE type = 'table'"
        assert connection.execute(tables).fetchone() == (0,)


@pytest.mark.parametrize("zone", ["America/Argentina/Buenos_Aires", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_the_first_and_the_last_day_are_proven_in_any_zone(tmp_path: Path, zone: str) -> None:
    day = NOON - NOON % DAY
    at = [day, day + DAY - 1, day + 40 * DAY, day + 41 * DAY - 1]
    path = build(tmp_path / "saludo.db", [send(str(place), time) for place, time in enumerate(at)], time_zone=zone)
    with writing(path) as writer:
        assert unproven(writer) == Unproven()
        for column in ("min", "max"):
            wrong = f"start_at = (SELECT {column}(start_at) FROM messages)"
            writer.connection.execute("SAVEPOINT before")
            writer.connection.execute(f"UPDATE messages SET start_at = 'x' WHERE {wrong}")
            assert unproven(writer).contacts
            writer.connection.execute("ROLLBACK TO before")
        writer.connection.execute("ROLLBACK")
