"""Which ids are of one contact, and which of one line: ids that were seen together, as rows that nobody changes.

Owns the tables `contact_links`, `contact_facts` and `line_links`. Ids that a record gives together are linked. A
contact or a line is a component: all ids that links lead to, found step by step until nothing is added. So it does not
matter which link came first, or how often. Knows nothing of messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity, identity_hash
from storage.clickhouse.tables import Kind, Table, id_of
from storage.domain.events import ContactIds, LineIds
from storage.messages.contacts import Name, ids_of

CONTACT_LINKS = Table(
    "contact_links",
    (
        ("contact", "UInt64"),  # `identity_hash` of an id
        ("kind", "UInt8"),  # of the other id
        ("text", "String"),
    ),
    ("contact", "kind", "text"),
    version="",
    shard="contact",
)
_NO_NAME = (255, 0, "")
CONTACT_FACTS = Table(
    "contact_facts",
    (
        ("contact", "UInt64"),
        ("replaced", "SimpleAggregateFunction(max, UInt8)"),  # 1: the contact has changed this number for another
        ("name", "SimpleAggregateFunction(min, Tuple(UInt8, Int64, String))"),  # rank, time and name; 255: none
    ),
    ("contact",),
    Kind.AGGREGATING,
    shard="contact",
)
LINE_LINKS = Table(
    "line_links",
    (
        ("text", "String"),
        ("other", "String"),  # an id that was seen with it, or itself
        ("kind", "SimpleAggregateFunction(min, UInt8)"),  # of `text`: the smallest that it was seen as
    ),
    ("text", "other"),
    Kind.AGGREGATING,
    shard="0",
)
TABLES = (CONTACT_LINKS, CONTACT_FACTS, LINE_LINKS)


@dataclass(slots=True)
class Person:
    """All ids of one contact.

    Attributes:
        ids: of which a number that was replaced is in `replaced` too.
        name: the smallest (rank, time, name); None if no record gives a name.
    """

    ids: set[Identity] = field(default_factory=set)
    replaced: set[Identity] = field(default_factory=set)
    name: Name | None = None


def link_contacts(
    engine: Engine,
    contacts: Iterable[ContactIds],
    pairs: Iterable[tuple[Identity, Identity]],
    names: Mapping[Identity, Name],
) -> set[Identity]:
    """Inserts which ids are of one contact, and what is said of each.

    Args:
        engine: the database.
        contacts: the ids that records give together.
        pairs: two ids of one contact each.
        names: the name of a contact, by one of its ids.

    Returns:
        Every id of which something was inserted.
    """
    links: set[tuple[Identity, Identity]] = set()
    replaced: set[Identity] = set()
    named = dict(names)
    seen = set(named)
    for contact in contacts:
        given = ids_of(contact)
        seen.update(given)
        links.update((given[0], other) for other in given[1:])
        if len(given) > 1:
            before = contact.replaced, contact.replaced_user_id
            replaced.update((kind, text) for kind, text in enumerate(before) if text)
    links.update(pairs)
    links = {(one, other) for one, other in links if one != other}
    seen.update(id for link in links for id in link)
    both = sorted(links | {(other, one) for one, other in links})
    engine.insert(
        CONTACT_LINKS.name,
        {
            "contact": [identity_hash(one) for one, _ in both],
            "kind": [kind for _, (kind, _text) in both],
            "text": [text for _, (_kind, text) in both],
        },
    )
    facts = sorted(replaced | named.keys())
    engine.insert(
        CONTACT_FACTS.name,
        {
            "contact": [identity_hash(id) for id in facts],
            "replaced": [int(id in replaced) for id in facts],
            "name": [named.get(id, _NO_NAME) for id in facts],
        },
    )
    return seen


def people_of(engine: Engine, identities: Iterable[Identity]) -> dict[Identity, Person]:
    """The contacts that have these ids, by each of their ids."""
    linked: defaultdict[Identity, set[Identity]] = defaultdict(set)
    asked: set[Identity] = set()
    new = set(identities)
    while new:
        asked |= new
        by_hash = {identity_hash(id): id for id in new}
        rows = engine.rows(
            "SELECT DISTINCT contact, kind, text FROM contact_links WHERE contact IN {ids:Array(UInt64)}",
            {"ids": sorted(by_hash)},
        )
        found = {(by_hash[hash], (kind, text)) for hash, kind, text in rows}
        for one, other in found:
            linked[one].add(other)
        new = {other for _, other in found} - asked
    people: dict[Identity, Person] = {}
    for id in asked:
        if id not in people:
            person = Person({*_component(id, linked)} if id in linked else {id})
            people |= dict.fromkeys(person.ids, person)
    _add_facts(engine, people)
    return people


def _component(start: Identity, linked: Mapping[Identity, set[Identity]]) -> Iterator[Identity]:
    seen, left = {start}, [start]
    while left:
        id = left.pop()
        yield id
        new = linked.get(id, set()) - seen
        seen |= new
        left += new


def _add_facts(engine: Engine, people: Mapping[Identity, Person]) -> None:
    by_hash = {identity_hash(id): id for id in people}
    rows = engine.rows(
        """
        SELECT contact, max(replaced), min(name) FROM contact_facts
        WHERE contact IN {ids:Array(UInt64)} GROUP BY contact
        """,
        {"ids": sorted(by_hash)},
    )
    for hash, replaced, name in rows:
        id = by_hash[hash]
        person = people[id]
        if replaced:
            person.replaced.add(id)
        given = tuple(name)
        if given != _NO_NAME and (person.name is None or given < person.name):
            person.name = given


@dataclass(frozen=True, slots=True)
class LineMap:
    """The lines of a database.

    Attributes:
        line_of: id, number or name of a line -> the line's id.
        kinds: the same texts -> 0 number, 1 identifier, 2 name.
    """

    line_of: dict[str, int]
    kinds: dict[str, int]

    def texts(self) -> dict[int, list[tuple[int, str]]]:
        """The texts of each line, as (kind, text), in order."""
        of: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        for text, line in self.line_of.items():
            of[line].append((self.kinds[text], text))
        return {line: sorted(texts) for line, texts in of.items()}


def line_rows(lines: Iterable[LineIds]) -> set[tuple[str, str, int]]:
    """The rows of `line_links` that say which ids are of one line."""
    rows: set[tuple[str, str, int]] = set()
    for ids in lines:
        given = [(kind, text) for kind, text in enumerate((ids.number, ids.identifier, ids.name)) if text]
        for kind, text in given:
            rows |= {(text, text, kind), (text, given[0][1], kind), (given[0][1], text, given[0][0])}
    return rows


def insert_lines(engine: Engine, rows: Iterable[tuple[str, str, int]]) -> None:
    """Inserts rows of `line_links`."""
    engine.insert(LINE_LINKS.name, columns_of(("text", "other", "kind"), sorted(rows)))


def lines_of(rows: Iterable[tuple[str, str, int]]) -> LineMap:
    """The lines that rows of `line_links` make; the id of a line is that of its smallest (kind, text)."""
    linked: defaultdict[str, set[str]] = defaultdict(set)
    kinds: dict[str, int] = {}
    for text, other, kind in rows:
        linked[text].add(other)
        kinds[text] = min(kind, kinds.get(text, kind))
    line_of: dict[str, int] = {}
    for start in linked:
        if start in line_of:
            continue
        found, left = {start}, [start]
        while left:
            new = linked.get(left.pop(), set()) - found
            found |= new
            left += new
        first = min(found, key=lambda text: (kinds.get(text, len(kinds)), text))
        line_of |= dict.fromkeys(found, id_of(first))
    return LineMap(line_of, kinds)


def read_line_rows(engine: Engine) -> list[tuple[str, str, int]]:
    """All rows of `line_links`."""
    rows = engine.rows("SELECT text, other, min(kind) FROM line_links GROUP BY text, other")
    return [(text, other, kind) for text, other, kind in rows]


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Rows as columns by name, as an insert takes them."""
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
