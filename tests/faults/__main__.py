"""`python -m tests.faults`: runs the attacks at length."""

from __future__ import annotations

import argparse
import sys

from tests.faults import interruptions, shim


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="attack", required=True)
    for name in ("kills", "writes"):
        command = commands.add_parser(name)
        command.add_argument("--calls", type=int, default=200)
        command.add_argument("--databases", nargs="*", default=[*interruptions.DATABASES])
    arguments = parser.parse_args()
    if not shim.is_loaded():
        if (reason := shim.why_not()) is not None:
            print(reason)
            return 0
        return shim.run_under_shim(*sys.argv[1:])
    attack = interruptions.kills if arguments.attack == "kills" else interruptions.failing_calls
    result = attack(arguments.calls, tuple(arguments.databases))
    print(f"{result.tries} tries, {result.took} took effect, {len(result.failures)} failures")
    print(*result.failures[:40], sep="\n")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
