"""What `saludo import` tells: of each file its counts and first rejects, and one total of many files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from storage.language.stored_texts import translated
from storage.language.texts import _, ngettext
from tui.words import counted
from tui.words.numbers import number

if TYPE_CHECKING:
    from storage.ingest.identity_repair import Repair
    from storage.ingest.importer import Summary

_COUNTS = ("records", "events", "rejects", "new", "changed")
_KEYS = ("file", "format", *_COUNTS)


def repair_lines(repair: Repair) -> list[str]:
    """What was mended of the contacts that an older version had stored; nothing where nothing was wrong."""
    if not repair:
        return []
    parts = []
    if repair.removed:
        removed = ngettext(
            "{count} id that identified nobody removed", "{count} ids that identified nobody removed", repair.removed
        )
        parts.append(removed.format(count=number(repair.removed)))
    if repair.respelled:
        respelled = ngettext(
            "{count} number in another spelling corrected",
            "{count} numbers in another spelling corrected",
            repair.respelled,
        )
        parts.append(respelled.format(count=number(repair.respelled)))
    lines = [_("contacts of an older version: {what}").format(what=", ".join(parts))]
    if repair.messages or repair.separated:
        lines.append("  " + _separated(repair))
    return lines


def _separated(repair: Repair) -> str:
    messages = ngettext(
        "{count} message without a contact now", "{count} messages without a contact now", repair.messages
    )
    contacts = ngettext("{count} contact separated", "{count} contacts separated", repair.separated)
    return _("{messages}, {contacts}: import their files again to tell these people apart").format(
        messages=messages.format(count=number(repair.messages)),
        contacts=contacts.format(count=number(repair.separated)),
    )


def summary_lines(summary: Summary, database: str = "") -> list[str]:
    """The summary of one file: its counts, what is doubtful, and the first records that could not be read.

    Args:
        summary: of the file.
        database: the value of `--db`, for the command that lists all rejects; empty if it was not given.
    """
    lines = [f"{summary.file} ({summary.format}): {', '.join(_file_parts(summary))}"]
    lines += [f"  {note_line(note)}" for note in summary.notes]
    lines += [f"  {one.file} {translated(one.place)}: {translated(one.reason)}" for one in summary.first_rejects]
    if more := summary.rejects - len(summary.first_rejects):
        command = f"saludo rejects --db {database}" if database else "saludo rejects"
        lines.append("  " + _("… and {count} more: {command}").format(count=number(more), command=command))
    return lines


def note_line(note: str) -> str:
    """A note about a file, which is stored in English."""
    return _("note: {note}").format(note=translated(note))


def _file_parts(summary: Summary) -> list[str]:
    if summary.passed_over and not summary.records:
        return [_("already imported, 0 new messages"), *_unread_parts([summary])]
    parts = []
    if known := summary.passed_over:
        parts.append(
            ngettext("{count} byte already imported", "{count} bytes already imported", known).format(
                count=number(known)
            )
        )
    return [*parts, *_read_parts([summary]), *_unread_parts([summary])]


def _read_parts(summaries: Sequence[Summary]) -> list[str]:
    events, new, changed, ignored = (_sum(summaries, name) for name in ("events", "new", "changed", "ignored"))
    parts = [
        counted.events(events),
        ngettext("{count} new message", "{count} new messages", new).format(count=number(new)),
        ngettext("{count} changed", "{count} changed", changed).format(count=number(changed)),
    ]
    if ignored:
        text = ngettext("{count} record ignored", "{count} records ignored", ignored)
        parts.append(text.format(count=number(ignored)))
    return parts


def _unread_parts(summaries: Sequence[Summary]) -> list[str]:
    rejects, settled = _sum(summaries, "rejects"), _sum(summaries, "settled")
    parts = []
    if rejects:
        text = ngettext("{count} record could not be read", "{count} records could not be read", rejects)
        parts.append(text.format(count=number(rejects)))
    if settled:
        text = ngettext("{count} earlier reject gone", "{count} earlier rejects gone", settled)
        parts.append(text.format(count=number(settled)))
    return parts


def total_line(summaries: Sequence[Summary], failed: int) -> str:
    """One line of all files, those that could not be imported included."""
    files = len(summaries) + failed
    of_files = counted.files(files)
    parts = [of_files, *_read_parts(summaries), *_unread_parts(summaries)]
    if failed:
        parts.append(ngettext("{count} file failed", "{count} files failed", failed).format(count=number(failed)))
    return _("total: {counts}").format(counts=", ".join(parts))


def as_json(summaries: Sequence[Summary], failed: int) -> dict[str, Any]:
    """The summaries of the files that were imported, and their total, as `--json` prints them."""
    total = {"files": len(summaries), "failed": failed} | {name: _sum(summaries, name) for name in _COUNTS}
    files = [{name: getattr(one, name) for name in _KEYS} | {"notes": list(one.notes)} for one in summaries]
    return {"files": files, "total": total}


def _sum(summaries: Sequence[Summary], name: str) -> int:
    return sum(getattr(summary, name) for summary in summaries)
