"""`python -m tests.faults`: runs the attacks at length, and writes what they found into docs/reliability.md."""

from __future__ import annotations

import argparse
import sys

from tests.faults import interruptions, shim
from tests.faults.attacks import ATTACKS, Attack, keep, write_report


def main() -> int:
    """Runs one attack, or writes the report; returns the exit status, 1 if the attack found a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    for attack in ATTACKS:
        command = commands.add_parser(attack.name, help=attack.what)
        command.add_argument("--calls", "--tries", "--seconds", dest="size", type=int, default=attack.size)
        command.add_argument("--keep", action="store_true", help="keep the result for the report")
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
    return _run(attack, arguments.size, arguments.keep)


def _run(attack: Attack, size: int, kept: bool) -> int:
    result: interruptions.Result = attack.run(size)
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
