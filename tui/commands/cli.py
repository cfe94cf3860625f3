"""The command line: every command but the drawing of screens. Imports Textual only to open the dashboard."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from storage.database.connection import DatabaseError, default_path, exists, reading, writing
from storage.database.settings import SETTING_KEYS, SettingError, load_settings, normalized, store_setting
from storage.domain.calendar import ZoneError, zone_of
from storage.domain.errors import StorageError, unknown_word
from tui.commands.arguments import UsageError, filter_of, narrate, parse, printable

if TYPE_CHECKING:
    from argparse import Namespace

    from storage.database.connection import Writer
    from storage.domain.filters import Filter
    from storage.ingest.importer import Summary
    from storage.sources.opened import Options
    from tui.commands.progress import Bar
    from tui.data.preferences import Preferences


def run(words: list[str]) -> int:
    """Runs one command and returns the exit status; every expected error is one line on stderr."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    command = None
    try:
        arguments = parse(words)
        command = arguments.command
        _refuse_unasked(arguments)
        return _COMMANDS[command](arguments)
    except UsageError as error:
        return _fail(str(error), 2)
    except StorageError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        _forget_stdout()
        return 1
    except _OutputError as error:
        _forget_stdout()
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
    except KeyboardInterrupt:
        hint = "; what was written stays, run the same command again to go on" if command == "import" else ""
        return _fail(f"interrupted{hint}", 130)


class _OutputError(Exception):
    """stdout takes no more; the message is one line."""


def _forget_stdout() -> None:
    """Whatever stdout was, it takes no more; Python would complain of what it still holds when it exits."""
    with suppress(OSError, AttributeError):  # it is None where it was closed from the start
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _stdout() -> Iterator[TextIO]:
    """stdout, all of it written at the end; raises _OutputError."""
    if sys.stdout is None:
        raise _OutputError("stdout is closed; there is nowhere to print to")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _OutputError(f"stdout: cannot be written ({error.strerror or error})") from None


def _print(*lines: str) -> None:
    with _stdout() as out:
        out.writelines(f"{line}\n" for line in lines)


def _refuse_unasked(arguments: Namespace) -> None:
    """A filter or a moment that a command does not look at must not seem to count."""
    for name in ("filter", "now"):
        if arguments.command not in (None, "report", "export") and hasattr(arguments, name):
            raise UsageError(f"--{name}: '{arguments.command}' takes none; the dashboard, report and export do")


def _fail(message: str, status: int) -> int:
    narrate(f"saludo: {' '.join(message.split())}")
    return status


def _bar(label: str, total: int | None = None) -> Bar:
    from tui.commands.progress import bar_for  # the dashboard starts without

    return bar_for(label, total)


def _database(arguments: Namespace) -> Path:
    path: Path = getattr(arguments, "db", None) or default_path()
    return path


def _now(arguments: Namespace, zone: ZoneInfo) -> datetime:
    text = getattr(arguments, "now", None)
    if text is None:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--now: '{text}' is no ISO 8601 time such as 2026-11-22T15:00") from None
    if not 2009 <= now.year < 2100:
        raise UsageError(f"--now: '{text}' lies outside 2009-01-01 to 2100-01-01")
    return now if now.tzinfo is not None else now.replace(tzinfo=zone)


def _filter(arguments: Namespace) -> Filter:
    return filter_of(getattr(arguments, "filter", ""))


def _dashboard(arguments: Namespace) -> int:
    path = _database(arguments)
    _filter(arguments)  # a wrong one is told before anything opens
    now = None
    if hasattr(arguments, "now"):
        zone = ZoneInfo("UTC")
        if exists(path):
            with reading(path) as connection:
                zone = load_settings(connection).zone
        now = _now(arguments, zone)
    return _open(path, lambda: _run_dashboard(arguments, path, now))


def _run_dashboard(arguments: Namespace, path: Path, now: datetime | None) -> int:
    gc.disable()  # until the first numbers are on the screen: the dashboard goes on from there
    from tui.screens.app import run_dashboard

    preferences = _preferences(arguments)
    filter = _filter(arguments) if hasattr(arguments, "filter") else preferences.filter
    return run_dashboard(path, filter, now, preferences.directory or Path.cwd(), preferences)


def _preferences(arguments: Namespace) -> Preferences:
    """What this terminal suggests, then the settings file, then the flags."""
    from tui.data.preferences import default_file, for_terminal, load
    from tui.words.keys import ids

    found = load(for_terminal(), default_file(), ids())
    flags = {name: getattr(arguments, name) for name in ("theme", "mouse", "ascii") if hasattr(arguments, name)}
    return replace(found, **flags)


def _open(path: Path, show: Callable[[], int]) -> int:
    """Opens the dashboard where there is a terminal that can show it, and a database that can be read."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise DatabaseError("the dashboard needs a terminal; 'saludo report' prints the same numbers")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        raise DatabaseError(
            "this terminal (TERM=dumb) cannot show the dashboard; 'saludo report' prints the same numbers"
        )
    if exists(path):
        with reading(path):
            pass
    return show()


def _outlive_helpers() -> None:
    """Has a closed pipe raise an error: a process that helps an import may die, and this one goes on without it."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def _demo(arguments: Namespace) -> int:
    from tui.commands.demo import build_demo

    _outlive_helpers()
    path = build_demo(getattr(arguments, "db", None), _bar("building the demo"))
    if arguments.no_open:
        _print(str(path))
        return 0

    return _open(path, lambda: _run_dashboard(arguments, path, None))


def _import(arguments: Namespace) -> int:
    options = _import_options(arguments)
    if arguments.files.count("-") > 1:
        raise UsageError("'-' is given twice; standard input can be read once")
    _outlive_helpers()
    with writing(_database(arguments)) as writer:
        return _import_files(arguments, writer, options)


def _import_options(arguments: Namespace) -> Callable[[ZoneInfo], Options]:
    """The options, once the report's zone is known; raises UsageError for a wrong word."""
    from storage.domain.events import LineIds, Origin
    from storage.domain.patterns import phone_digits
    from storage.sources import formats
    from storage.sources.opened import Options

    if arguments.format is not None and arguments.format not in formats.names():
        raise UsageError(f"--format: unknown format '{arguments.format}'; expected {formats.expected()}")
    if arguments.origin not in set(Origin):
        raise UsageError(f"--origin: '{arguments.origin}' is no origin; known are {', '.join(Origin)}")
    try:
        zone = None if arguments.time_zone is None else zone_of(arguments.time_zone)
    except ZoneError as error:
        raise UsageError(f"--time-zone: {error}") from None
    line = None
    if arguments.line:
        number = phone_digits(arguments.line)
        # Bare digits may be a number or an identifier: as a name they are of whichever line has them.
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
            with _bar(name, None if name == "-" else _size(name)) as bar:
                if name != "-":
                    summary = import_path(writer, Path(name), options, bar.show, bar.counted)
                elif sys.stdin is None:
                    raise FileError("-: standard input is closed")
                else:
                    summary = import_stream(writer, sys.stdin.buffer, "-", options, bar.show, bar.counted)
        except FileError as error:
            _fail(str(error), 1)
            failed = True
            continue
        summaries.append(summary)
        narrate(_summary_line(summary))
    if arguments.json:
        files = [{name: getattr(summary, name) for name in _SUMMARY_KEYS} for summary in summaries]
        _print(json.dumps({"files": files}, ensure_ascii=not _utf8()))
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
    parts = [f"{summary.events:,} events", f"{summary.new:,} new messages", f"{summary.changed:,} changed"]
    if summary.passed_over:
        parts.insert(0, f"{summary.passed_over:,} bytes already imported")
    if summary.ignored:
        parts.append(f"{summary.ignored:,} records of no use to the report")
    if summary.rejects:
        parts.append(f"{summary.rejects:,} records could not be read")
    return f"{summary.file} ({summary.format}): {', '.join(parts)}"


def _report(arguments: Namespace) -> int:
    from storage.report.read_session import read_session
    from storage.report.report import load_report
    from storage.report.report_json import as_json

    filter = _filter(arguments)
    with reading(_database(arguments)) as connection, read_session(connection) as session:
        now = _now(arguments, session.settings.zone)
        report = load_report(session, filter, now)
    if arguments.json:
        _print(json.dumps(as_json(report), ensure_ascii=not _utf8(), indent=1))
    else:
        from tui.commands.text_report import render

        _print(*(printable(line) for line in render(report, ascii_only=not _utf8()).split("\n")))
    return 0


def _utf8() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def _export(arguments: Namespace) -> int:
    from storage.report.read_session import read_session
    from storage.table.export import ExportError, write_file, write_tsv

    filter = _filter(arguments)
    with reading(_database(arguments)) as connection, read_session(connection) as session:
        now = _now(arguments, session.settings.zone)
        if arguments.output == "-":
            with _stdout() as out:
                write_tsv(session, filter, now, out.buffer, language=arguments.language)
            return 0
        path = Path(arguments.output)
        if os.path.exists(path) and not arguments.force:
            raise ExportError(f"{path}: already exists; choose another name or use --force")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ExportError(f"{path}: is no file that could be replaced; name another")
        with _bar(f"{path}") as bar:
            count = write_file(
                path,
                lambda out: write_tsv(
                    session, filter, now, out, language=arguments.language, progress=lambda rows: bar.show(0, rows)
                ),
                replace=arguments.force,
            )
    narrate(f"{path}: {count:,} starts")
    return 0


def _check(arguments: Namespace) -> int:
    from storage.ingest.integrity import check, rebuild

    path = _database(arguments)
    if not exists(path):
        raise DatabaseError(f"{path}: database not found; import a file, or try 'saludo demo'")
    with writing(path) as writer:
        if arguments.rebuild:
            with _bar("rebuilding") as bar:
                rebuild(writer, bar.count)
        with _bar("checking") as bar:
            problems = check(writer, bar.count)
    if problems:
        _print(*(printable(problem) for problem in problems))
    else:
        narrate(f"{path}: sound")
    return 1 if problems else 0


def _settings(arguments: Namespace) -> int:
    from storage.ingest.batch_writer import derive_again
    from storage.ingest.importer import prepare

    key, value = arguments.key, arguments.value
    if key is not None and key not in SETTING_KEYS:
        raise UsageError(unknown_word("setting", key, SETTING_KEYS))
    path = _database(arguments)
    if value is None:
        with reading(path) as connection:
            settings = load_settings(connection)._asdict()
        if key is None:
            _print(*(f"{name} = {settings[name]}" for name in SETTING_KEYS))
        else:
            _print(str(settings[key]))
        return 0
    try:
        normalized(key, value)
    except SettingError as error:
        raise UsageError(f"{key}: {error}") from None
    with writing(path) as writer:
        prepare(writer)
        with writer.transaction() as connection, _bar("recomputing") as bar:
            store_setting(connection, key, value)
            if key != "chat_link":
                derive_again(writer, bar.count)
    return 0


_COMMANDS: dict[str | None, Callable[[Namespace], int]] = {
    None: _dashboard,
    "demo": _demo,
    "import": _import,
    "report": _report,
    "export": _export,
    "check": _check,
    "settings": _settings,
}
