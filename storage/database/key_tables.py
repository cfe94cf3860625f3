"""The tables of the key index, as the migration creates them, and its entries. `key_runs` reads and writes them."""

from __future__ import annotations

from typing import NamedTuple

ID_BITS = 32  # of an entry; the upper ones are the hash


class ChunkSums(NamedTuple):
    """What is added up of the entries of a chunk.

    Attributes:
        ascend: whether each entry is less than the next one.
        last: the greatest id.
        hashes: the sum of hash times hash.
        both: of hash times id.
        ids: of id times id.
    """

    ascend: bool
    last: int
    hashes: int
    both: int
    ids: int


# Since version 12 in place of an index over `messages.hash`. A database of an older version has nothing in it at first:
# the next writer adds its messages (storage/database/key_runs.py).
KEY_INDEX = """
CREATE TABLE IF NOT EXISTS key_runs (      -- the key index: runs of entries in ascending order
    id INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL,              -- how many
    last INTEGER NOT NULL,                 -- the greatest messages.id among them
    first_chunk INTEGER NOT NULL,          -- key_chunks.id of the first entries; the others follow
    firsts BLOB NOT NULL                   -- the hash of the first entry of each chunk, 4 bytes each
);
CREATE TABLE IF NOT EXISTS key_chunks (
    id INTEGER PRIMARY KEY,
    words BLOB NOT NULL                    -- entries of 8 bytes: messages.id, then the hash of its key
);
DROP INDEX IF EXISTS messages_by_hash;
CREATE INDEX IF NOT EXISTS imports_by_path ON imports (path); -- which the first databases of version 6 lack
"""
