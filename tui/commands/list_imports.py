"""`saludo rejects` and `saludo imports`: what could not be read, and what was read and when."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, groupby, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from storage.database.settings import load_settings
from storage.domain.errors import StorageError
from storage.language.conventions import use_country_of
from storage.language.stored_texts import translated
from storage.language.texts import _, ngettext
from tui.commands.common import reading_queries
from tui.commands.import_summary import note_line
from tui.commands.output import open_stdout, print_json, print_lines, print_message, printable
from tui.commands.text_table import aligned
from tui.words import counted
from tui.words.numbers import number

if TYPE_CHECKING:
    from storage.ingest.journal import Entry
    from storage.ingest.kept_rejects import KeptReject

_Record = dict[str, Any]

_REJECT_KEYS = ("file", "format", "place", "line", "reason", "excerpt", "imported")
_IMPORT_KEYS = (
    *("file", "format", "started", "finished", "records", "events", "ignored", "rejects", "open_rejects", "new"),
    *("changed", "options", "notes"),
)
_INDENT = "  "
_OPTIONS = {
    "time_zone": _("time zone"),
    "origin": _("origin"),
    "line": _("line"),
    "format": _("format"),
    "columns": _("columns"),
    "dates": _("dates"),
}
_LINE = re.compile(r"line (\d+)")


def rejects(arguments: Namespace) -> int:
    """Lists the records that could not be read; returns the exit status."""
    from storage.ingest import journal, kept_rejects

    with reading_queries(arguments) as connection:
        zone = load_settings(connection).zone
        use_country_of(zone.key)
        chosen = None
        if arguments.file is not None:
            chosen = journal.imports_of(connection, arguments.file)
            if not chosen:
                message = _("{file}: was not imported; 'saludo imports' lists the files that were")
                raise StorageError(message.format(file=arguments.file))
        found = [*kept_rejects.every(connection, chosen)]
    if arguments.json or arguments.tsv:
        _print_records(arguments, "rejects", _REJECT_KEYS, [_reject_record(one, zone) for one in found])
    elif found:
        print_lines(*_reject_lines(found, zone, _columns()))
        files = len({one.file for one in found})
        in_files = counted.files(files)
        message = ngettext(
            "{count} reject in {files}; correct the file and import it again",
            "{count} rejects in {files}; correct the file and import it again",
            len(found),
        )
        print_message(message.format(count=number(len(found)), files=in_files))
    elif chosen is None:
        print_message(_("no rejects: every record could be read"))
    if not found and chosen is not None:
        print_message(_("no rejects of {file}: every record could be read").format(file=arguments.file))
    return 0


def _reject_lines(found: Sequence[KeptReject], zone: ZoneInfo, columns: int | None) -> Iterable[str]:
    """A table with the file in each row; on a terminal, where that would leave no room, below the name of each file."""
    if columns is None:
        rows = [
            (one.file, translated(one.place), translated(one.reason), _minute(one.imported_at, zone), one.excerpt)
            for one in found
        ]
        yield from aligned([(_("FILE"), _("PLACE"), _("REASON"), _("IMPORTED"), _("EXCERPT")), *rows])
        return
    for (file, format, imported_at), group in groupby(found, attrgetter("file", "format", "imported_at")):
        head = _("{file} ({format}), imported {time}")
        yield printable(head.format(file=file, format=format, time=_minute(imported_at, zone)))
        of_file = [(translated(one.place), translated(one.reason), one.excerpt) for one in group]
        lines = aligned(of_file, columns - len(_INDENT))
        yield from (_INDENT + line for line in lines)


def _reject_record(one: KeptReject, zone: ZoneInfo) -> _Record:
    line = _LINE.search(one.place)
    return {
        "file": one.file,
        "format": one.format,
        "place": one.place,
        "line": None if line is None else int(line[1]),
        "reason": one.reason,
        "excerpt": one.excerpt,
        "imported": _second(one.imported_at, zone),
    }


def imports(arguments: Namespace) -> int:
    """Lists the imports, the newest last; returns the exit status."""
    from storage.ingest import journal

    with reading_queries(arguments) as connection:
        zone = load_settings(connection).zone
        use_country_of(zone.key)
        found = journal.entries(connection)
    if arguments.json or arguments.tsv:
        _print_records(arguments, "imports", _IMPORT_KEYS, [_import_record(one, zone) for one in found])
    elif found:
        _print_imports(found, zone)
    if not found:
        print_message(_("no imports: 'saludo import FILE' reads a file"))
    return 0


def _import_record(one: Entry, zone: ZoneInfo) -> _Record:
    finished = None if one.finished_at is None else _second(one.finished_at, zone)
    record = {"started": _second(one.started_at, zone), "finished": finished, "options": one.options}
    return {name: record[name] if name in record else getattr(one, name) for name in _IMPORT_KEYS}


def _print_imports(found: Sequence[Entry], zone: ZoneInfo) -> None:
    """When and which file, and below it what was in it: that is too wide for one line."""
    rows = [(_minute(one.started_at, zone), _end(one, zone), one.format, one.file) for one in found]
    header, *lines = aligned([(_("STARTED"), _("FINISHED"), _("FORMAT"), _("FILE")), *rows])
    print_lines(header, *chain.from_iterable(map(_with_details, lines, found, repeat(zone))))


def _with_details(line: str, one: Entry, zone: ZoneInfo) -> Iterable[str]:
    yield line
    for detail in (_counts(one, zone), *map(note_line, one.notes)):
        yield printable(f"{_INDENT}{detail}")


def _end(one: Entry, zone: ZoneInfo) -> str:
    return _("interrupted") if one.finished_at is None else _minute(one.finished_at, zone)


def _counts(one: Entry, zone: ZoneInfo) -> str:
    rejects = ngettext("{count} reject", "{count} rejects", one.rejects).format(count=number(one.rejects))
    if one.open_rejects != one.rejects:
        rejects = _("{rejects} ({count} open)").format(rejects=rejects, count=number(one.open_rejects))
    parts = [
        ngettext("{count} record", "{count} records", one.records).format(count=number(one.records)),
        counted.events(one.events),
        ngettext("{count} ignored", "{count} ignored", one.ignored).format(count=number(one.ignored)),
        rejects,
        ngettext("{count} new", "{count} new", one.new).format(count=number(one.new)),
        ngettext("{count} changed", "{count} changed", one.changed).format(count=number(one.changed)),
        *(f"{_option(name)} {_text(value)}" for name, value in _told(one.options, zone).items()),
    ]
    return ", ".join(parts)


def _option(name: str) -> str:
    return _OPTIONS.get(name, name.replace("_", " "))


def _told(options: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The options that are not the usual ones."""
    usual = {"time_zone": zone.key, "origin": "template"}
    return {name: value for name, value in options.items() if usual.get(name) != value}


def _text(value: Any) -> str:
    """An option as text: values that are missing in it are left out, and a pair is joined by `=`."""
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part is not None)
    if isinstance(value, list):
        return " ".join("=".join(map(str, part)) if isinstance(part, list) else str(part) for part in value)
    return str(value)


def _print_records(arguments: Namespace, name: str, keys: Sequence[str], records: Sequence[_Record]) -> None:
    """Prints records as JSON, or as TSV that a spreadsheet can open."""
    if arguments.json:
        print_json({name: records}, indent=1)
        return
    from storage.table.export_cells import tsv_cell

    with open_stdout() as out:
        out.flush()
        for row in (keys, *([_cell(record[key]) for key in keys] for record in records)):
            out.buffer.write(("\t".join(map(tsv_cell, row)) + "\n").encode("utf-8", "replace"))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(f"{name}={_text(part)}" for name, part in value.items())
    return "; ".join(value) if isinstance(value, list) else str(value)


def _columns() -> int | None:
    """The width of the terminal; None where stdout is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _minute(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d %H:%M}"


def _second(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at // 1000, zone).isoformat()
