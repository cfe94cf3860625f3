#!/usr/bin/env bash
# Whether Babel 2.19.0 finds a marked text inside an f-string, f"{_('one')} of {count}", depends on the Python that runs it:
# on 3.12 it does, on 3.11 it passes over the text without a word. Before PEP 701 (Python 3.12) the tokenizer hands over an f-string
# as one token, and Babel's Python extractor reads tokens. A catalogue that is made on one machine then loses texts that another
# has found. Seen with Python 3.11.7 and 3.12.1; the script expects what its own python3 does.
# For saludo: docs/translations.md forbids `_` inside an f-string, and tests/storage/language finds texts that are not marked.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check babel==2.19.0
cat > extract.py <<'PYTHON'
import io
import platform
import sys

from babel import __version__
from babel.messages.extract import extract

SOURCE = b"""
print(f"{_('inside')} of {count}")
print(_("outside"))
"""
found = [text for _, text, _, _ in extract("python", io.BytesIO(SOURCE), keywords={"_": None})]
print("Python", platform.python_version(), "Babel", __version__, "finds", *found)
sys.exit(found != (["outside"] if sys.version_info < (3, 12) else ["inside", "outside"]))
PYTHON
environment/bin/python extract.py
