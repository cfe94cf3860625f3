"""The words of the command line and what they may be. Knows no command's work."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter

FILTER_HELP = (
    "what to show, such as 'period:7d template:order_* user:new status:failed'; fields: period (today, 7d, 30d, 90d,"
    " week, month, all), since, until, origin, line, template, user, status, failure, contact"
)


class UsageError(Exception):
    """A wrong word on the command line; the message is one line."""


class _Parser(argparse.ArgumentParser):
    """Raises UsageError, and takes no shortened options: one that is added later would make them mean another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; try '{self.prog} --help'")


class _Version(argparse.Action):
    """Prints the version; finding it out is slow, so only who asks waits for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"saludo {program_version()}")
        parser.exit()


def program_version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("saludo")
    except PackageNotFoundError:
        return "0 (not installed)"


def filter_of(text: str) -> Filter:
    """The filter of a text; raises UsageError, which shows the wrong word between » and «."""
    try:
        return Filter.parse(text)
    except FilterError as error:
        start, end = error.position, error.position + error.length
        shown = " ".join(f"{text[:start]}»{text[start:end]}«{text[end:]}".split())
        raise UsageError(f"--filter: {error.message}; in: {shown}") from None


def parse(words: list[str]) -> argparse.Namespace:
    """What the words of the command line say; raises UsageError."""
    arguments = build_parser().parse_args(words)
    for name, value in vars(arguments).items():
        if name not in _PATHS and isinstance(value, str) and not _is_text(value):
            raise UsageError(f"{name.replace('_', '-')}: '{printable(value)}' is not UTF-8")
    return arguments


_PATHS = frozenset(("output",))  # the names of files may be any bytes


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    common = _Parser(add_help=False)
    common.add_argument("--db", type=Path, default=argparse.SUPPRESS, metavar="PATH", help="the database file")
    # Suppressed defaults: a command that says nothing leaves what stands before it as it is.
    asked = _Parser(add_help=False)
    asked.add_argument("--filter", default=argparse.SUPPRESS, metavar="TEXT", help=FILTER_HELP)
    asked.add_argument(
        "--now", default=argparse.SUPPRESS, metavar="T", help="an ISO 8601 moment that stands in for the clock"
    )
    looks = _looks()
    parser = _Parser(
        prog="saludo",
        parents=[common, asked, looks],
        description="The conversation-start report of a WhatsApp business. Without a command: the dashboard.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted. SALUDO_DB names the database as well.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_demo(commands, [common, looks])
    _add_import(commands, common)
    report = commands.add_parser("report", parents=[common, asked], help="print the numbers and charts once, as text")
    report.add_argument("--json", action="store_true", help="print them as JSON")
    _add_export(commands, [common, asked])
    check = commands.add_parser("check", parents=[common], help="check the database against its messages")
    check.add_argument("--rebuild", action="store_true", help="derive everything anew first")
    settings = commands.add_parser("settings", parents=[common], help="show or set a setting")
    settings.add_argument("key", nargs="?", metavar="KEY", help="time_zone, answer_window (hours) or chat_link")
    settings.add_argument("value", nargs="?", metavar="VALUE", help="the new value")
    return parser


def _looks() -> _Parser:
    """How the dashboard looks and listens: flags over the settings file."""
    looks = _Parser(add_help=False)
    looks.add_argument(
        "--theme", choices=("ansi", "dark", "light"), default=argparse.SUPPRESS, help="colours: the terminal's own, ..."
    )
    looks.add_argument(
        "--mouse",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="listen to the mouse (default: not over SSH)",
    )
    looks.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="draw with ASCII only (default: where the locale is not UTF-8)",
    )
    return looks


def _add_demo(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    demo = commands.add_parser("demo", parents=parents, help="build the demo database and open the dashboard on it")
    demo.add_argument("--no-open", action="store_true", help="only build it and print where it is")


def _add_import(
    commands: argparse._SubParsersAction[_Parser],
    common: _Parser,
) -> None:
    parser = commands.add_parser("import", parents=[common], help="read files into the database")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="webhook log, send log or TSV, plain or gzip; - is stdin"
    )
    parser.add_argument(
        "--format", metavar="F", help="cloud_api, send_log or botmaker; recognised by content if not given"
    )
    parser.add_argument("--time-zone", metavar="Z", help="the zone of times without one (default: the report's)")
    parser.add_argument("--origin", metavar="O", default="template", help="the origin of rows that do not say theirs")
    parser.add_argument("--line", metavar="L", help="the line of records that do not say theirs")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON on stdout")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a record could not be read")


def _add_export(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    parser = commands.add_parser("export", parents=parents, help="write the starts as TSV")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="where to (default: stdout)")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    parser.add_argument("--language", choices=("en", "es"), default="en", help="of the header row")


def printable(text: str) -> str:
    """Text of files and people as a terminal may get it: what would control it becomes U+FFFD."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def narrate(text: str) -> None:
    """A line for the person, on stderr: stdout is data. A stderr that is closed or full stops nothing."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(printable(text), file=sys.stderr, flush=True)
