"""The number of each contact: small, because sets of contacts are bitmaps, and never given to two contacts.

Owns the tables `number_claims` and `contact_numbers`. ClickHouse has no counter and no lock that many processes share.
What it has is that of two inserts with one token into one table only the first happens, so a process claims a run of
numbers by an insert whose token is its first number, and reads whose claim is there.

A contact that two processes number at once has two numbers, of which the smaller counts. Nothing that says so happens
at the same moment for everybody, so who gives a number has to read everything again (`contact_scope`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.evidence import Identity, identity_hash
from storage.clickhouse.tables import Kind, Table
from storage.language.texts import _

MOST = (1 << 28) - 1  # as in SQLite's bitmaps, where a contact has 28 bits
_TRIES = 100

NUMBER_CLAIMS = Table(
    "number_claims",
    (("first", "UInt32"), ("count", "UInt32"), ("owner", "UInt64")),
    ("first",),
    Kind.PLAIN,
    shard="0",
)
CONTACT_NUMBERS = Table(
    "contact_numbers",
    (("contact", "UInt64"), ("number", "UInt32")),
    ("contact", "number"),
    version="",
    shard="contact",
)
TABLES = (NUMBER_CLAIMS, CONTACT_NUMBERS)


def numbers_of(engine: Engine, identities: Iterable[Identity]) -> dict[Identity, set[int]]:
    """All numbers that were given to these ids, by id; most contacts have a number for one of their ids only."""
    by_hash = {identity_hash(id): id for id in identities}
    if not by_hash:
        return {}
    rows = engine.rows(
        "SELECT DISTINCT contact, number FROM contact_numbers WHERE contact IN {ids:Array(UInt64)}",
        {"ids": sorted(by_hash)},
    )
    numbers: defaultdict[Identity, set[int]] = defaultdict(set)
    for hash, number in rows:
        numbers[by_hash[hash]].add(number)
    return numbers


def give_numbers(engine: Engine, identities: Iterable[Identity]) -> None:
    """Gives each of these ids, which are of contacts without a number, a new one."""
    wanted = sorted(set(identities))
    if not wanted:
        return
    first = _claim(engine, len(wanted))
    numbers = [*range(first, first + len(wanted))]
    engine.insert(CONTACT_NUMBERS.name, {"contact": [identity_hash(id) for id in wanted], "number": numbers})


def _claim(engine: Engine, count: int) -> int:
    """Claims a run of so many numbers; returns the first."""
    owner = secrets.randbits(64)
    for _try in range(_TRIES):
        ((first,),) = engine.rows("SELECT max(first + count) FROM number_claims")
        first = max(first, 1)
        if first + count > MOST:
            raise EngineError(_("the database has as many contacts as it can hold ({most})").format(most=MOST))
        engine.insert(NUMBER_CLAIMS.name, {"first": [first], "count": [count], "owner": [owner]}, f"numbers:{first}")
        claims = engine.rows("SELECT owner FROM number_claims WHERE first = {first:UInt32}", {"first": first})
        if claims == [(owner,)]:
            return int(first)
    raise EngineError(_("no number for new contacts could be claimed; run the same command again"))
