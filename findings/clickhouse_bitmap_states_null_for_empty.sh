#!/usr/bin/env bash
# ClickHouse 26.9 (chdb 4.4.0): with aggregate_functions_null_for_empty = 1, groupBitmapState makes a state of another function,
# groupBitmapOrNull, which groupBitmapMergeIf refuses (error 43) although groupBitmapMerge takes it: the same statement runs
# without the setting and fails with it. The documentation of the setting says only that -OrNull is added to aggregate functions.
# Seen with Python 3.11.7.
# For saludo: the statements that are shared with SQLite need the setting (storage/published/dialect.py), because SQLite's sum of
# no rows is NULL. A statement that merges sets of users must run without it.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check chdb==4.4.0
cat > states.py <<'PYTHON'
import chdb

STATEMENT = """
SELECT groupBitmapMergeIf(users, third < 3) FROM (
    SELECT number % 3 AS third, groupBitmapState(toUInt32(number % 10)) AS users FROM numbers(100) GROUP BY third
)
"""
print("ClickHouse", chdb.engine_version)
for value in (0, 1):
    try:
        found = chdb.query(f"{STATEMENT} SETTINGS aggregate_functions_null_for_empty = {value}", "TSV").bytes().decode().strip()
    except Exception as error:
        found = "error 43" if "groupBitmapOrNull instead of groupBitmap" in str(error) else str(error)
    print(f"null for empty {value}: {found}")
PYTHON
environment/bin/python states.py | tee seen.txt
grep -qx "null for empty 0: 10" seen.txt
grep -qx "null for empty 1: error 43" seen.txt
