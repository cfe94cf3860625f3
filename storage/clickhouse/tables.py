"""The tables of a ClickHouse database, each defined once for one server and for a cluster. Knows no connection.

Times, days, origins, user types, statuses and marks are the integers of SQLite's tables (storage/database/schema.py).
What differs:

* Ids of lines and templates are made of their names (`id_of`), so that two importers that never met give the same id.
  Ids of contacts are small numbers, because bitmaps are made of them; two contacts never have the same.
* Many processes write, and nothing is updated: a newer row takes the place of an older one with the same key when it
  is read with FINAL. `version` says which is newer, `gone` that there is none any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b

from storage.clickhouse.engine import Engine, EngineError
from storage.language.texts import _

DAY_MS = 86_400_000
BUCKET = 32 * DAY_MS  # ms: messages of one stretch of time lie together in `messages`
NOW = "toUnixTimestamp64Micro(now64(6))"  # the server's clock, µs
# Inserts whose tokens a table remembers: a batch that is sent again within so many others is not inserted twice.
_REMEMBERED = 10_000


class Kind(Enum):
    """How rows with the same key become one: not at all, the newest version, or merged column by column."""

    PLAIN = "MergeTree"
    REPLACING = "ReplacingMergeTree"
    AGGREGATING = "AggregatingMergeTree"


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: its name.
        columns: names and types, the latter with a default where there is one.
        key: what rows are sorted by, names of columns or expressions; rows with the same become one, as `kind` says.
        kind: how.
        version: of a replacing table: the arguments of its engine.
        shard: of a cluster: the expression that decides on which shard a row lies.
        granularity: rows that are read together.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    kind: Kind = Kind.REPLACING
    version: str = "version, gone"
    shard: str = "rand()"
    granularity: int = 8192

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(name for name, _type in self.columns)


_CLUSTER = """
SELECT extract(engine_full, '^Distributed\\\\(\\'([^\\']+)') FROM system.tables
WHERE database = currentDatabase() AND name = 'messages' AND engine = 'Distributed'
"""
_INSERTS_LATER = "SELECT 1 FROM system.settings WHERE name = 'distributed_foreground_insert' AND value = '0'"

_VERSION = (("version", "UInt64"), ("gone", "UInt8"))  # version: the server's clock in µs, before the evidence was read
_TEXT, _SHORT = "Nullable(String)", "LowCardinality(Nullable(String))"
_TIME, _INT, _SMALL = "Nullable(Int64)", "Nullable(Int64)", "Nullable(UInt8)"

# One row a message, as SQLite's `messages`: what the records say, and what follows from it.
MESSAGES = Table(
    "messages",
    (
        ("bucket", "Int32"),  # at // BUCKET: a part of the key, so that the messages of some days lie together
        ("line_text", _TEXT),  # the id of the line that the records name
        ("contact_kind", _SMALL),  # kind and text of the id of the contact that they name
        ("contact_text", _TEXT),
        # From here on in the order of `message_row.COLUMNS` and `store.DERIVED`.
        ("template", _TEXT),  # its name
        ("key", "String"),
        ("direction", "UInt8"),
        ("hash", "UInt32"),
        ("sources", "UInt8"),
        ("at", "Int64"),
        ("timed", "UInt8"),
        ("given_origin", _SHORT),
        ("group", "UInt8"),
        ("flags", "UInt8"),
        ("accepted_at", _TIME),
        ("sent_at", _TIME),
        ("delivered_at", _TIME),
        ("read_at", _TIME),
        ("kind", _SHORT),
        ("category", _SHORT),
        ("language", _SHORT),
        ("campaign", _TEXT),
        ("failed_at", _TIME),
        ("given_answered_at", _TIME),
        ("session_start", _TIME),
        ("error_code", _INT),
        ("error_text", _TEXT),
        ("error_detail", _TEXT),
        ("error_rank", _SMALL),
        ("given_new", _SMALL),
        ("exported", _TEXT),
        ("evidence", _TEXT),
        ("context", _TEXT),
        ("channel_id", _TEXT),
        ("agent_groups", _TEXT),
        # Derived; NULL if this is not a start, except line, contact, marks and joined.
        ("line", _INT),  # lines.id
        ("contact", "Nullable(UInt32)"),  # contacts.id
        ("start_template", _INT),  # templates.id
        ("start_at", _TIME),
        ("day", "Nullable(Int32)"),
        ("origin", _SMALL),
        ("user_type", _SMALL),
        ("status", _SMALL),
        ("answered_at", _TIME),
        ("marks", "UInt8"),
        ("failure_code", _INT),
        ("failure_reason", _SHORT),
        ("joined", _TEXT),  # of a keyless row: the key of the message out that it is one start with
        ("digest", "UInt64"),  # of all the above and of what is shown of the contact: equal rows have the same
        *_VERSION,
    ),
    ("bucket", "hash", "key", "direction"),
    shard="hash",
)

CONTACTS = Table(
    "contacts",
    (
        ("id", "UInt32"),
        ("label", "String"),
        ("customer_id", _TEXT),
        ("name", _TEXT),
        ("name_rank", _SMALL),
        ("name_at", _TIME),
        *_VERSION,
    ),
    ("id",),
    shard="id",
)
CONTACT_IDS = Table(
    "contact_ids",
    (("kind", "UInt8"), ("text", "String"), ("replaced", "UInt8"), ("contact", "UInt32"), *_VERSION),
    ("kind", "text"),
    shard="cityHash64(text)",
)
LINES = Table("lines", (("id", "Int64"), ("label", "String"), ("value", "String"), *_VERSION), ("id",), shard="id")
LINE_IDS = Table(
    "line_ids",
    (("text", "String"), ("kind", "UInt8"), ("line", "Int64"), *_VERSION),
    ("text",),
    shard="cityHash64(text)",
)
TEMPLATES = Table("templates", (("id", "Int64"), ("name", "String")), ("id", "name"), version="", shard="id")

SETTINGS = Table(
    "settings", (("key", "String"), ("value", "String"), ("version", "UInt64")), ("key",), version="version"
)

TABLES = (MESSAGES, CONTACTS, CONTACT_IDS, LINES, LINE_IDS, TEMPLATES, SETTINGS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tables lie: on one server, or on the shards and replicas of a cluster.

    Attributes:
        cluster: the cluster's name in the configuration of its servers; "" for one server.
        replicated: whether each shard has replicas (a Keeper is needed).
    """

    cluster: str = ""
    replicated: bool = field(default=False)


def create(engine: Engine, tables: Iterable[Table] = TABLES, place: Place = Place()) -> None:
    """Creates those of the tables that are not there yet."""
    for table in tables:
        for statement in statements(table, place):
            engine.run(statement)


def statements(table: Table, place: Place = Place()) -> list[str]:
    """The statements that create a table; in a cluster, one more that joins its shards."""
    columns = ", ".join(f"`{name}` {type}" for name, type in table.columns)
    arguments = table.version if table.kind is Kind.REPLACING else ""
    window = "replicated_deduplication_window" if place.replicated else "non_replicated_deduplication_window"
    engine = table.kind.value + f"({arguments})"
    if place.replicated:
        paths = f"'/clickhouse/tables/{{database}}/{{shard}}/{table.name}', '{{replica}}'"
        engine = f"Replicated{table.kind.value}({', '.join(filter(None, (paths, arguments)))})"
    order = ", ".join(table.key)
    there = f" ON CLUSTER '{place.cluster}'" if place.cluster else ""
    local = f"{table.name}_local" if place.cluster else table.name
    made = [
        f"CREATE TABLE IF NOT EXISTS {local}{there} ({columns}) ENGINE = {engine} ORDER BY ({order})"
        f" SETTINGS {window} = {_REMEMBERED}, index_granularity = {table.granularity}"
    ]
    if place.cluster:
        made.append(
            f"CREATE TABLE IF NOT EXISTS {table.name}{there} AS {local}"
            f" ENGINE = Distributed('{place.cluster}', currentDatabase(), {local}, {table.shard})"
        )
    return made


def cluster_of(engine: Engine) -> str:
    """The cluster that the tables of a database lie on; "" for one server."""
    found = engine.rows(_CLUSTER)
    return str(found[0][0]) if found else ""


def check_inserts(engine: Engine) -> None:
    """Raises EngineError for a user whose inserts into a cluster may happen later: what was written is read at once."""
    if engine.rows(_INSERTS_LATER) and cluster_of(engine):
        message = _("{name}: lies on a cluster; set distributed_foreground_insert = 1 in the profile of the user")
        raise EngineError(message.format(name=engine.name))


def id_of(text: str | bytes) -> int:
    """The id of a line or template: 63 bits of a hash of its name, never 0.

    Of a million names, two have the same id with a probability of 5e-8 (n^2 / 2^64).
    """
    content = text.encode() if isinstance(text, str) else text
    return int.from_bytes(blake2b(content, digest_size=8).digest()) >> 1 or 1
