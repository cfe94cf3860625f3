"""`saludo import`: reads files into the database, each with a progress bar and a summary."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from storage.database.connection import writing
from storage.database.settings import load_settings
from storage.domain.calendar import ZoneError, zone_of
from storage.domain.errors import unknown_word
from tui.commands.arguments import UsageError
from tui.commands.common import bar, database_of, ignore_closed_pipes
from tui.commands.output import is_utf8, print_lines, print_message, report_error
from tui.words.numbers import plural

if TYPE_CHECKING:
    from storage.database.connection import Writer
    from storage.ingest.importer import Summary
    from storage.sources.opened import Options


def import_files(arguments: Namespace) -> int:
    """Imports files, each with a summary; returns the exit status."""
    options = _import_options(arguments)
    if arguments.files.count("-") > 1:
        raise UsageError("'-' is given twice, but standard input can be read only once")
    ignore_closed_pipes()
    with writing(database_of(arguments)) as writer:
        return _import_files(arguments, writer, options)


def _import_options(arguments: Namespace) -> Callable[[ZoneInfo], Options]:
    """The options as a function of the report's time zone; raises UsageError for a wrong value."""
    from storage.domain.events import LineIds, Origin
    from storage.domain.patterns import phone_digits
    from storage.sources import formats
    from storage.sources.opened import Options

    if arguments.format is not None and arguments.format not in formats.names():
        raise UsageError(f"--format: unknown format '{arguments.format}'; expected {formats.expected()}")
    if arguments.origin not in set(Origin):
        raise UsageError(f"--origin: {unknown_word('origin', arguments.origin, [*Origin])}")
    try:
        zone = None if arguments.time_zone is None else zone_of(arguments.time_zone)
    except ZoneError as error:
        raise UsageError(f"--time-zone: {error}") from None
    line = None
    if arguments.line:
        number = phone_digits(arguments.line)
        # Bare digits are a number or an identifier: as a name they match a line that has either.
        line = LineIds(number=number) if arguments.line.startswith("+") and number.isdigit() else LineIds(name=number)
    return lambda report_zone: Options(
        time_zone=zone or report_zone, origin=Origin(arguments.origin), line=line, format=arguments.format
    )


def _import_files(arguments: Namespace, writer: Writer, options_in: Callable[[ZoneInfo], Options]) -> int:
    from storage.ingest.importer import FileError, import_path, import_stream, prepare

    prepare(writer)
    options = options_in(load_settings(writer.connection).zone)
    summaries: list[Summary] = []
    failed = False
    for name in arguments.files:
        try:
            with bar(name, None if name == "-" else _size(name)) as progress:
                if name != "-":
                    summary = import_path(writer, Path(name), options, progress.show, progress.counted)
                elif sys.stdin is None:
                    raise FileError("-: standard input is closed")
                else:
                    summary = import_stream(writer, sys.stdin.buffer, "-", options, progress.show, progress.counted)
        except FileError as error:
            report_error(str(error), 1)
            failed = True
            continue
        summaries.append(summary)
        print_message(_summary_line(summary))
    if arguments.json:
        files = [{name: getattr(summary, name) for name in _SUMMARY_KEYS} for summary in summaries]
        print_lines(json.dumps({"files": files}, ensure_ascii=not is_utf8()))
    rejected = any(summary.rejects for summary in summaries)
    return 1 if failed or (arguments.strict and rejected) else 0


_SUMMARY_KEYS = ("file", "format", "records", "events", "rejects", "new", "changed")


def _size(name: str) -> int | None:
    try:
        return Path(name).stat().st_size
    except OSError:
        return None


def _summary_line(summary: Summary) -> str:
    if summary.passed_over and not summary.records:
        return f"{summary.file} ({summary.format}): already imported, 0 new messages"
    parts = [plural(summary.events, "event"), plural(summary.new, "new message"), f"{summary.changed:,} changed"]
    if summary.passed_over:
        parts.insert(0, f"{plural(summary.passed_over, 'byte')} already imported")
    if summary.ignored:
        parts.append(f"{plural(summary.ignored, 'record')} ignored")
    if summary.rejects:
        parts.append(f"{plural(summary.rejects, 'record')} could not be read")
    return f"{summary.file} ({summary.format}): {', '.join(parts)}"
