# Every task of the project: `just` lists them. Each is one command that also works without just.

# List the tasks.
default:
    @just --list

# Linters, types and the rules between packages.
check:
    ruff check .
    ruff format --check .
    mypy
    lint-imports

# The tests of the README, or a part of them: `just test tests/storage/cube`; `just test --long` tries every variant.
test *options:
    python -m pytest -n 4 --dist worksteal {{ options }}

# What CI runs, in an environment of its own.
ci:
    .ci/run

# Branch coverage of storage, with the lines that no test reaches.
coverage:
    python -m pytest -n 4 --dist worksteal --cov --cov-report=term-missing:skip-covered

# Measure this checkout against another revision, side by side.
bench revision='main' *options:
    python -m tests.benchmarks against {{ revision }} {{ options }}

# Attack the program at length: `just faults kills --keep`; `just faults --report` writes the table of what was kept.
faults *options='kills':
    python -m tests.faults {{ options }}

# Write what the documents show of the code: keys, columns, man page, and the picture of the screen.
docs:
    python -m tests.docs

# Bring the catalogues of texts, and the table of countries, up to date with the code.
texts:
    python -m tests.texts

# Change storage/messages and storage/cube in thousands of ways, and show the changes that no test notices.
mutants *options:
    python -m tests.mutants {{ options }}
