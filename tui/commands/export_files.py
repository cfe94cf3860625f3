"""`saludo export`: writes the starts or the people of a filter, or whom to try again, as TSV or as a workbook."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database.complete_file import refuse_replacing
from storage.language.texts import _, ngettext
from tui.commands.common import (
    bar,
    filter_in,
    filter_settings,
    interrupted_by_signals,
    now_of,
    reading_store,
    tell_unknown_values,
)
from tui.commands.output import open_stdout, print_message
from tui.words.numbers import number

if TYPE_CHECKING:
    from storage.stores.interface import Store
    from storage.table.export_cells import Export
    from tui.commands.progress import Bar

_LONGEST_CELL = 32_767  # characters that a cell of Excel takes


def export(arguments: Namespace) -> int:
    """Writes the rows to a file or to stdout; returns the exit status."""
    from storage.table.export import write_tsv
    from storage.table.export_file import check_format, write_export

    settings, path = filter_settings(arguments, print_message), Path(arguments.output)
    filter_in(arguments, settings)  # a wrong filter is reported before the database is opened
    if to_file := arguments.output != "-":
        check_format(path)
    with interrupted_by_signals(), reading_store(arguments) as opened:
        session = opened.session
        now = now_of(arguments, session.settings.zone)
        filter = filter_in(arguments, settings, session.calendar.today(now))
        tell_unknown_values(session, filter, print_message)
        if not to_file:
            rows = _rows(opened, arguments, None)
            with open_stdout() as out:
                write_tsv(session, filter, now, out.buffer, export=rows, language=arguments.header)
            _report_left_out(rows)
            return 0
        refuse_replacing(path, replace=arguments.force)
        with bar(f"{path}") as progress:
            rows = _rows(opened, arguments, progress)
            written = write_export(
                session,
                filter,
                now,
                path,
                export=rows,
                language=arguments.header,
                replace=arguments.force,
                progress=lambda count: progress.show(0, count),
            )
    if _is_people(arguments):
        rows_written = ngettext("{path}: {count} contact", "{path}: {count} contacts", written.rows)
    else:
        rows_written = ngettext("{path}: {count} start", "{path}: {count} starts", written.rows)
    print_message(rows_written.format(path=path, count=number(written.rows)))
    if written.cut:
        message = ngettext(
            "{path}: {count} text was longer than {most} characters and is cut",
            "{path}: {count} texts were longer than {most} characters and are cut",
            written.cut,
        )
        print_message(message.format(path=path, count=number(written.cut), most=number(_LONGEST_CELL)))
    _report_left_out(rows)
    return 0


def _is_people(arguments: Namespace) -> bool:
    return bool(arguments.people or arguments.retry)


def _rows(opened: Store, arguments: Namespace, progress: Bar | None) -> Export:
    """The rows that the options ask for; the bar shows how many are counted before the first row."""
    from storage.stores.interface import Content

    counting = (lambda starts: None) if progress is None else (lambda starts: progress.show(0, starts))
    if arguments.retry:
        return opened.export(Content.RETRIES, counting)
    return opened.export(Content.PEOPLE if arguments.people else Content.STARTS, counting)


def _report_left_out(rows: Export) -> None:
    """Tells how many starts or people are in no row."""
    from tui.words.retry_words import left_out_words

    if (retries := getattr(rows, "retries", None)) is not None:
        if left_out := left_out_words(retries.left_out, retries.without_contact):
            print_message(_("left out: {who}").format(who="; ".join(left_out)))
        return
    if without_contact := getattr(rows, "without_contact", 0):
        message = ngettext(
            "{count} start has no known contact and is left out",
            "{count} starts have no known contact and are left out",
            without_contact,
        )
        print_message(message.format(count=number(without_contact)))
