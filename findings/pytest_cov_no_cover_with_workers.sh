#!/usr/bin/env bash
# The mark `no_cover` of pytest-cov 7.1.0 keeps a test out of the report, but with pytest-xdist 3.8.0 the test is traced all the same,
# so it stays as slow as one that is measured. Each worker starts a measurement when pytest-cov is loaded and another one for the
# worker; the mark stops the second, and coverage 7.17.5 goes on with the one that was started before. Without workers the mark works.
# (plugin.py and engine.py of pytest-cov: Central is started in the worker too; coverage/collector.py: stop resumes what stood before.)
# For saludo: tests/conftest.py takes the trace function away by itself, and tests/test_not_measured.py holds it to that.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
    pytest==8.4.2 pytest-cov==7.1.0 pytest-xdist==3.8.0 coverage==7.17.5
cat > counted.py <<'PYTHON'
def double(number):
    return 2 * number
PYTHON
cat > test_marked.py <<'PYTHON'
import sys

import counted
import pytest


@pytest.mark.no_cover
def test_marked():
    assert counted.double(2) == 4
    with open("traced", "a") as file:
        print(sys.gettrace() is not None, file=file)
PYTHON
for workers in 0 1; do
    environment/bin/python -m pytest -q -p no:cacheprovider --cov=counted --cov-report=term -n "$workers" test_marked.py > out
    echo "-n $workers: traced $(tail -1 traced), $(grep counted.py out)"
done
[ "$(tr '\n' ' ' < traced)" = "False True " ]
