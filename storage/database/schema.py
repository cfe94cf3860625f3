"""The tables, their indexes and their numbered migrations. Knows what is stored, not how it comes there.

Evidence columns of `messages` are written by `ingest` alone, derived columns by what `timeline` says alone. Origins,
user types and statuses are stored as their position in ORIGINS, USER_TYPES and STATUSES; days as days since 1970-01-01.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.database.codes import ORIGINS, STATUSES

if TYPE_CHECKING:
    import sqlite3

VERSION = 5
APPLICATION_ID = 0x53414C55  # "SALU": a file of another program is told from ours


# The counters of a cell, two in a number, which are added up at once: (origin, status) of the lower and of the upper
# half of each column. There is every column once for all users, and once more, named after NEW, for the new ones.
STATUS_FAILED, STATUS_SENT, STATUS_DELIVERED, STATUS_READ, STATUS_ANSWERED, STATUS_RECEIVED = range(len(STATUSES))
ORIGIN_TEMPLATE, ORIGIN_NOTIFICATION, ORIGIN_WEBCHAT, ORIGIN_CAMPAIGN = range(len(ORIGINS))
COUNTER_COLUMNS = {
    "template_failed_sent": ((ORIGIN_TEMPLATE, STATUS_FAILED), (ORIGIN_TEMPLATE, STATUS_SENT)),
    "template_delivered_read": ((ORIGIN_TEMPLATE, STATUS_DELIVERED), (ORIGIN_TEMPLATE, STATUS_READ)),
    "notification_failed_sent": ((ORIGIN_NOTIFICATION, STATUS_FAILED), (ORIGIN_NOTIFICATION, STATUS_SENT)),
    "notification_delivered_read": ((ORIGIN_NOTIFICATION, STATUS_DELIVERED), (ORIGIN_NOTIFICATION, STATUS_READ)),
    "template_notification_answered": ((ORIGIN_TEMPLATE, STATUS_ANSWERED), (ORIGIN_NOTIFICATION, STATUS_ANSWERED)),
    "webchat_campaign_received": ((ORIGIN_WEBCHAT, STATUS_RECEIVED), (ORIGIN_CAMPAIGN, STATUS_RECEIVED)),
}
NEW_USERS_PREFIX = "new_"
COUNTER_BITS = 31  # bits of a half: more starts than that many a day there cannot be

_TABLES = """
CREATE TABLE lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the id of a line that went up in another is never used again
    label TEXT NOT NULL,      -- what a person reads: the name, else +number, else the identifier
    value TEXT NOT NULL       -- what names it in a filter and in the TSV: +number, else identifier, else name
);
CREATE TABLE line_ids (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,    -- 0 number, 1 identifier, 2 name; the smallest that it was ever seen as
    line INTEGER NOT NULL
);
CREATE INDEX line_ids_by_line ON line_ids (line);

CREATE TABLE templates (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL DEFAULT '',        -- number, else user id, else customer id
    customer_id TEXT,
    name TEXT,
    name_rank INTEGER,
    name_at INTEGER
);
CREATE INDEX contacts_by_label ON contacts (label); -- the table sorted by contact
CREATE TABLE contact_ids (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,                 -- 0 wa_id, 1 user_id, 2 customer_id
    text TEXT NOT NULL,
    replaced INTEGER NOT NULL DEFAULT 0,   -- a number change made it obsolete
    contact INTEGER NOT NULL,
    UNIQUE (kind, text)
);
CREATE INDEX contact_ids_by_contact ON contact_ids (contact);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    -- evidence
    key TEXT NOT NULL,
    direction INTEGER NOT NULL,            -- 0 out, 1 in, 2 a keyless row
    hash INTEGER NOT NULL,                 -- crc32 of the key: a small index; the key itself is compared as well
    sources INTEGER NOT NULL,              -- bits of what gave evidence: 1 send log, 2 webhook, 4 platform, 8 our TSV
    at INTEGER NOT NULL,                   -- the message's own time, ms
    timed INTEGER NOT NULL,                -- 0: `at` is only the session's start
    line_id INTEGER,                       -- line_ids.id, as given
    contact_id INTEGER,                    -- contact_ids.id, as given
    template INTEGER,
    kind TEXT, category TEXT, language TEXT, campaign TEXT, context TEXT,
    given_origin TEXT,
    "group" INTEGER NOT NULL DEFAULT 0,
    accepted_at INTEGER, sent_at INTEGER, delivered_at INTEGER, read_at INTEGER, failed_at INTEGER,
    given_answered_at INTEGER, session_start INTEGER,
    error_code INTEGER, error_text TEXT, error_detail TEXT, error_rank INTEGER,
    channel_id TEXT, agent_groups TEXT,
    given_new INTEGER,
    flags INTEGER NOT NULL DEFAULT 0,      -- bits stated by a row: 1 not sent, 2 sent, 4 delivered, 8 read, 16 answered
    exported TEXT,                         -- JSON: derived columns of our own TSV, for where nothing else is known
    evidence TEXT,                         -- JSON: field -> [rank, at] where they are not the usual ones
    -- derived
    line INTEGER, contact INTEGER,
    start_template INTEGER,
    start_at INTEGER,
    day INTEGER,
    origin INTEGER,                        -- null: not a start
    user_type INTEGER,
    status INTEGER,
    answered_at INTEGER,
    failure_code INTEGER, failure_reason TEXT,
    marks INTEGER NOT NULL DEFAULT 0,      -- bits: 1 implied step, 2 conflict, 4 joined with a keyless row
    joined INTEGER                         -- of a keyless row: the keyed message it is one start with
);
CREATE INDEX messages_by_hash ON messages (hash);
CREATE INDEX messages_by_contact ON messages (contact, at); -- the earliest of a contact, and those around a time
CREATE INDEX messages_by_context ON messages (context) WHERE context IS NOT NULL;
CREATE INDEX messages_by_joined ON messages (joined) WHERE joined IS NOT NULL;
-- The table in its order, with what most filters ask, so that a place in it is found in the index alone.
CREATE INDEX starts_by_time ON messages (start_at, line, start_template, origin, user_type) WHERE origin IS NOT NULL;
CREATE INDEX starts_by_notification ON messages (line, start_template, start_at) WHERE origin IS NOT NULL;

-- The cube (storage/cube/). Ids of lines and templates: 0 all, -1 unknown, template -2 a referred start without one.
CREATE TABLE failure_kinds (id INTEGER PRIMARY KEY, code INTEGER, reason TEXT NOT NULL);
CREATE UNIQUE INDEX failure_kinds_by_code ON failure_kinds (ifnull(code, ''), reason);
CREATE TABLE users (                       -- distinct contacts, in the form of storage/cube/bitmaps.py
    id INTEGER PRIMARY KEY,                -- a row's own: blobs in the tree of the key itself would waste half of it
    kind INTEGER NOT NULL, level INTEGER NOT NULL, block INTEGER NOT NULL, line INTEGER NOT NULL,
    template INTEGER NOT NULL,             -- -9: a pack of what is small, -10: who stands in several templates;
                                           -- -11 (line as well): all sets of a block with little in it
    bitmap BLOB NOT NULL
);
CREATE UNIQUE INDEX users_by_cell ON users (kind, level, block, line, template);
CREATE TABLE dirty (                       -- what of the cube is older than `messages`; level 0: the block is a day
    level INTEGER NOT NULL, block INTEGER NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (level, block, line)
) WITHOUT ROWID;

CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    format TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '',      -- what it was read with: with other options it is read again
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    size INTEGER,                          -- of a file that was read to its end: bytes
    sha256 TEXT,                           -- and what they hash to
    position INTEGER NOT NULL DEFAULT 0,   -- bytes up to which all records are in the database
    lines INTEGER NOT NULL DEFAULT 0,      -- and how many lines they are
    prefix_sha256 TEXT,                    -- what those bytes hash to
    head_sha256 TEXT,                      -- what the first 4096 of them hash to, where there are as many
    events INTEGER NOT NULL DEFAULT 0,
    ignored INTEGER NOT NULL DEFAULT 0,
    rejects INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX imports_by_options ON imports (options, position);
CREATE TABLE rejects (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,           -- of the record's own bytes: the same record in two files is one
    import INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    excerpt TEXT NOT NULL
);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_COUNTER_COLUMNS = ", ".join(
    f"{of}{column} INTEGER NOT NULL" for of in ("", NEW_USERS_PREFIX) for column in COUNTER_COLUMNS
)

# The cube's counters (storage/cube/counters.py), with ids as in the rest of the cube.
_COUNTER_TABLES = f"""
DROP TABLE IF EXISTS cells;
DROP TABLE IF EXISTS details;
CREATE TABLE cells (                       -- how many starts of each origin, user type and status
    line INTEGER NOT NULL, template INTEGER NOT NULL, day INTEGER NOT NULL,
    {_COUNTER_COLUMNS},
    PRIMARY KEY (line, template, day)
) WITHOUT ROWID;
CREATE TABLE details (                     -- the sends of which there is more to say: failures and marks
    level INTEGER NOT NULL, block INTEGER NOT NULL, line INTEGER NOT NULL, template INTEGER NOT NULL,
    status INTEGER NOT NULL,
    failure INTEGER NOT NULL,              -- failure_kinds.id, 0: did not fail
    marks INTEGER NOT NULL,
    template_sends INTEGER NOT NULL,       -- how many of each origin: those to new users in the lower half (HALF),
    notification_sends INTEGER NOT NULL,   -- those to recurrent ones in the upper half
    PRIMARY KEY (level, block, line, template, status, failure, marks)
) WITHOUT ROWID;
"""

# Whoever changes a start marks its day of its line as dirty in the same transaction: nothing that writes can forget to.
# What is new is marked by what inserts it (`insert` in storage/messages/store.py), once for many rows.
_COUNTED = "line, contact, start_template, day, origin, user_type, status, failure_code, failure_reason, marks"
_OLD, _NEW = (", ".join(f"{row}.{column.strip()}" for column in _COUNTED.split(",")) for row in ("old", "new"))
TRIGGERS = {
    "start_changed": f"""
CREATE TRIGGER start_changed AFTER UPDATE OF {_COUNTED} ON messages
WHEN (old.origin IS NOT NULL OR new.origin IS NOT NULL) AND ({_OLD}) IS NOT ({_NEW}) BEGIN
    INSERT OR IGNORE INTO dirty SELECT 0, old.day, ifnull(old.line, -1) WHERE old.origin IS NOT NULL;
    INSERT OR IGNORE INTO dirty SELECT 0, new.day, ifnull(new.line, -1)
    WHERE new.origin IS NOT NULL AND (old.origin IS NULL OR (old.day, old.line) IS NOT (new.day, new.line));
END""",
    "start_gone": """
CREATE TRIGGER start_gone AFTER DELETE ON messages WHEN old.origin IS NOT NULL BEGIN
    INSERT OR IGNORE INTO dirty VALUES (0, old.day, ifnull(old.line, -1));
END""",
}


# The cube of another layout is thrown away, and every day marked: readers count from the messages until the next import
# has counted all of them again.
_COUNT_AGAIN = """
DELETE FROM users;
DELETE FROM dirty;
INSERT INTO dirty (level, block, line) SELECT DISTINCT 0, day, ifnull(line, -1) FROM messages WHERE origin IS NOT NULL;
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database up to VERSION; nothing where it is there already.

    sqlite-utils keeps the journal of migrations. It is imported here, because reading needs none of it and it costs
    more time to import than a report takes.
    """
    from sqlite_utils import Database, Migrations

    # First of all, so that what a full disk leaves half made is known as ours and is made whole the next time.
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrations = Migrations("saludo")

    @migrations()
    def tables(database: Database) -> None:
        for statement in _statements(_TABLES):
            database.conn.execute(statement)
        for trigger in TRIGGERS.values():
            database.conn.execute(trigger)

    @migrations()
    def counters_two_in_a_number(database: Database) -> None:
        for statement in _statements(_COUNTER_TABLES + _COUNT_AGAIN):
            database.conn.execute(statement)

    migrations.apply(Database(connection, execute_plugins=False))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """The statements of a script: one by one, because `executescript` would commit the open transaction."""
    lines = "\n".join(line.split("--")[0] for line in script.splitlines())
    return [statement for statement in lines.split(";") if statement.strip()]


FIRST_AND_LAST_DAY = """
SELECT (SELECT day FROM messages WHERE origin IS NOT NULL ORDER BY start_at LIMIT 1),
       (SELECT day FROM messages WHERE origin IS NOT NULL ORDER BY start_at DESC LIMIT 1)
"""
