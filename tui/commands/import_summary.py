"""What `saludo import` tells: of each file its counts and first rejects, and one total of many files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tui.words.numbers import plural

if TYPE_CHECKING:
    from storage.ingest.identity_repair import Repair
    from storage.ingest.importer import Summary

_COUNTS = ("records", "events", "rejects", "new", "changed")
_KEYS = ("file", "format", *_COUNTS)


def repair_lines(repair: Repair) -> list[str]:
    """What was mended of the contacts that an older version had stored; nothing where nothing was wrong."""
    if not repair:
        return []
    parts = [
        *([f"{plural(repair.removed, 'id')} that identified nobody removed"] if repair.removed else []),
        *([f"{plural(repair.respelled, 'number')} in another spelling corrected"] if repair.respelled else []),
    ]
    lines = [f"contacts of an older version: {', '.join(parts)}"]
    if repair.messages or repair.separated:
        lines.append(
            f"  {plural(repair.messages, 'message')} without a contact now, {plural(repair.separated, 'contact')} "
            "separated: import their files again to tell these people apart"
        )
    return lines


def summary_lines(summary: Summary, database: str = "") -> list[str]:
    """The summary of one file: its counts, what is doubtful, and the first records that could not be read.

    Args:
        summary: of the file.
        database: the value of `--db`, for the command that lists all rejects; empty if it was not given.
    """
    lines = [f"{summary.file} ({summary.format}): {', '.join(_file_parts(summary))}"]
    lines += [f"  note: {note}" for note in summary.notes]
    lines += [f"  {one.file} {one.place}: {one.reason}" for one in summary.first_rejects]
    if more := summary.rejects - len(summary.first_rejects):
        lines.append(f"  … and {more:,} more: saludo rejects{f' --db {database}' if database else ''}")
    return lines


def _file_parts(summary: Summary) -> list[str]:
    if summary.passed_over and not summary.records:
        return ["already imported, 0 new messages", *_unread_parts([summary])]
    parts = [f"{plural(summary.passed_over, 'byte')} already imported"] if summary.passed_over else []
    return [*parts, *_read_parts([summary]), *_unread_parts([summary])]


def _read_parts(summaries: Sequence[Summary]) -> list[str]:
    ignored = _sum(summaries, "ignored")
    return [
        plural(_sum(summaries, "events"), "event"),
        plural(_sum(summaries, "new"), "new message"),
        f"{_sum(summaries, 'changed'):,} changed",
        *([f"{plural(ignored, 'record')} ignored"] if ignored else []),
    ]


def _unread_parts(summaries: Sequence[Summary]) -> list[str]:
    rejects, settled = _sum(summaries, "rejects"), _sum(summaries, "settled")
    return [
        *([f"{plural(rejects, 'record')} could not be read"] if rejects else []),
        *([f"{plural(settled, 'earlier reject')} gone"] if settled else []),
    ]


def total_line(summaries: Sequence[Summary], failed: int) -> str:
    """One line of all files, those that could not be imported included."""
    parts = [plural(len(summaries) + failed, "file"), *_read_parts(summaries), *_unread_parts(summaries)]
    if failed:
        parts.append(f"{plural(failed, 'file')} failed")
    return f"total: {', '.join(parts)}"


def as_json(summaries: Sequence[Summary], failed: int) -> dict[str, Any]:
    """The summaries of the files that were imported, and their total, as `--json` prints them."""
    total = {"files": len(summaries), "failed": failed} | {name: _sum(summaries, name) for name in _COUNTS}
    files = [{name: getattr(one, name) for name in _KEYS} | {"notes": list(one.notes)} for one in summaries]
    return {"files": files, "total": total}


def _sum(summaries: Sequence[Summary], name: str) -> int:
    return sum(getattr(summary, name) for summary in summaries)
