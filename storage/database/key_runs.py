"""The key index: finds messages by the hashes of their keys, as sorted runs in place of a b-tree.

Hashes come in random order, so that with a b-tree over ten million of them a batch of an import rewrites nearly every
page of it. Here a batch appends one run of sorted entries. When there are `_RUNS_OF_A_SIZE` runs of about one size,
they are merged into one (a log-structured merge tree): each entry is written again only a few times.

Owns the tables `key_runs` and `key_chunks`, which docs/database.md describes byte by byte. Only writers use them. The
hash of a key is its CRC-32: two keys can share one, so whoever reads a message compares its key.
"""

from __future__ import annotations

import sqlite3
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from operator import lt, mul
from types import ModuleType
from typing import NamedTuple

from pyroaring import BitMap

from storage.database.connection import Writer
from storage.database.key_tables import ID_BITS, ChunkSums

_CHUNK = 2040  # entries: with its row's header, a chunk of 8 bytes an entry fills a page of 16,384 bytes
_RUNS_OF_A_SIZE = 8
_SMALL = 4096  # entries: runs of fewer are all of the first size, those of each next size have eight times as many
_MERGED_AT_ONCE = 1 << 17  # entries: so many are Python's integers at a time
_COVERED_AT_ONCE = 500_000  # messages
# A filter keeps the upper 27 of 32 bits: at most 16 MB, and of ten million hashes one in fourteen is looked up in vain.
# With 29 bits an import needed 40 MB more, for many small runs in containers of few bits.
_FILTERED_OUT = 5
# To look a hash up in the file takes as long as to load this many entries into a filter.
_LOOK_UP = 200
# To load numpy takes as long as to read this many entries one by one.
_WORTH_ARRAYS = 300_000
_ID = (1 << ID_BITS) - 1

_INSERT_CHUNK = "INSERT INTO key_chunks (id, words) VALUES (?, ?)"


class Moments(NamedTuple):
    """How many pairs of hash and id there are, and sums of products of them: a fingerprint of all, in any order."""

    entries: int
    hashes: int  # of hash times hash
    both: int  # of hash times id
    ids: int  # of id times id


class _Run:
    """A run of sorted entries.

    id: of `key_runs`. entries: how many. last: the greatest id of a message. first_chunk: the id of its first chunk.
    firsts: the hash of the first entry of each chunk. filter: the upper bits of all hashes; None until so many were
    looked up that it is worth loading. asked: how many were looked up.
    """

    __slots__ = ("asked", "entries", "filter", "first_chunk", "firsts", "id", "last")

    def __init__(self, id: int, entries: int, last: int, first_chunk: int, firsts: array[int]) -> None:
        self.id, self.entries, self.last, self.first_chunk, self.firsts = id, entries, last, first_chunk, firsts
        self.filter: BitMap | None = None
        self.asked = 0

    @property
    def chunks(self) -> tuple[int, int]:
        """The ids of the first and the last chunk."""
        return self.first_chunk, self.first_chunk + len(self.firsts) - 1


class KeyRuns:
    """The key index of a database. A writer uses one object for all its batches: it remembers the runs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Reads nothing yet.

        Args:
            connection: of the database; after a rollback of what it has added, a new object is needed.
        """
        self._connection = connection
        self._loaded: list[_Run] | None = None

    def find(self, hashes: Collection[int]) -> dict[int, list[int]]:
        """The ids of the messages whose keys have these hashes, by hash; a hash that no key has is left out."""
        found: dict[int, list[int]] = {}
        ordered = sorted({*hashes})
        upper = BitMap([hash >> _FILTERED_OUT for hash in ordered])
        passed: list[tuple[_Run, BitMap]] = []
        for run in self._runs():
            run.asked += len(ordered)
            if run.filter is None and run.asked * _LOOK_UP >= run.entries:
                run.filter = BitMap()
                for words in self._chunks_of(run):
                    run.filter.update([word >> ID_BITS + _FILTERED_OUT for word in words])
            passed.append((run, upper if run.filter is None else upper & run.filter))
        any_run = {*BitMap.union(*(some for _, some in passed))} if passed else set()
        ordered = [hash for hash in ordered if hash >> _FILTERED_OUT in any_run]
        for run, some in passed:
            self._look_up(run, [hash for hash in ordered if hash >> _FILTERED_OUT in some] if some else (), found)
        return found

    def find_many(self, hashes: Collection[int]) -> dict[int, list[int]]:
        """As `find`, in one pass over the index where that is faster: for `saludo check` of a large database."""
        entries = self._entries()
        if entries < _WORTH_ARRAYS or len(hashes) * _LOOK_UP < entries:
            return self.find(hashes)
        arrays = _arrays()
        if arrays is None:
            return self.find(hashes)
        found: dict[int, list[int]] = {}
        ordered = arrays.ordered(hashes)
        for run in self._runs():
            for words in self._chunks_of(run):
                for hash, id in arrays.found(words, ordered):
                    found.setdefault(hash, []).append(id)
        return found

    def add(self, entries: Iterable[tuple[int, int]]) -> None:
        """Adds new messages, inside the caller's transaction.

        Args:
            entries: (hash, id) of each.
        """
        words = sorted([hash << ID_BITS | id for hash, id in entries])
        if words:
            runs = self._runs()
            run = self._written([array("Q", words)], max(word & _ID for word in words))
            run.filter = BitMap([word >> ID_BITS + _FILTERED_OUT for word in words])
            runs.append(run)
            self._merge(runs)

    def cover(self, most: int = -1) -> int:
        """Adds messages that are not in the index, as a database of an older version has them, inside the caller's
        transaction. They are those with a greater id than any in it.

        Args:
            most: so many at most; negative: all.

        Returns:
            The greatest id that is in the index now; 0 if none is.
        """
        runs = self._runs()
        last = max((run.last for run in runs), default=0)
        rows = self._connection.execute(
            "SELECT CAST(key AS BLOB), id FROM messages WHERE id > ? ORDER BY id LIMIT ?", (last, most)
        )
        while entries := [(zlib.crc32(key), id) for key, id in islice(rows, _COVERED_AT_ONCE)]:
            self.add(entries)
            last = entries[-1][1]
        return last

    def remake(self) -> None:
        """Makes the index again from the messages, inside the caller's transaction."""
        self._connection.execute("DELETE FROM key_chunks")
        self._connection.execute("DELETE FROM key_runs")
        self._loaded = []
        self.cover()

    def repeated(self) -> list[tuple[int, int]]:
        """(hash, id) of all messages whose hash another message has as well; two keys can share a hash."""
        if self._entries() >= _WORTH_ARRAYS and (arrays := _arrays()) is not None:
            hashes_of_runs = [self._hashes_of(run) for run in self._runs()]
            return [(hash, id) for hash, ids in self.find_many(arrays.repeated(hashes_of_runs)).items() for id in ids]
        seen, shared = BitMap(), BitMap()
        for run in self._runs():
            ordered = self._hashes_of(run)
            hashes = BitMap(ordered)
            shared |= seen & hashes
            seen |= hashes
            if len(hashes) < run.entries:
                shared |= BitMap([one for one, other in pairwise(ordered) if one == other])
        return [(hash, id) for hash, ids in self.find([*shared]).items() for id in ids]

    def moments(self) -> Moments | None:
        """The fingerprint of the entries; None where the tables are not as they should be."""
        total = of_hashes = of_both = of_ids = 0
        chunks = [chunk for run in self._runs() for chunk in range(run.chunks[0], run.chunks[1] + 1)]
        if sorted(chunks) != [id for (id,) in self._connection.execute("SELECT id FROM key_chunks ORDER BY id")]:
            return None
        arrays = _arrays() if self._entries() >= _WORTH_ARRAYS else None
        sums_of = _sums_of if arrays is None else arrays.sums_of
        for run in self._runs():
            last, before, entries = 0, -1, 0
            for words, first in zip(self._chunks_of(run), run.firsts, strict=True):
                if not words or not before < words[0] or words[0] >> ID_BITS != first:
                    return None
                sums = sums_of(words)
                if not sums.ascend:
                    return None
                before, last, entries = words[-1], max(last, sums.last), entries + len(words)
                of_hashes, of_both, of_ids = of_hashes + sums.hashes, of_both + sums.both, of_ids + sums.ids
            if (entries, last) != (run.entries, run.last) or not entries:
                return None
            total += entries
        return Moments(total, of_hashes, of_both, of_ids)

    def _runs(self) -> list[_Run]:
        """The runs, from the first."""
        if self._loaded is None:
            rows = self._connection.execute("SELECT id, entries, last, first_chunk, firsts FROM key_runs ORDER BY id")
            self._loaded = [
                _Run(id, entries, last, first_chunk, _array("I", firsts))
                for id, entries, last, first_chunk, firsts in rows
            ]
        return self._loaded

    def _entries(self) -> int:
        """How many entries the runs say that they have."""
        return sum(run.entries for run in self._runs())

    def _hashes_of(self, run: _Run) -> array[int]:
        hashes = array("I")
        for words in self._chunks_of(run):
            hashes += _halves(words)[1]
        return hashes

    def _chunks_of(self, run: _Run) -> Iterator[array[int]]:
        rows = self._connection.execute("SELECT words FROM key_chunks WHERE id BETWEEN ? AND ? ORDER BY id", run.chunks)
        return (_array("Q", words) for (words,) in rows)

    def _look_up(self, run: _Run, hashes: Iterable[int], found: dict[int, list[int]]) -> None:
        """Adds the ids that a run has for hashes in ascending order."""
        firsts, first_chunk = run.firsts, run.first_chunk
        loaded, words = -1, array("Q")
        for hash in hashes:
            # Equal hashes may begin in the chunk before the one that begins with them.
            for chunk in range(max(bisect_left(firsts, hash) - 1, 0), bisect_right(firsts, hash)):
                if chunk != loaded:
                    (blob,) = self._connection.execute(
                        "SELECT words FROM key_chunks WHERE id = ?", (first_chunk + chunk,)
                    ).fetchone()
                    loaded, words = chunk, _array("Q", blob)
                for place in range(bisect_left(words, hash << ID_BITS), len(words)):
                    word = words[place]
                    if word >> ID_BITS != hash:
                        break
                    found.setdefault(hash, []).append(word & _ID)

    def _merge(self, runs: list[_Run]) -> None:
        """Merges runs until there are few of each size."""
        while True:
            sizes = [_size(run.entries) for run in runs]
            full = next((size for size in sizes if sizes.count(size) >= _RUNS_OF_A_SIZE), None)
            if full is None:
                return
            merged = [run for run, size in zip(runs, sizes, strict=True) if size <= full]
            one = self._written(self._merged(merged), max(run.last for run in merged))
            known = [run.filter for run in merged if run.filter is not None]
            if len(known) == len(merged):
                one.filter = BitMap.union(*known)
            for run in merged:
                self._connection.execute("DELETE FROM key_chunks WHERE id BETWEEN ? AND ?", run.chunks)
                self._connection.execute("DELETE FROM key_runs WHERE id = ?", (run.id,))
            runs[:] = [run for run, size in zip(runs, sizes, strict=True) if size > full] + [one]

    def _merged(self, runs: Sequence[_Run]) -> Iterator[array[int]]:
        """The entries of runs in one order, about `_MERGED_AT_ONCE` at a time."""
        parts = sum(run.entries for run in runs) // _MERGED_AT_ONCE + 1
        chunks = [self._chunks_of(run) for run in runs]
        waiting = [array("Q") for _ in runs]
        for part in range(1, parts + 1):
            end = (part << 64) // parts
            words: list[int] = []
            for place, some in enumerate(chunks):
                rest = waiting[place]
                while (not rest or rest[-1] < end) and (chunk := next(some, None)) is not None:
                    rest += chunk
                cut = bisect_left(rest, end)
                words += rest[:cut]
                waiting[place] = rest[cut:]
            words.sort()
            yield array("Q", words)

    def _written(self, parts: Iterable[array[int]], last: int) -> _Run:
        """Writes a new run of sorted entries, given in parts."""
        connection = self._connection
        id, first_chunk = (
            connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0]
            for table in ("key_runs", "key_chunks")
        )
        firsts, entries, rest = array("I"), 0, array("Q")
        for words in parts:
            rest += words
            entries += len(words)
            whole = len(rest) // _CHUNK * _CHUNK
            self._write_chunks(first_chunk, firsts, rest[:whole])
            rest = rest[whole:]
        self._write_chunks(first_chunk, firsts, rest)
        connection.execute(
            "INSERT INTO key_runs (id, entries, last, first_chunk, firsts) VALUES (?, ?, ?, ?, ?)",
            (id, entries, last, first_chunk, _bytes(firsts)),
        )
        return _Run(id, entries, last, first_chunk, firsts)

    def _write_chunks(self, first_chunk: int, firsts: array[int], words: array[int]) -> None:
        """Writes the next chunks of a run, of which `firsts` lists those before."""
        rows = []
        for start in range(0, len(words), _CHUNK):
            rows.append((first_chunk + len(firsts), _bytes(words[start : start + _CHUNK])))
            firsts.append(words[start] >> ID_BITS)
        self._connection.executemany(_INSERT_CHUNK, rows)


def cover_messages(writer: Writer, progress: Callable[[int, int], None]) -> None:
    """Adds the messages of a database of an older version to the index, in transactions that each go some way: after a
    kill the next writer goes on from there.

    Args:
        writer: the database.
        progress: called with (ids done, ids in all) if there is something to add.
    """
    connection = writer.connection
    last = connection.execute("SELECT max(id) FROM messages").fetchone()[0] or 0
    done = connection.execute("SELECT max(last) FROM key_runs").fetchone()[0] or 0
    runs = KeyRuns(connection)
    while done < last:
        progress(done, last)
        with writer.transaction():
            done = runs.cover(_COVERED_AT_ONCE)
        progress(done, last)


def _size(entries: int) -> int:
    """Which size a run is of."""
    size = 0
    while entries >= _SMALL:
        size, entries = size + 1, entries // _RUNS_OF_A_SIZE
    return size


def _sums_of(words: array[int]) -> ChunkSums:
    """What is added up of a chunk, which is not empty."""
    ids, hashes = _halves(words)
    return ChunkSums(
        all(map(lt, words, words[1:])),
        max(ids),
        sum(map(mul, hashes, hashes)),
        sum(map(mul, hashes, ids)),
        sum(map(mul, ids, ids)),
    )


def _arrays() -> ModuleType | None:
    """The module that reads chunks in arrays; None without numpy."""
    try:
        from storage.database import key_arrays
    except ImportError:
        return None
    return key_arrays


def _halves(words: array[int]) -> tuple[array[int], array[int]]:
    """The ids and the hashes of entries."""
    halves = array("I", words.tobytes())
    return (halves[::2], halves[1::2]) if sys.byteorder == "little" else (halves[1::2], halves[::2])


def _array(kind: str, data: bytes) -> array[int]:
    """Little-endian integers as they are stored: "I" of 4 bytes, "Q" of 8 bytes."""
    numbers = array(kind, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _bytes(numbers: array[int]) -> bytes:
    """Integers as they are stored."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()
