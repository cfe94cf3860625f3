"""The tables, their indexes and their numbered migrations. Knows what is stored, not who computes it.

docs/database.md explains the file as a whole and the cube's columns byte by byte. Conventions of all tables:

* A column named ..._at, and `at`, is a time in ms since 1970-01-01 UTC.
* A day is the number of days since 1970-01-01 in the report's time zone.
* Origins, user types and statuses are the integers of storage/database/codes.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.database.codes import (
    ORIGIN_CAMPAIGN,
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    ORIGIN_WEBCHAT,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
)
from storage.database.dirty_marks import MARK_ALL_CELLS, MARK_ALL_DAYS, MARK_ALL_WEEKS, TRIGGERS
from storage.database.key_tables import KEY_INDEX
from storage.database.light_import import without

if TYPE_CHECKING:
    import sqlite3

VERSION = 12
APPLICATION_ID = 0x53414C55  # "SALU": distinguishes our files from those of other programs

# The counters of a row of `cells`. Each integer column packs two counters of COUNTER_BITS bits, so that one addition
# adds both: (origin, status) of the lower bits, then of the upper bits. Every column exists twice: for all starts, and
# with NEW_USERS_PREFIX for the starts of new users among them.
COUNTER_COLUMNS = {
    "template_failed_sent": ((ORIGIN_TEMPLATE, STATUS_FAILED), (ORIGIN_TEMPLATE, STATUS_SENT)),
    "template_delivered_read": ((ORIGIN_TEMPLATE, STATUS_DELIVERED), (ORIGIN_TEMPLATE, STATUS_READ)),
    "notification_failed_sent": ((ORIGIN_NOTIFICATION, STATUS_FAILED), (ORIGIN_NOTIFICATION, STATUS_SENT)),
    "notification_delivered_read": ((ORIGIN_NOTIFICATION, STATUS_DELIVERED), (ORIGIN_NOTIFICATION, STATUS_READ)),
    "template_notification_answered": ((ORIGIN_TEMPLATE, STATUS_ANSWERED), (ORIGIN_NOTIFICATION, STATUS_ANSWERED)),
    "webchat_campaign_received": ((ORIGIN_WEBCHAT, STATUS_RECEIVED), (ORIGIN_CAMPAIGN, STATUS_RECEIVED)),
}
NEW_USERS_PREFIX = "new_"
COUNTER_BITS = 31  # two fit into SQLite's signed 64 bits; a day has fewer than 2^31 starts

# `_statements` removes the comments before SQLite sees them: a changed comment changes no database.
_TABLES = """
-- Names ---------------------------------------------------------------------------------------------------------------

CREATE TABLE lines (                       -- WhatsApp business numbers
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a line that is merged into another loses its id for good
    label TEXT NOT NULL,                   -- shown on the screen: name, else +number, else identifier
    value TEXT NOT NULL                    -- used in filters and the TSV: +number, else identifier, else name
);
CREATE TABLE line_ids (                    -- every number, identifier and name of a line
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,                 -- 0 number (digits), 1 identifier, 2 name; the smallest that it was seen as
    line INTEGER NOT NULL                  -- lines.id
);
CREATE INDEX line_ids_by_line ON line_ids (line);

CREATE TABLE templates (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE contacts (                    -- people
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused, like lines.id; at most 2^28 - 1 (a bitmap holds no more)
    label TEXT NOT NULL DEFAULT '',        -- shown on the screen: number, else user id, else customer id
    customer_id TEXT,                      -- the platform's id of this person
    name TEXT,                             -- the profile name; of several, the smallest (name_rank, name_at, name)
    name_rank INTEGER,                     -- where the name comes from: 0 send log, 1 webhook, 2 platform
    name_at INTEGER                        -- time of the record that gave the name
);
CREATE INDEX contacts_by_label ON contacts (label); -- for the table sorted by contact
CREATE TABLE contact_ids (                 -- every id of a contact
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,                 -- 0 wa_id (digits), 1 user_id (BSUID), 2 customer_id
    text TEXT NOT NULL,
    replaced INTEGER NOT NULL DEFAULT 0,   -- 1: the contact has changed this number for another
    contact INTEGER NOT NULL,              -- contacts.id
    UNIQUE (kind, text)
);
CREATE INDEX contact_ids_by_contact ON contact_ids (contact);

-- Messages ------------------------------------------------------------------------------------------------------------

CREATE TABLE messages (                    -- one row a WhatsApp message, in or out; NULL: unknown
    id INTEGER PRIMARY KEY,
    -- Evidence: what the records say of this message, merged by the rules of docs/definitions.md.
    key TEXT NOT NULL,                     -- wamid or provider's id; of a keyless row the hash of its own text
    direction INTEGER NOT NULL,            -- 0 out, 1 in, 2 keyless row of a platform
    hash INTEGER NOT NULL,                 -- CRC-32 of the key
    sources INTEGER NOT NULL,              -- bits, where evidence came from: 1 send log, 2 webhook, 4 platform,
                                           -- 8 our own TSV
    at INTEGER NOT NULL,                   -- the message's own time: the earliest of request and statuses
    timed INTEGER NOT NULL,                -- 1: `at` is the message's own time, 0: only its session's start
    line_id INTEGER,                       -- line_ids.id of the line that the records name
    contact_id INTEGER,                    -- contact_ids.id of the contact that the records name
    template INTEGER,                      -- templates.id that the records name
    kind TEXT,                             -- message type: template, text, image, reaction, ...
    category TEXT,                         -- pricing, else conversation category, lower case: marketing, ...
    language TEXT,                         -- of the template
    campaign TEXT,                         -- of a mass send
    context TEXT,                          -- key of the message that this one quotes
    given_origin TEXT,                     -- origin that a record or the option --origin states
    "group" INTEGER NOT NULL DEFAULT 0,    -- 1: sent to or from a group
    accepted_at INTEGER,                   -- the send request
    sent_at INTEGER,                       -- the earliest of each status
    delivered_at INTEGER,
    read_at INTEGER,                       -- read or played
    failed_at INTEGER,                     -- of the error below
    given_answered_at INTEGER,             -- answer that a platform's row states
    session_start INTEGER,                 -- ms, that a platform's row states
    error_code INTEGER,                    -- the winning error: code, text, detail, rank and failed_at stay together
    error_text TEXT,
    error_detail TEXT,
    error_rank INTEGER,                    -- where the error comes from: 0 send log, 1 webhook, 2 platform
    channel_id TEXT,                       -- the platform's, for the TSV
    agent_groups TEXT,                     -- the platform's, for the TSV
    given_new INTEGER,                     -- "new user" that a platform's row states: 0, 1
    flags INTEGER NOT NULL DEFAULT 0,      -- bits that a row states: 1 not sent, 2 sent, 4 delivered, 8 read,
                                           -- 16 answered
    exported TEXT,                         -- JSON [flags, time or null, new or null, answered_at or null]: derived
                                           -- columns of our own TSV; used only if nothing else is known
    evidence TEXT,                         -- JSON {field: [rank, time]} of the fields whose rank or time is not the
                                           -- usual one (storage/messages/message_row.py)

    -- Derived from all messages of the contact; NULL if this is not a start, except line, contact, marks and joined.
    line INTEGER,                          -- lines.id of line_id
    contact INTEGER,                       -- contacts.id of contact_id
    start_template INTEGER,                -- templates.id; NULL: unknown, or a referred start without one
    start_at INTEGER,                      -- time of the start
    day INTEGER,                           -- day of start_at
    origin INTEGER,                        -- NULL: not a start
    user_type INTEGER,
    status INTEGER,
    answered_at INTEGER,                   -- the earliest answer
    failure_code INTEGER,                  -- of a failed start
    failure_reason TEXT,                   -- of a failed start: number_gone, ... (docs/definitions.md)
    marks INTEGER NOT NULL DEFAULT 0,      -- data-quality flags, bits: 1 implied step, 2 conflict, 4 joined,
                                           -- 8 unknown contact
    joined INTEGER                         -- of a keyless row: messages.id of the start that it is a part of
);
CREATE INDEX messages_by_hash ON messages (hash);
CREATE INDEX messages_by_contact ON messages (contact, at); -- the earliest of a contact, and those around a time
CREATE INDEX messages_by_context ON messages (context) WHERE context IS NOT NULL;
CREATE INDEX messages_by_joined ON messages (joined) WHERE joined IS NOT NULL;
-- In the order of the table of starts, with the columns of most filters: it finds any page without reading messages.
CREATE INDEX starts_by_time ON messages (start_at, line, start_template, origin, user_type) WHERE origin IS NOT NULL;
CREATE INDEX starts_by_notification ON messages (line, start_template, start_at) WHERE origin IS NOT NULL;

-- Cube (storage/cube/): aggregates of starts. Ids of lines and templates: 0 all of them (a roll-up), -1 unknown;
-- template -2: a referred start without a template. ------------------------------------------------------------------

CREATE TABLE failure_kinds (               -- every code and reason that a start failed with
    id INTEGER PRIMARY KEY,
    code INTEGER,                          -- NULL: a failure without a code
    reason TEXT NOT NULL
);
CREATE UNIQUE INDEX failure_kinds_by_code ON failure_kinds (ifnull(code, ''), reason);

CREATE TABLE users (                       -- sets of distinct contacts by cell, as bytes
    id INTEGER PRIMARY KEY,                -- long blobs in a WITHOUT ROWID table would waste half of its pages
    kind INTEGER NOT NULL,                 -- 0 all starts, 1 failed sends by failure, 2 sends by sent, delivered, read
    level INTEGER NOT NULL,                -- blocks of a day (0), a week within a month (1), a month (2), a quarter (3)
    block INTEGER NOT NULL,                -- its first day
    line INTEGER NOT NULL,                 -- id as above; -10: multiplicities of a template, -11: see template
    template INTEGER NOT NULL,             -- id as above; -9: packed sets of a line, -10: multiplicities of a line,
                                           -- -11: packed sets of a whole block (storage/cube/packed_sets.py)
    bitmap BLOB NOT NULL                   -- the set or packed sets (storage/cube/bitmaps.py)
);
CREATE UNIQUE INDEX users_by_cell ON users (kind, level, block, line, template);

CREATE TABLE dirty (                       -- blocks whose aggregates are older than `messages`
    level INTEGER NOT NULL,
    block INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (level, block, line)
) WITHOUT ROWID;

-- Imports and settings ------------------------------------------------------------------------------------------------

CREATE TABLE imports (                     -- what was read, and how far: the same bytes are never read twice
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL,                    -- path as given, for people
    format TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '',      -- options of the import: with other options a file is read again
    started_at INTEGER NOT NULL,
    finished_at INTEGER,                   -- NULL: interrupted
    size INTEGER,                          -- bytes, of a file that was read to its end
    sha256 TEXT,                           -- of these bytes
    position INTEGER NOT NULL DEFAULT 0,   -- bytes whose records are all in the database
    lines INTEGER NOT NULL DEFAULT 0,      -- lines in these bytes
    prefix_sha256 TEXT,                    -- of these bytes
    head_sha256 TEXT,                      -- of their first 4096 bytes; NULL: they are fewer
    events INTEGER NOT NULL DEFAULT 0,     -- events read
    ignored INTEGER NOT NULL DEFAULT 0,    -- records that say nothing of a message
    rejects INTEGER NOT NULL DEFAULT 0,    -- records that could not be read
    new INTEGER NOT NULL DEFAULT 0,        -- messages inserted
    changed INTEGER NOT NULL DEFAULT 0     -- messages updated
);
CREATE INDEX imports_by_options ON imports (options, position);

CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_COUNTER_COLUMNS = ", ".join(
    f"{prefix}{column} INTEGER NOT NULL" for prefix in ("", NEW_USERS_PREFIX) for column in COUNTER_COLUMNS
)

# The cube's counters (storage/cube/counters.py), with the cube's ids of lines and templates.
_COUNTER_TABLES = f"""
DROP TABLE IF EXISTS cells;
DROP TABLE IF EXISTS details;
CREATE TABLE cells (                       -- counts of starts by origin, user type and status: see COUNTER_COLUMNS
    line INTEGER NOT NULL,
    template INTEGER NOT NULL,
    day INTEGER NOT NULL,
    {_COUNTER_COLUMNS},
    PRIMARY KEY (line, template, day)
) WITHOUT ROWID;
CREATE TABLE details (                     -- counts of those sends that failed or carry a data-quality flag
    level INTEGER NOT NULL,                -- as in users
    block INTEGER NOT NULL,
    line INTEGER NOT NULL,
    template INTEGER NOT NULL,
    status INTEGER NOT NULL,
    failure INTEGER NOT NULL,              -- failure_kinds.id; 0: did not fail, or no error is known
    marks INTEGER NOT NULL,                -- as in messages
    template_sends INTEGER NOT NULL,       -- sends of origin template: COUNTER_BITS lower bits to new users, the upper
                                           -- bits to recurrent users
    notification_sends INTEGER NOT NULL,   -- likewise of origin notification
    PRIMARY KEY (level, block, line, template, status, failure, marks)
) WITHOUT ROWID;
"""

# Before version 6, imports have no path and no records, and a record that several files hold is kept for one of them.
_IMPORT_COLUMNS = {
    "path": "TEXT NOT NULL DEFAULT ''",  # absolute, without links; '': a stream
    "records": "INTEGER NOT NULL DEFAULT 0",  # records read
}
_REJECT_TABLES = """
CREATE TABLE IF NOT EXISTS rejects (id INTEGER, import INTEGER, digest TEXT, place TEXT, reason TEXT, excerpt TEXT);
CREATE TABLE rejects_now (                 -- records that could not be read, one row for each place of each
    id INTEGER PRIMARY KEY,
    import INTEGER NOT NULL,               -- imports.id
    digest TEXT NOT NULL,                  -- of the record's bytes: equal records of any files have the same
    place TEXT NOT NULL,                   -- where in the file: line 7, ...
    reason TEXT NOT NULL,
    excerpt TEXT NOT NULL                  -- 80 characters of the record at most, digits masked
);
INSERT INTO rejects_now SELECT id, import, digest, place, reason, excerpt FROM rejects;
DROP TABLE rejects;
ALTER TABLE rejects_now RENAME TO rejects;
CREATE INDEX rejects_by_import ON rejects (import);
CREATE INDEX rejects_by_digest ON rejects (digest);
DROP TABLE IF EXISTS rejected_records;
-- Every digest of `rejects` once, kept by triggers: of 300,000 rejects a report counts these in 2 ms, but distinct
-- digests in 44 ms.
CREATE TABLE rejected_records (digest TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO rejected_records SELECT DISTINCT digest FROM rejects;
"""
_REJECT_TRIGGERS = (
    """
CREATE TRIGGER reject_added AFTER INSERT ON rejects BEGIN
    INSERT OR IGNORE INTO rejected_records VALUES (new.digest);
END""",
    """
CREATE TRIGGER reject_gone AFTER DELETE ON rejects BEGIN
    DELETE FROM rejected_records
    WHERE digest = old.digest AND NOT EXISTS (SELECT 1 FROM rejects WHERE digest = old.digest);
END""",
)

# What the program does when it next writes, because SQL alone cannot (storage/ingest/identity_repair.py).
_PENDING = """
CREATE TABLE IF NOT EXISTS pending (task TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO pending SELECT 'identities' WHERE EXISTS (SELECT 1 FROM messages);
CREATE INDEX IF NOT EXISTS referred_without_contact ON messages (start_at) WHERE contact IS NULL AND origin >= 2;
"""

_REPEATS = f"""
CREATE TABLE IF NOT EXISTS repeats (       -- starts of contacts that have several on the day, and of unknown ones
    day INTEGER PRIMARY KEY,
    starts BLOB NOT NULL                   -- storage/cube/repeats.py
);
{MARK_ALL_CELLS};
"""

# Blocks above days in another form: before version 10 they had 8, 32 and 128 days, before version 11 no multiplicities
# over lines. Readers unite days until the next import has refreshed the cube.
_OTHER_COARSE_BLOCKS = f"""
DELETE FROM users WHERE level > 0;
DELETE FROM details WHERE level > 0;
DELETE FROM dirty WHERE level > 0;
{MARK_ALL_WEEKS};
"""

# A migration to another layout drops the cube and marks every day. Readers count from `messages` until the next import
# has refreshed the cube.
_RECOUNT = f"""
DELETE FROM users;
DELETE FROM dirty;
{MARK_ALL_DAYS};
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database up to VERSION; does nothing if it is there.

    sqlite-utils records in `_sqlite_migrations` which migrations were applied. It is imported here only: reading does
    not need it, and the import takes longer than a report.
    """
    with without("numpy", "pandas"):
        from sqlite_utils import Database, Migrations

    # Before any table: after a full disk, the half-made database is recognised as ours and completed next time.
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrations = Migrations("saludo")

    # The functions' names are stored: never rename or reorder them.
    @migrations()
    def tables(database: Database) -> None:
        _execute(database.conn, _TABLES)
        for trigger in TRIGGERS.values():
            database.conn.execute(trigger)

    @migrations()
    def counters_two_in_a_number(database: Database) -> None:
        _execute(database.conn, _COUNTER_TABLES + _RECOUNT)

    @migrations()
    def rejects_of_each_import(database: Database) -> None:
        _keep_rejects_of_each_import(database.conn)

    @migrations()
    def contacts_of_identities_only(database: Database) -> None:
        _execute(database.conn, _PENDING)

    @migrations()
    def notes_of_imports(database: Database) -> None:
        if "notes" not in _columns(database.conn, "imports"):
            # A JSON array of sentences: what is doubtful about how the file was read.
            database.conn.execute("ALTER TABLE imports ADD COLUMN notes TEXT NOT NULL DEFAULT '[]'")

    @migrations()
    def repeats_of_days(database: Database) -> None:
        _execute(database.conn, _REPEATS)

    @migrations()
    def blocks_of_the_calendar(database: Database) -> None:
        _execute(database.conn, _OTHER_COARSE_BLOCKS)

    @migrations()
    def multiplicities_over_lines(database: Database) -> None:
        _execute(database.conn, _OTHER_COARSE_BLOCKS)

    @migrations()
    def keys_in_runs(database: Database) -> None:
        _execute(database.conn, KEY_INDEX)

    migrations.apply(Database(connection, execute_plugins=False))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _execute(connection: sqlite3.Connection, script: str) -> None:
    for statement in _statements(script):
        connection.execute(statement)


def _keep_rejects_of_each_import(connection: sqlite3.Connection) -> None:
    known = _columns(connection, "imports")
    for column, kind in _IMPORT_COLUMNS.items():
        if column not in known:
            connection.execute(f"ALTER TABLE imports ADD COLUMN {column} {kind}")
    if "path" not in known:  # the directory of a relative path is lost; the journal compares it as it was given
        connection.execute("UPDATE imports SET path = file WHERE file <> '-'")
    connection.execute("CREATE INDEX IF NOT EXISTS imports_by_path ON imports (path)")
    for statement in (*_statements(_REJECT_TABLES), *_REJECT_TRIGGERS):
        connection.execute(statement)


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}


def _statements(script: str) -> list[str]:
    """The statements of a script without comments, one by one: `executescript` would commit the open transaction."""
    lines = (line.split("--")[0].rstrip() for line in script.splitlines())
    statements = "\n".join(line for line in lines if line).split(";")
    return [statement for statement in statements if statement.strip()]


FIRST_AND_LAST_DAY = """
SELECT (SELECT day FROM messages WHERE origin IS NOT NULL ORDER BY start_at LIMIT 1),
       (SELECT day FROM messages WHERE origin IS NOT NULL ORDER BY start_at DESC LIMIT 1)
"""
