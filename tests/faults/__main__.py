"""`python -m tests.faults`: runs the attacks at length, and writes what they found into docs/reliability.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.faults import shim
from tests.faults.attacks import ATTACKS, Attack, keep, write_report
from tests.faults.tally import Tally


def main() -> int:
    """Runs one attack, or writes the report; returns the exit status, 1 if the attack found a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for attack in ATTACKS:
        command = commands.add_parser(attack.name, help=attack.what)
        command.add_argument("--calls", "--tries", "--seconds", dest="size", type=int, default=attack.size)
        command.add_argument("--keep", action="store_true", help="keep the result for the report")
        if attack.goes_on:
            command.add_argument("--file", type=Path, help="note each try there, and go on behind those that are there")
    commands.add_parser("report", help="write the table of the results that were kept into docs/reliability.md")
    words = sys.argv[1:]
    arguments = parser.parse_args(["report"] if words == ["--report"] else words)
    if arguments.name == "report":
        write_report()
        return 0
    attack = next(one for one in ATTACKS if one.name == arguments.name)
    if attack.needs_shim and not shim.is_loaded():
        if (reason := shim.why_not()) is not None:
            print(f"skipped: {reason}")
            return 0
        return shim.run_under_shim(*sys.argv[1:])
    file: Path | None = getattr(arguments, "file", None)
    return _run(attack, arguments.size, Tally(file), arguments.keep)


def _run(attack: Attack, size: int, tally: Tally, kept: bool) -> int:
    result = attack.run(size, tally)
    print(
        f"{attack.name}: {result.tries:,} tries, {result.took:,} took effect, {result.uncheckable:,} not checkable,"
        f" {len(result.failures):,} failures"
    )
    for failure in result.failures:
        print(failure)
    if kept:
        keep(attack.name, result)
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
