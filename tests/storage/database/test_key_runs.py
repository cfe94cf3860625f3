"""The key index finds what a dictionary of hashes finds, and is told apart from one that was damaged."""

from __future__ import annotations

import random
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import key_runs
from storage.database.connection import writing
from storage.database.index_proof import KEY_INDEX, different
from storage.database.key_runs import KeyRuns, cover_messages
from storage.database.schema import migrate
from tests.databases import build
from tests.events import send

_KEYS = tuple(f"key {number}" for number in range(40))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three entries, and runs that are merged soon."""
    _make_small(monkeypatch)


def _make_small(patch: pytest.MonkeyPatch) -> None:
    for name, value in {"_CHUNK": 3, "_SMALL": 4, "_RUNS_OF_A_SIZE": 2, "_MERGED_AT_ONCE": 5, "_LOOK_UP": 1}.items():
        patch.setattr(key_runs, name, value)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(_new()) as connection:
        yield connection


def _new() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


@settings(deadline=None)
@given(st.data())
def test_entries_are_found_whatever_the_batches(data: st.DataObject) -> None:
    """With few different hashes most are shared; the greatest ones have their upper bit set."""
    with pytest.MonkeyPatch.context() as patch, closing(_new()) as connection:
        _make_small(patch)
        patch.setattr(key_runs, "_WORTH_ARRAYS", data.draw(st.sampled_from((0, 1 << 40))))
        some = st.integers(0, 12) | st.integers(2**32 - 4, 2**32 - 1) | st.integers(0, 2**32 - 1)
        batches = data.draw(st.lists(st.lists(some, max_size=20), max_size=12))
        runs, expected, id = KeyRuns(connection), defaultdict[int, set[int]](set), 0
        for batch in batches:
            entries = [(hash, id + place) for place, hash in enumerate(batch, 1)]
            id += len(batch)
            runs.add(entries)
            for hash, one in entries:
                expected[hash].add(one)
            wanted = {*batch, *data.draw(st.lists(some, max_size=4))}
            found = (runs if data.draw(st.booleans()) else KeyRuns(connection)).find(wanted)
            known = {hash: expected[hash] for hash in wanted & expected.keys()}
            assert {hash: {*ids} for hash, ids in found.items()} == known
            assert {hash: {*ids} for hash, ids in KeyRuns(connection).find_many(wanted).items()} == known
        assert KeyRuns(connection).find(expected).keys() == expected.keys()
        shared = {(hash, one) for hash, ids in expected.items() if len(ids) > 1 for one in ids}
        assert {*KeyRuns(connection).repeated()} == shared
        moments = KeyRuns(connection).moments()
        assert moments is not None
        assert moments.entries == id
        pairs = [(hash, one) for hash, ids in expected.items() for one in ids]
        assert moments.hashes == sum(hash * hash for hash, _ in pairs)
        assert moments.both == sum(hash * one for hash, one in pairs)
        assert moments.ids == sum(one * one for _, one in pairs)


def test_there_are_few_runs_and_no_chunk_of_a_merged_one_is_left() -> None:
    """Of 60 batches of 1,000 entries: some of the last sizes, and pages that are full."""
    dice = random.Random(1)
    with closing(_new()) as connection:
        runs = KeyRuns(connection)
        hashes = [dice.getrandbits(32) for _ in range(60_000)]
        for start in range(0, len(hashes), 1_000):
            runs.add((hash, start + place) for place, hash in enumerate(hashes[start : start + 1_000], 1))
        sizes = [entries for (entries,) in connection.execute("SELECT entries FROM key_runs ORDER BY id")]
        assert sum(sizes) == 60_000
        assert len(sizes) < 2 * 8
        assert connection.execute("SELECT sum(length(words)) FROM key_chunks").fetchone() == (8 * 60_000,)
        assert KeyRuns(connection).find(hashes) == runs.find(hashes)


@pytest.mark.usefixtures("small")
def test_a_few_hashes_are_looked_up_without_loading_a_run(connection: sqlite3.Connection) -> None:
    KeyRuns(connection).add((number * 7, number) for number in range(1, 200))
    runs = KeyRuns(connection)
    assert runs.find([70, 71]) == {70: [10]}
    assert all(run.filter is None for run in runs._runs())
    assert runs.find(range(200)) == {number: [number // 7] for number in range(7, 200, 7)}
    assert all(run.filter is not None for run in runs._runs())


@pytest.mark.usefixtures("small")
def test_messages_of_an_older_version_are_added_and_a_kill_between_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build(tmp_path / "saludo.db", [send(key) for key in _KEYS])
    monkeypatch.setattr(key_runs, "_COVERED_AT_ONCE", 15)
    told: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        told.append((done, of))
        if len(told) == 3:
            raise KeyboardInterrupt

    with writing(path) as writer:
        with writer.transaction() as connection:
            connection.execute("DELETE FROM key_runs")
            connection.execute("DELETE FROM key_chunks")
        with suppress(KeyboardInterrupt):
            cover_messages(writer, progress)
        assert writer.connection.execute("SELECT sum(entries) FROM key_runs").fetchone() == (15,)
        cover_messages(writer, progress)
        assert told == [(0, 40), (15, 40), (15, 40), (15, 40), (30, 40), (30, 40), (40, 40)]
        found = KeyRuns(writer.connection).find([zlib.crc32(key.encode()) for key in _KEYS])
        assert sorted(id for ids in found.values() for id in ids) == [*range(1, 41)]
        assert not different(writer.connection, [KEY_INDEX])
        before = len(told)
        cover_messages(writer, progress)
        assert len(told) == before


_DAMAGES = (
    "DELETE FROM key_runs WHERE id = (SELECT max(id) FROM key_runs)",
    "DELETE FROM key_chunks WHERE id = (SELECT max(id) FROM key_chunks)",
    "INSERT INTO key_chunks (words) VALUES (x'0100000001000000')",
    "INSERT INTO key_runs (entries, last, first_chunk, firsts) VALUES (0, 0, 1, x'')",
    "UPDATE key_runs SET entries = entries + 1",
    "UPDATE key_runs SET last = last - 1",
    "UPDATE key_runs SET last = 'x'",
    "UPDATE key_runs SET first_chunk = first_chunk + 1",
    "UPDATE key_runs SET firsts = CAST(firsts || x'00000000' AS BLOB)",
    "UPDATE key_runs SET firsts = CAST(firsts || x'00' AS BLOB)",
    "UPDATE key_runs SET firsts = CAST(substr(firsts, 1, 3) || x'ff' || substr(firsts, 5) AS BLOB)",
    "UPDATE key_chunks SET words = 3",
    "UPDATE key_chunks SET words = x''",
    "UPDATE key_chunks SET words = CAST(words || x'00' AS BLOB)",
    "UPDATE key_chunks SET words = CAST(x'ff' AS TEXT)",
    # Another id, or another hash that is in order still
    "UPDATE key_chunks SET words = CAST(x'ffff' || substr(words, 3) AS BLOB)",
    "UPDATE key_chunks SET words = CAST(substr(words, 1, 12) || x'ff' || substr(words, 14) AS BLOB)",
    # Two entries in the other order
    "UPDATE key_chunks SET words = CAST(substr(words, 9, 8) || substr(words, 1, 8) || substr(words, 17) AS BLOB)",
    "DELETE FROM messages WHERE id = 3",
    "UPDATE messages SET key = 'another' WHERE id = 3",
)


def test_many_hashes_are_looked_up_in_one_pass(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_runs, "_WORTH_ARRAYS", 0)
    runs = KeyRuns(connection)
    for start in (0, 5_000):
        runs.add((number % 7_000 << 12, number) for number in range(start + 1, start + 5_001))
    some = [number << 12 for number in range(0, 7_000, 3)]
    assert {hash: {*ids} for hash, ids in runs.find_many(some).items()} == {
        hash: {*ids} for hash, ids in KeyRuns(connection).find(some).items()
    }
    assert all(run.asked == 0 for run in runs._runs())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("worth_arrays", [0, 1 << 40])
@pytest.mark.parametrize("damage", _DAMAGES)
def test_damage_is_found_and_made_good(
    tmp_path: Path, damage: str, worth_arrays: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_runs, "_WORTH_ARRAYS", worth_arrays)
    path = build(tmp_path / "saludo.db", [send(key) for key in _KEYS])
    with writing(path) as writer, writer.transaction() as connection:
        assert not different(connection, [KEY_INDEX])
        connection.execute(damage)
        assert different(connection, [KEY_INDEX])
        KeyRuns(connection).remake()
        assert not different(connection, [KEY_INDEX])
