#!/usr/bin/env bash
# mutmut 3.8.1 reports the mutants of a function that runs while its module is imported as survived, although a test
# checks the result. A mutant is chosen when the function is called, and mutmut has imported the module before that: the
# test sees the result of the unchanged function. If the test calls the function itself, the same mutants are killed.
# Seen with Python 3.11.7; mutmut's README says of code outside functions that version 2 is needed, not this.
# For saludo: a try of tests/mutants runs the changed module again where no test executes the change (docs/mutants.md).
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check mutmut==3.8.1 pytest==8.4.2
mkdir package tests
touch package/__init__.py
cat > package/tables.py <<'PYTHON'
def squares(most):
    return {number: number * number for number in range(most)}


def double(number):
    return 2 * number


SQUARES = squares(4)
PYTHON
printf '[tool.mutmut]\nsource_paths = ["package"]\n' > pyproject.toml

# Prints how the mutants of squares() end under a test.
mutants_under() {
    printf '%s\n' "$1" > tests/test_tables.py
    rm -rf mutants
    environment/bin/mutmut run > run.txt 2>&1 || true
    environment/bin/mutmut results --all true | grep squares | sed 's/^ *//' | sort
}

environment/bin/python --version
environment/bin/mutmut --version
on_import="$(mutants_under 'from package.tables import SQUARES, double
def test_squares():
    assert double(2) == 4
    assert SQUARES == {0: 0, 1: 1, 2: 4, 3: 9}')"
by_call="$(mutants_under 'from package.tables import squares
def test_squares():
    assert squares(4) == {0: 0, 1: 1, 2: 4, 3: 9}')"
printf 'called on import:\n%s\ncalled by the test:\n%s\n' "$on_import" "$by_call"
test "$(grep -c survived <<< "$on_import")" -eq 2
test "$(grep -c killed <<< "$by_call")" -eq 2
