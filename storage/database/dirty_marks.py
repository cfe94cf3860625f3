"""Dirty marks: every statement that marks a part of the cube as out of date, or takes a mark back. Knows the tables
`dirty` and `messages` only.

A row of `dirty` says that the cube's block of days is older than `messages`, for one line. Who marks what:

* Triggers mark the day of a start that is updated or deleted, in the same transaction: no writer can forget it.
* MARK_DAY marks the days of new starts. Inserts have no trigger: `storage/messages/store.py` executes it once for each
  day and line of a batch, which is faster than once for each row.
* `storage/cube/refresh.py` refreshes a block, marks its parent and unmarks it (MARK_PARENT, UNMARK), or marks every
  day to rebuild the cube (MARK_DAY).
* A migration that drops the cube marks every day that has a start (MARK_ALL_DAYS), one that adds to it every day that
  it has counted (MARK_ALL_CELLS), one that drops its coarser blocks every week (MARK_ALL_WEEKS). Where the file is
  damaged, days are marked by reading every start (MARK_ALL_STARTS), because no index of it may be trusted.
"""

from __future__ import annotations

from storage.database.unknown_ids import UNKNOWN_ID
from storage.domain.calendar import QUARTER

# Parameters: day, line (None: unknown).
MARK_DAY = f"INSERT OR IGNORE INTO dirty (level, block, line) VALUES (0, ?, ifnull(?, {UNKNOWN_ID}))"

# Parameters: level and block of the parent, then of the block whose marked lines its parent takes over.
MARK_PARENT = "INSERT OR IGNORE INTO dirty SELECT ?, ?, line FROM dirty WHERE level = ? AND block = ?"
# Parameters: level, block.
UNMARK = "DELETE FROM dirty WHERE level = ? AND block = ?"

MARK_ALL_STARTS = f"""
INSERT INTO dirty (level, block, line)
SELECT DISTINCT 0, day, ifnull(line, {UNKNOWN_ID}) FROM messages WHERE origin IS NOT NULL
"""

# The same days for every line, of a database whose index by time is sound. All starts within a quarter of an hour are
# of one day: it reads the first of each quarter and goes on behind it. Of a million starts MARK_ALL_STARTS takes 40
# times the time. Names differ from those of the columns of `messages`, which would be meant.
MARK_ALL_DAYS = f"""
INSERT INTO dirty (level, block, line)
WITH RECURSIVE firsts (first) AS (
    SELECT (SELECT start_at FROM messages WHERE origin IS NOT NULL ORDER BY start_at LIMIT 1)
    UNION ALL
    SELECT (
        SELECT start_at FROM messages
        WHERE origin IS NOT NULL AND start_at >= first - (first % {QUARTER} + {QUARTER}) % {QUARTER} + {QUARTER}
        ORDER BY start_at LIMIT 1
    ) FROM firsts WHERE first IS NOT NULL
), days (marked) AS (
    SELECT DISTINCT (SELECT day FROM messages WHERE origin IS NOT NULL AND start_at = first LIMIT 1)
    FROM firsts WHERE first IS NOT NULL
)
SELECT 0, marked, one FROM days CROSS JOIN (SELECT id AS one FROM lines UNION ALL SELECT {UNKNOWN_ID})
"""

# For a cube that lacks something but is right otherwise: it has a roll-up over the templates of each line with a start.
MARK_ALL_CELLS = "INSERT OR IGNORE INTO dirty SELECT 0, day, line FROM cells WHERE line <> 0 AND template = 0"

# For a cube whose days are right and whose coarser blocks were dropped. It marks the weeks of these days, as `block_of`
# in storage/cube/layout.py cuts them: from a Monday on, or from the first of the month. 1970-01-01 was a Thursday.
MARK_ALL_WEEKS = """
INSERT OR IGNORE INTO dirty
SELECT 1, max(day - ((day + 3) % 7 + 7) % 7, strftime('%s', day * 86400, 'unixepoch', 'start of month') / 86400), line
FROM cells WHERE line <> 0 AND template = 0
"""

# The columns of a start that the cube counts: a change of any of them marks its day.
_COUNTED = "line, contact, start_template, day, origin, user_type, status, failure_code, failure_reason, marks"
_OLD, _NEW = (", ".join(f"{row}.{column}" for column in _COUNTED.split(", ")) for row in ("old", "new"))

# Databases store the text of their triggers: a change here needs a migration.
TRIGGERS = {
    "start_changed": f"""
CREATE TRIGGER start_changed AFTER UPDATE OF {_COUNTED} ON messages
WHEN (old.origin IS NOT NULL OR new.origin IS NOT NULL) AND ({_OLD}) IS NOT ({_NEW}) BEGIN
    INSERT OR IGNORE INTO dirty SELECT 0, old.day, ifnull(old.line, {UNKNOWN_ID}) WHERE old.origin IS NOT NULL;
    INSERT OR IGNORE INTO dirty SELECT 0, new.day, ifnull(new.line, {UNKNOWN_ID})
    WHERE new.origin IS NOT NULL AND (old.origin IS NULL OR (old.day, old.line) IS NOT (new.day, new.line));
END""",
    "start_gone": f"""
CREATE TRIGGER start_gone AFTER DELETE ON messages WHEN old.origin IS NOT NULL BEGIN
    INSERT OR IGNORE INTO dirty VALUES (0, old.day, ifnull(old.line, {UNKNOWN_ID}));
END""",
}
