#!/usr/bin/env bash
# `import sqlite_utils` loads pandas and numpy wherever they are installed, also in a program that never gives it a value of
# theirs: a program that creates one table pays for libraries that something else in its environment needs. Where
# `sys.modules` holds None for them during the import, sqlite-utils works without. Read off the head of its `db.py`; its
# documentation (Python API, column types) names numpy's types as supported, and no way to leave them out.
# Seen with Python 3.11.7, sqlite-utils 4.2.1, pandas 3.1.1, numpy 2.4.6: 72 MB, and 25 MB without.
# For saludo: `saludo[chdb]` brings pandas, so the import hides both (storage/database/light_import.py).
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check sqlite-utils==4.2.1 pandas==3.1.1 numpy==2.4.6
cat > loaded.py <<'PYTHON'
import resource
import sys

if sys.argv[1:] == ["hidden"]:
    sys.modules["pandas"] = sys.modules["numpy"] = None
from sqlite_utils import Database

database = Database(memory=True)
database["people"].insert({"name": "Ana"})
print("rows", database["people"].count, "loaded", *sorted(one for one in ("numpy", "pandas") if sys.modules.get(one)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MB", file=sys.stderr)
PYTHON
environment/bin/python --version
environment/bin/python loaded.py | tee seen.txt
environment/bin/python loaded.py hidden | tee hidden.txt
grep -qx "rows 1 loaded numpy pandas" seen.txt
grep -qx "rows 1 loaded" hidden.txt
