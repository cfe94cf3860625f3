"""The parser of the command line: every command and option. Does not know what a command does."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from storage.domain.dimension import Dimension
from storage.domain.filter_context import FilterContext
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter, fields_by_keyword
from storage.domain.period import NAMED_PERIODS
from storage.language.languages import LANGUAGES, tag_of
from storage.language.of_process import FILE_LANGUAGE
from storage.language.stored_texts import translated
from storage.language.texts import _
from tui.commands.output import print_lines, printable
from tui.commands.usage_texts import translate_argparse

FILTER_HELP = _(
    "what to include, such as 'period:7d template:order_* user:new status:failed'; fields: period ({periods}), {fields}"
).format(periods=", ".join(NAMED_PERIODS), fields=", ".join(fields_by_keyword()).removeprefix("period, "))


class UsageError(Exception):
    """Wrong usage of the command line; the message is one line."""


class _Parser(argparse.ArgumentParser):
    """Raises UsageError, and accepts no abbreviated options: a new option could make an abbreviation ambiguous."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def print_help(self, file: object = None) -> None:
        print_lines(*self.format_help().rstrip("\n").split("\n"))

    def error(self, message: str) -> NoReturn:
        raise UsageError(_("{message}; try '{program} --help'").format(message=message, program=self.prog))


class _Version(argparse.Action):
    """Prints the version, which is read only if needed, because that is slow."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> None:
        print_lines(f"saludo {program_version()}")
        parser.exit()


def program_version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("saludo")
    except PackageNotFoundError:
        return _("0 (not installed)")


def filter_of(text: str, context: FilterContext) -> Filter:
    """Parses the text of `--filter`; raises UsageError, which quotes the wrong part."""
    try:
        return Filter.parse(text, context)
    except FilterError as error:
        raise UsageError(f"--filter: {error.sentence}") from None


def _language(text: str) -> str:
    """The language of `--lang`; the entry point has set it before this module was imported."""
    tag = tag_of(text)
    if tag is None:
        message = _("Unknown language '{given}'. Use one of: {known}")
        raise argparse.ArgumentTypeError(message.format(given=printable(text), known=", ".join(LANGUAGES)))
    return tag


def _database(text: str) -> Path | str:
    """The database of `--db`: a path, or the address of a ClickHouse database, which a path would lose a slash of."""
    return text if ":" in text else Path(text)


def _dimension(text: str) -> Dimension:
    """The dimension of `--by`; a hyphen may stand for the underscore."""
    try:
        return Dimension(text.lower().replace("-", "_"))
    except ValueError:
        message = _("Unknown dimension '{given}'. Use one of: {known}")
        raise argparse.ArgumentTypeError(message.format(given=printable(text), known=", ".join(Dimension))) from None


def parse(words: list[str]) -> argparse.Namespace:
    """Parses a command line (without the name of the program); raises UsageError."""
    # Importing the formats takes time, and only the help of `import` lists them.
    arguments = build_parser(with_formats="import" in words).parse_args(words)
    for name, value in vars(arguments).items():
        if name not in _PATHS and isinstance(value, str) and not _is_text(value):
            message = _("{argument}: '{given}' is not UTF-8")
            raise UsageError(message.format(argument=name.replace("_", "-"), given=printable(value)))
    return arguments


_PATHS = frozenset(("output",))  # arguments that may contain any bytes


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def build_parser(*, with_formats: bool = True) -> argparse.ArgumentParser:
    """The parser of the whole command line.

    Args:
        with_formats: whether the help of `import` lists the formats.
    """
    translate_argparse()
    common = _common_options()
    # Suppressed defaults: `saludo --filter … report` must not be reset by the parser of `report`.
    filter_options = _Parser(add_help=False)
    filter_options.add_argument("--filter", default=argparse.SUPPRESS, metavar="TEXT", help=FILTER_HELP)
    filter_options.add_argument(
        "--no-exclude",
        action="store_true",
        default=argparse.SUPPRESS,
        help=_("include the people that 'exclude' of the settings file leaves out"),
    )
    now_option = _Parser(add_help=False)
    now_option.add_argument("--now", default=argparse.SUPPRESS, metavar="T", help=_("treat this ISO 8601 time as now"))
    dashboard_options = _dashboard_options()
    parser = _Parser(
        prog="saludo",
        parents=[common, filter_options, now_option, dashboard_options],
        description=_(
            "Report on the conversation starts of a WhatsApp business. Without a command: open the dashboard."
        ),
        epilog=_("Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted. SALUDO_DB is the default of --db."),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help=_("print the version"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_demo(commands, [common, filter_options, dashboard_options])
    _add_import(commands, common, with_formats)
    _add_lists(commands, common)
    _add_report(commands, [common, filter_options, now_option])
    _add_export(commands, [common, filter_options, now_option])
    _add_backup(commands, common)
    _add_push(commands, common)
    _add_pull(commands, [common, filter_options, now_option])
    check = commands.add_parser("check", parents=[common], help=_("compare the database with its messages"))
    check.add_argument("--rebuild", action="store_true", help=_("rebuild derived data first"))
    _add_work(commands, common)
    settings = commands.add_parser("settings", parents=[common], help=_("show or change a setting"))
    settings.add_argument(
        "key",
        nargs="?",
        metavar="KEY",
        help=_("time_zone, answer_window (hours), chat_link or first_day (of the week)"),
    )
    settings.add_argument("value", nargs="?", metavar="VALUE", help=_("the new value"))
    completion = commands.add_parser("completion", parents=[common], help=_("print a completion script for a shell"))
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), help=_("the shell"))
    completion.add_argument("--complete", metavar="TEXT", help=_("print what the beginning of a filter can become"))
    return parser


def _common_options() -> _Parser:
    """Options of every command."""
    common = _Parser(add_help=False)
    common.add_argument(
        "--db",
        type=_database,
        default=argparse.SUPPRESS,
        metavar="PATH",
        help=_("the database file, or a ClickHouse database such as clickhouse://user@host:8123/database"),
    )
    common.add_argument(
        "--lang",
        type=_language,
        default=argparse.SUPPRESS,
        metavar="LANG",
        help=_("language: {languages}, or with a country, such as es_AR (default: the locale's)").format(
            languages=", ".join(LANGUAGES)
        ),
    )
    return common


def _dashboard_options() -> _Parser:
    """Options of the dashboard that override the settings file."""
    dashboard_options = _Parser(add_help=False)
    dashboard_options.add_argument(
        "--theme",
        choices=("ansi", "dark", "light"),
        default=argparse.SUPPRESS,
        help=_("colours of the terminal (ansi), or a dark or light theme"),
    )
    dashboard_options.add_argument(
        "--mouse",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help=_("use the mouse (default: not over SSH)"),
    )
    dashboard_options.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help=_("use ASCII characters only (default: if the locale is not UTF-8)"),
    )
    return dashboard_options


def _add_demo(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    demo = commands.add_parser("demo", parents=parents, help=_("build a demo database and open the dashboard on it"))
    demo.add_argument("--no-open", action="store_true", help=_("only build it and print its path"))


def _add_import(commands: argparse._SubParsersAction[_Parser], common: _Parser, with_formats: bool) -> None:
    names, epilog = _formats() if with_formats else ("", "")
    parser = commands.add_parser("import", parents=[common], help=_("read files into the database"), epilog=epilog)
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help=_("log or table, plain or gzip, bzip2, xz or zip; - is stdin"),
    )
    parser.add_argument(
        "--format", metavar="F", help=_("{formats}; default: detect it by content").format(formats=names)
    )
    parser.add_argument("--time-zone", metavar="Z", help=_("time zone of times without one (default: the report's)"))
    parser.add_argument(
        "--origin",
        metavar="O",
        default="template",
        help=_("origin of rows without one: template, notification, webchat or campaign"),
    )
    parser.add_argument("--line", metavar="L", help=_("line of records without one"))
    parser.add_argument(
        "--map",
        metavar="COLUMN=FIELD",
        action="append",
        default=[],
        help=_("what a column of a table means, such as 'Nro=recipient'; may be repeated"),
    )
    parser.add_argument(
        "--dates",
        choices=("day-first", "month-first"),
        help=_("order of day and month in dates like 3/11/2026 (default: what each column proves, else day-first)"),
    )
    parser.add_argument("--preview", action="store_true", help=_("show how the first records are read; store nothing"))
    parser.add_argument("--json", action="store_true", help=_("print the summary as JSON on stdout"))
    parser.add_argument("--strict", action="store_true", help=_("exit 1 if a record could not be read"))


def _add_lists(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    rejects = commands.add_parser("rejects", parents=[common], help=_("list the records that could not be read"))
    rejects.add_argument("--file", metavar="FILE", help=_("only those of this file"))
    imports = commands.add_parser(
        "imports", parents=[common], help=_("list what was imported and when, the newest last")
    )
    for parser in (rejects, imports):
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help=_("print them as JSON"))
        form.add_argument("--tsv", action="store_true", help=_("print them as TSV"))


def _add_push(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    push = commands.add_parser(
        "push", parents=[common], help=_("copy the database into a ClickHouse database and compare the reports")
    )
    push.add_argument("target", metavar="TARGET", help=_("the ClickHouse database, or chdb:DIRECTORY"))


def _add_pull(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    pull = commands.add_parser(
        "pull",
        parents=parents,
        help=_("bring the starts of a filter from a ClickHouse database as a SQLite file"),
    )
    pull.add_argument("output", metavar="FILE", help=_("the SQLite file"))
    pull.add_argument("--force", action="store_true", help=_("replace the file if it exists"))


def _add_work(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    work = commands.add_parser(
        "work", parents=[common], help=_("derive what others import into a ClickHouse database, until it is ended")
    )
    work.add_argument("--once", action="store_true", help=_("end when nothing is left to derive"))
    work.add_argument(
        "--print-tables", metavar="CLUSTER", help=_("print the statements that create the tables of a cluster, and end")
    )


def _add_backup(commands: argparse._SubParsersAction[_Parser], common: _Parser) -> None:
    parser = commands.add_parser(
        "backup", parents=[common], help=_("copy the database to a file, also during an import")
    )
    parser.add_argument("output", metavar="FILE", help=_("the copy"))
    parser.add_argument("--force", action="store_true", help=_("replace the file if it exists"))


def _formats() -> tuple[str, str]:
    """The names of the formats, and a sentence that describes them."""
    from storage.sources import formats

    described = (f"{format.name} ({translated(format.description)})" for format in formats.FORMATS)
    return formats.expected(), _("Formats: {formats}.").format(formats="; ".join(described))


def _add_report(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    parser = commands.add_parser("report", parents=parents, help=_("print the numbers and charts once, as text"))
    parser.add_argument("--json", action="store_true", help=_("print them as JSON"))
    parser.add_argument(
        "--by",
        type=_dimension,
        choices=tuple(Dimension),
        metavar="DIMENSION",
        help=_("print a row for each value of a dimension: {dimensions}").format(dimensions=", ".join(Dimension)),
    )
    parser.add_argument(
        "--compare",
        nargs="?",
        choices=("before", "last-year"),
        const="before",
        help=_("tell the change against the period before, or against the same days last year"),
    )


def _add_export(commands: argparse._SubParsersAction[_Parser], parents: list[_Parser]) -> None:
    parser = commands.add_parser(
        "export", parents=parents, help=_("write the starts or people as TSV or as a workbook")
    )
    parser.add_argument(
        "-o",
        "--output",
        default="-",
        metavar="FILE",
        help=_("file to write; a workbook if it ends in .xlsx (default: TSV on stdout)"),
    )
    parser.add_argument("--people", action="store_true", help=_("one row a contact, with their last start"))
    parser.add_argument(
        "--retry",
        action="store_true",
        help=_("one row a person whom a new try can reach: their last failed send, and the earliest time to try"),
    )
    parser.add_argument("--force", action="store_true", help=_("replace the file if it exists"))
    parser.add_argument(
        "--header",
        "--language",
        choices=tuple(LANGUAGES),
        default=FILE_LANGUAGE,
        help=_("language of the header row (default: that of --lang)"),
    )
