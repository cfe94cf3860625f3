"""`saludo completion`: prints a completion script for a shell, made from the parser."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction

from tui.commands.arguments import build_parser
from tui.commands.output import print_text

_FILE_METAVARS = ("FILE", "PATH")  # names of file arguments in the help


def completion(arguments: Namespace) -> int:
    """Prints the script for the given shell; returns the exit status."""
    import shtab  # only this command needs it

    parser = build_parser()
    _complete_files(parser, shtab.FILE)
    print_text(shtab.complete(parser, shell=arguments.shell) + "\n")
    return 0


def _complete_files(parser: ArgumentParser, files: object) -> None:
    """Marks the arguments of a parser and its commands that are completed with file names."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                _complete_files(command, files)
        elif action.metavar in _FILE_METAVARS:
            action.complete = files  # type: ignore[attr-defined]  # shtab reads this attribute
