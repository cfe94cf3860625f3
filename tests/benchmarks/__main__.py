"""`python -m tests.benchmarks PART`: runs one of the benchmarks."""

from __future__ import annotations

import sys
from importlib import import_module

WORDS = {
    "against": "tests.benchmarks.against",
    "all": "tests.benchmarks.everything",
    "breakdown": "tests.benchmarks.breakdowns",
    "busy": "tests.benchmarks.busy",
    "check": "tests.benchmarks.checks",
    "clickhouse": "tests.benchmarks.clickhouse",
    "clickhouse-import": "tests.benchmarks.clickhouse_imports",
    "export": "tests.benchmarks.exports",
    "import": "tests.benchmarks.imports",
    "input": "tests.benchmarks.inputs",
    "memory": "tests.benchmarks.memory",
    "report": "tests.benchmarks.report",
    "table": "tests.benchmarks.tables",
    "terminal": "tests.benchmarks.terminal",
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in WORDS:
        sys.exit(f"usage: python -m tests.benchmarks {{{','.join(WORDS)}}} [options]")
    sys.exit(import_module(WORDS[sys.argv[1]]).run(sys.argv[2:]))
