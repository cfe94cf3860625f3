"""`saludo import --preview`: how the first records of a file are read. Stores nothing, and needs no database."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from storage.database.settings import load_settings
from storage.domain.calendar import local_zone_name, zone_of
from storage.domain.errors import StorageError
from storage.domain.events import Inbound, Item, Known, LineIds, Reject, Send, Status
from storage.language.stored_texts import translated
from storage.language.system_errors import system_reason
from storage.language.texts import _, pgettext
from storage.sources.opened import OpenedSource, Options, UnknownFormat
from storage.sources.recognition import open_source
from tui.commands.common import reading_queries
from tui.commands.import_summary import note_line
from tui.commands.output import print_lines, printable, report_error

_SHOWN = 10  # records
_NAMES = {
    "key": pgettext("preview", "key"),
    "at": pgettext("preview", "at"),
    "contact": pgettext("preview", "contact"),
    "customer": pgettext("preview", "customer"),
    "name": pgettext("preview", "name"),
    "line": pgettext("preview", "line"),
    "template": pgettext("preview", "template"),
    "language": pgettext("preview", "language"),
    "campaign": pgettext("preview", "campaign"),
    "type": pgettext("preview", "type"),
    "origin": pgettext("preview", "origin"),
    "session_start": pgettext("preview", "session start"),
    "sent_at": pgettext("preview", "sent at"),
    "delivered_at": pgettext("preview", "delivered at"),
    "read_at": pgettext("preview", "read at"),
    "answered_at": pgettext("preview", "answered at"),
    "failed_at": pgettext("preview", "failed at"),
    "status": pgettext("preview", "status"),
    "code": pgettext("preview", "code"),
    "reason": pgettext("preview", "reason"),
    "detail": pgettext("preview", "detail"),
    "category": pgettext("preview", "category"),
    "answers": pgettext("preview", "answers"),
}


def preview_files(arguments: Namespace, options_in: Callable[[ZoneInfo], Options]) -> int:
    """Prints how the first records of each file are read; returns the exit status."""
    options = options_in(_zone(arguments))
    failed = False
    for name in arguments.files:
        try:
            with _opened(name) as file:
                print_lines(*map(printable, _lines(name, open_source(file, options), options.time_zone)))
        except UnknownFormat as error:
            report_error(f"{printable(name)}: {error}", 1)
            failed = True
        except FileNotFoundError:
            report_error(_("{file}: file not found").format(file=printable(name)), 1)
            failed = True
        except OSError as error:
            message = _("{file}: cannot be read ({why})")
            report_error(message.format(file=printable(name), why=system_reason(error)), 1)
            failed = True
    return 1 if failed else 0


def _zone(arguments: Namespace) -> ZoneInfo:
    """The report's time zone; that of this machine where there is no database yet, or none that can be read."""
    try:
        with reading_queries(arguments) as connection:
            return load_settings(connection).zone
    except StorageError:
        return zone_of(local_zone_name())


def _opened(name: str) -> BinaryIO:
    if name != "-":
        return Path(name).open("rb")
    return sys.stdin.buffer if sys.stdin is not None else io.BytesIO()


def _lines(name: str, source: OpenedSource, zone: ZoneInfo) -> Iterator[str]:
    items = list(islice(source.items(), _SHOWN))
    yield f"{name} ({source.format})"
    width = max((len(column) for column, meaning in source.columns), default=0)
    for column, meaning in source.columns:
        yield f"  {column.strip():<{width}}  {'-' if meaning is None else meaning}".rstrip()
    for item in items:
        yield f"  {_words(item, zone)}"
    for note in source.notes():
        yield f"  {note_line(note)}"


def _words(item: Item, zone: ZoneInfo) -> str:
    """One record in a line: what it is, and every value that it gives."""
    if isinstance(item, Reject):
        message = _("not readable: {place}: {reason}")
        return message.format(place=translated(item.where), reason=translated(item.reason))
    if isinstance(item, Send):
        return _joined(pgettext("preview", "send"), _send_values(item, zone))
    if isinstance(item, Status):
        reason = None if item.failure is None else item.failure.text or item.failure.code
        values = {"key": item.key, "at": _time(item.at, zone), "category": item.category, "reason": reason}
        return _joined(pgettext("preview", "status {status}").format(status=item.step.value), values | _who(item))
    if isinstance(item, Inbound):
        values = {"key": item.key, "at": _time(item.at, zone), "type": item.kind, "answers": item.context}
        return _joined(pgettext("preview", "message in"), values | _who(item))
    if isinstance(item, Known):
        return _joined(pgettext("preview", "ids"), _who(item))
    return _("ignored: {what}").format(what=item.what)


def _send_values(send: Send, zone: ZoneInfo) -> dict[str, object]:
    flags = [name for name in ("not_sent", "sent", "delivered", "read", "answered") if getattr(send.flags, name)]
    failure = send.failure
    times = ("session_start", "sent_at", "delivered_at", "read_at", "answered_at", "failed_at")
    return {
        "key": None if send.keyless else send.key,
        "at": _time(send.at, zone),
        **_who(send),
        "template": send.template,
        "language": send.language,
        "campaign": send.campaign,
        "type": None if send.kind == "template" else send.kind,
        "origin": send.origin and send.origin.value,
        **{name: None if (at := getattr(send, name)) is None else _time(at, zone) for name in times},
        "status": ", ".join(flags).replace("_", " ") or None,
        "code": failure and failure.code,
        "reason": failure and failure.text,
        "detail": failure and failure.detail,
    }


def _who(event: Send | Status | Inbound | Known) -> dict[str, object]:
    contact, line = event.contact, event.line
    if line == LineIds() and not isinstance(event, Known) and event.default_line is not None:
        line = event.default_line
    return {
        "contact": ", ".join(contact.wa_ids) or contact.user_id or contact.customer_id or _("(unknown)"),
        "customer": contact.customer_id if contact.wa_ids or contact.user_id else None,
        "name": contact.name,
        "line": line.identifier or line.number or line.name,
    }


def _joined(kind: str, values: dict[str, object]) -> str:
    return "  ".join([kind, *(f"{_NAMES[name]}: {value}" for name, value in values.items() if value is not None)])


def _time(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat(timespec="seconds")
