"""`saludo import`: reads files into the database, each with a progress bar and a summary."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storage.database.connection import writing
from storage.database.settings import load_settings
from storage.domain.calendar import ZoneError, zone_of
from storage.domain.errors import unknown_word
from storage.language.conventions import use_country_of
from storage.language.texts import _
from tui.commands.arguments import UsageError
from tui.commands.common import bar, clickhouse_of, database_of, ignore_closed_pipes
from tui.commands.import_summary import as_json, repair_lines, summary_lines, total_line
from tui.commands.output import print_json, print_message, report_error

if TYPE_CHECKING:
    from storage.ingest.import_store import Keeper, Target
    from storage.ingest.importer import FileError, Summary
    from storage.sources.opened import Options
    from tui.commands.progress import Bar


def import_files(arguments: Namespace) -> int:
    """Imports files, each with a summary; returns the exit status."""
    options = _import_options(arguments)
    if arguments.files.count("-") > 1:
        raise UsageError(_("'-' is given twice, but standard input can be read only once"))
    if arguments.preview:
        from tui.commands.preview import preview_files

        return preview_files(arguments, options)
    ignore_closed_pipes()
    if (address := clickhouse_of(arguments)) is not None:
        from tui.commands.clickhouse_database import import_into

        return import_into(address, lambda journal, keeper: _import_files(arguments, journal, keeper, options))
    from storage.ingest.importer import prepare
    from storage.ingest.journal import is_empty
    from storage.ingest.kept_batch_writer import KeptBatchWriter

    with writing(database_of(arguments), unless=is_empty) as writer:
        with bar(_("upgrading a database of an older version")) as mending:
            repair = prepare(writer, mending.count)
        for line in repair_lines(repair):
            print_message(line)
        with KeptBatchWriter() as kept:
            return _import_files(arguments, writer, kept, options)


def _import_options(arguments: Namespace) -> Callable[[ZoneInfo], Options]:
    """The options as a function of the report's time zone; raises UsageError for a wrong value."""
    from storage.domain.events import LineIds, Origin
    from storage.domain.patterns import phone_digits
    from storage.sources import formats
    from storage.sources.date_order import DateOrder
    from storage.sources.opened import Options

    if arguments.format is not None and arguments.format not in formats.names():
        message = _("--format: unknown format '{given}'; expected {expected}")
        raise UsageError(message.format(given=arguments.format, expected=formats.expected()))
    if arguments.origin not in set(Origin):
        raise UsageError("--origin: " + unknown_word(_("origin"), arguments.origin, [*Origin]))
    try:
        zone = None if arguments.time_zone is None else zone_of(arguments.time_zone)
    except ZoneError as error:
        raise UsageError(f"--time-zone: {error}") from None
    line = None
    if arguments.line:
        number = phone_digits(arguments.line)
        # Bare digits are a number or an identifier: as a name they match a line that has either.
        line = LineIds(number=number) if arguments.line.startswith("+") and number.isdigit() else LineIds(name=number)
    columns = tuple(map(_mapped, arguments.map))
    return lambda report_zone: Options(
        time_zone=zone or report_zone,
        origin=Origin(arguments.origin),
        line=line,
        format=arguments.format,
        columns=columns,
        dates=None if arguments.dates is None else DateOrder(arguments.dates),
    )


def _mapped(text: str) -> tuple[str, str]:
    """The column and the field of one `--map`; raises UsageError."""
    from storage.sources.column_names import fields, meaning_of

    column, sign, field = text.rpartition("=")
    if not sign or not column.strip():
        message = _("--map: '{given}' is not COLUMN=FIELD; fields are {fields}")
        raise UsageError(message.format(given=text, fields=", ".join(fields())))
    if (meaning := meaning_of(field)) is None:
        raise UsageError("--map: " + unknown_word(_("field"), field, fields()))
    return column, meaning


def _import_files(
    arguments: Namespace, target: Target, kept: Keeper[Target], options_in: Callable[[ZoneInfo], Options]
) -> int:
    from storage.ingest.archives import Skipped
    from storage.ingest.importer import FileError

    zone = load_settings(target.connection).zone
    use_country_of(zone.key)
    options = options_in(zone)
    summaries: list[Summary] = []
    names, failed = arguments.files, 0
    for number, name in enumerate(names, 1):
        with bar(name, None if name == "-" else _size(name), number, len(names)) as progress:
            for result in _results(target, name, options, progress, kept):
                progress.clear()
                if isinstance(result, Skipped):
                    print_message(_("{file} (skipped)").format(file=result))
                elif isinstance(result, FileError):
                    report_error(str(result), 1)
                    failed += 1
                else:
                    summaries.append(result)
                    for line in summary_lines(result, str(getattr(arguments, "db", None) or "")):
                        print_message(line)
    if arguments.json:
        print_json(as_json(summaries, failed))
    elif len(summaries) + failed > 1:
        print_message(total_line(summaries, failed))
    rejected = any(summary.rejects for summary in summaries)
    return 1 if failed or (arguments.strict and rejected) else 0


def _results(
    target: Target, name: str, options: Options, progress: Bar, kept: Keeper[Target]
) -> Iterator[Summary | FileError]:
    """What was imported of a file, or of each member of an archive, or why it was not."""
    from storage.ingest.archives import import_archive, is_archive
    from storage.ingest.importer import FileError

    try:
        if name != "-" and is_archive(Path(name)):
            yield from import_archive(target, Path(name), options, progress.show, progress.counted, kept)
        else:
            yield _import_file(target, name, options, progress, kept)
    except FileError as error:
        yield error


def _import_file(target: Target, name: str, options: Options, progress: Bar, kept: Keeper[Target]) -> Summary:
    from storage.ingest.importer import FileError, import_path, import_stream

    if name != "-":
        return import_path(target, Path(name), options, progress.show, progress.counted, kept)
    if sys.stdin is None:
        raise FileError(_("-: standard input is closed"))
    return import_stream(target, sys.stdin.buffer, "-", options, progress.show, progress.counted, kept)


def _size(name: str) -> int | None:
    try:
        return Path(name).stat().st_size
    except OSError:
        return None
