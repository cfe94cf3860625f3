#!/usr/bin/env bash
# Session.query() of chdb 4.4.0 writes the texts of a list parameter without quotes: `{x:Array(String)}` with params={"x": ["a"]}
# is an error of the parser (CANNOT_PARSE_QUOTED_STRING), and a text that brings its own quotes becomes several values. Numbers
# and single texts are bound well. clickhouse-connect 1.12.0 drives the same engine (interface="chdb") and quotes them.
# Seen with Python 3.11.7, chdb 4.4.0 (chdb-core 26.9.0, ClickHouse 26.9.2.1), clickhouse-connect 1.12.0.
# For saludo: chdb is asked through clickhouse-connect only, as a server is (storage/clickhouse/connecting.py).
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check chdb==4.4.0 chdb-core==26.9.0 clickhouse-connect==1.12.0
cat > parameters.py <<'PYTHON'
import clickhouse_connect
from chdb.session import Session

QUERY = "SELECT length({x:Array(String)}) AS n"


def asked(texts):
    try:
        return str(session.query(QUERY, "TabSeparated", params={"x": texts})).strip()
    except Exception as error:
        return "CANNOT_PARSE_QUOTED_STRING" if "CANNOT_PARSE_QUOTED_STRING" in str(error) else str(error)


session = Session()
print("chdb, one plain text:", asked(["a"]))
print("chdb, one text with quotes:", asked(["'a','b'"]))
session.close()
client = clickhouse_connect.get_client(interface="chdb")
for name, texts in (("plain text", ["a"]), ("text with quotes", ["'a','b'"])):
    print(f"clickhouse-connect, one {name}:", client.query(QUERY, parameters={"x": texts}).result_rows[0][0])
PYTHON
environment/bin/python --version
environment/bin/python parameters.py | tee seen.txt
grep -qx "chdb, one plain text: CANNOT_PARSE_QUOTED_STRING" seen.txt
grep -qx "chdb, one text with quotes: 2" seen.txt
grep -qx "clickhouse-connect, one plain text: 1" seen.txt
grep -qx "clickhouse-connect, one text with quotes: 1" seen.txt
