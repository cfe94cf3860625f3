"""The benchmarks' command: `python -m tests.benchmarks import --events 1000000`."""

from __future__ import annotations

import argparse

from tests.benchmarks import imports


def main() -> None:
    """Runs the benchmark that the first word names."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("import", help="a log of webhooks and sends into the database")
    imports.add_arguments(command)
    command.set_defaults(run=imports.run)
    arguments = parser.parse_args()
    arguments.run(arguments)


main()
