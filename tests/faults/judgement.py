"""Judges what a damage of a database did: nothing may end in a traceback, and each damage is detected or harmless.

*Detected*: `check` exits with 1 and names it. *Harmless*: report and TSV are the same, to the byte. *Evidence*: what a
record said was changed into something that a record could have said, which nothing in the file contradicts. Whatever
`check` says, `check --rebuild` has to leave a database that `check` finds sound, or say what is left; and what follows
from the messages it has to make again.
"""

from __future__ import annotations

import json
import os
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

from storage.cube import recount_comparison
from storage.database import index_proof, key_runs
from storage.domain.filters import Filter
from storage.table.pages import StartRow
from tests.captures import capture, counted
from tests.faults.commands import NOW, Outcome, numbers_of, saludo
from tests.faults.stored_content import Content, differing, evidence, following
from tui.commands import arguments
from tui.data.reading import Cancelled, Reader, ReadError, View, load_detail, load_snapshot

DETECTED, HARMLESS, EVIDENCE = "detected", "harmless", "evidence"
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("report", "--filter", "period:all"),
    ("report", "--filter", "period:30d status:failed", "--now", NOW),
    ("report", "--filter", "period:30d", "--by", "template", "--compare", "--now", NOW),
    ("report", "--filter", "period:all", "--by", "code", "--json"),
    ("export", "--filter", "period:all", "--people", "-o", "-"),
    ("export", "--filter", "period:all", "--retry", "-o", "-"),
    ("rejects",),
    ("imports",),
    ("settings",),
)
_IMPORT = ("import", str(capture("cloud_errors.jsonl")), str(capture("cloud_statuses.jsonl")))


@dataclass(frozen=True, slots=True)
class Sound:
    """A database that nothing happened to. numbers: its report and TSV. evidence: what its records say."""

    database: Path
    numbers: tuple[Outcome, Outcome]
    evidence: Content


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a damage did. kind: DETECTED, HARMLESS or EVIDENCE; "" if it is none. failures: a line each."""

    kind: str
    failures: tuple[str, ...]


def build_sound(database: Path) -> Sound:
    """A database with something in every table, and with a set of users that is stored as a bitmap."""
    many = database.with_name("many.csv")
    rows = (f"wamid.many{n},+54911{n:08},2026-11-17T12:00:00Z,promo,delivered" for n in range(400))
    many.write_text("message_id,recipient,sent_at,template,status\n" + "\n".join(rows) + "\n")
    names = [str(capture(one.name)) for one in counted()]
    done = saludo(database, "import", *names, str(many))
    assert done.status == 0, done.err
    done = saludo(database, "check")
    assert done.status == 0, done
    content = evidence(database)
    assert content is not None
    sound = Sound(database, numbers_of(database), content)
    # A sound copy passes; after it every module is loaded, which no fork has to do again.
    copy = database.with_name("copy.db")
    shutil.copy(database, copy)
    assert _judged(copy, sound) == Judgement(HARMLESS, ())
    return sound


def judge(database: Path, sound: Sound) -> Judgement:
    """Judges a damaged copy of a sound database; in a fork, so that a crash of it is told."""
    kept = database.with_name("judgement")
    child = os.fork()
    if child == 0:
        try:
            with patch.object(arguments, "build_parser", cache(arguments.build_parser)), _proven_in_bulk():
                found = _judged(database, sound)
            kept.write_text(json.dumps([found.kind, [one.replace("\n", " | ") for one in found.failures]]))
        except BaseException:
            kept.write_text(json.dumps(["", [traceback.format_exc().replace("\n", " | ")]]))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        return Judgement("", (f"the process ended with {os.waitstatus_to_exitcode(status)}",))
    kind, failures = json.loads(kept.read_text())
    return Judgement(kind, tuple(failures))


@contextmanager
def _proven_in_bulk() -> Iterator[None]:
    """As of a large database: what numpy proves is what has to find the damage."""
    with (
        patch.object(recount_comparison, "_MANY_STARTS", 1),
        patch.object(key_runs, "_WORTH_ARRAYS", 0),
        patch.object(index_proof, "_WORTH_PAGES", 0),
    ):
        yield


@contextmanager
def _compared_one_by_one() -> Iterator[None]:
    """As of a small database: the plain rules, which know nothing of the proofs."""
    with (
        patch.object(recount_comparison, "_MANY_STARTS", 1 << 40),
        patch.object(key_runs, "_WORTH_ARRAYS", 1 << 40),
        patch.object(index_proof, "_WORTH_PAGES", 1 << 40),
    ):
        yield


def _judged(database: Path, sound: Sound) -> Judgement:
    numbers = numbers_of(database)
    failures = [*_failures_of_readers(database, numbers)]
    is_same = numbers == sound.numbers
    changed = differing(sound.evidence, evidence(database))
    copy = database.with_name("imported.db")
    shutil.copy(database, copy)
    failures += _told("import", saludo(copy, *_IMPORT))
    checked = saludo(database, "check")
    failures += _told("check", checked)
    if checked.status != 0:
        kind = DETECTED
    elif is_same:
        kind = HARMLESS
    elif changed:
        kind = EVIDENCE
    else:
        kind = ""
        failures.append("neither detected nor harmless: check finds nothing, and report or TSV differ")
    return Judgement(kind, (*failures, *_failures_of_rebuild(database, sound, checked, changed)))


def _told(words: str, done: Outcome) -> list[str]:
    """What is wrong with how a command ended: it has to do its work, or to say what is wrong."""
    found = words.startswith("check") and done.status == 1 and done.out.strip() != b""
    # An import of several files tells of those that it has read before it says what is wrong.
    last = words == "import" and done.status == 1 and done.err.strip().splitlines()[-1].startswith("saludo: ")
    if (done.is_told or found or last) and "Traceback" not in done.err:
        return []
    return [f"{words}: {done.status} {done.out[-300:].decode(errors='replace')} {done.err[-600:]}"]


def _failures_of_rebuild(database: Path, sound: Sound, checked: Outcome, changed: str) -> Iterator[str]:
    """What `check --rebuild` leaves wrong, or changes although `check` found nothing."""
    before = following(database)
    rebuilt = saludo(database, "check", "--rebuild")
    yield from _told("check --rebuild", rebuilt)
    if checked.status == 0 and (made := differing(before, following(database))):
        yield f"check found nothing, and check --rebuild changes {made}"
    with _compared_one_by_one():
        again = saludo(database, "check")
    if again.status != rebuilt.status:
        yield f"check --rebuild ended with {rebuilt.status}, then check: {again.status} {again.out!r} {again.err}"
    if changed:
        return
    if rebuilt.status != 0:
        yield f"no evidence is lost, and check --rebuild leaves {rebuilt.out[-300:]!r} {rebuilt.err[-300:]}"
    elif numbers_of(database) != sound.numbers:
        yield "no evidence is lost, and report or TSV differ after check --rebuild"
    saludo(database, *_IMPORT)
    if rebuilt.status == 0 and numbers_of(database) != sound.numbers:
        yield "after check --rebuild, the same files again change report or TSV"


def _failures_of_readers(database: Path, numbers: tuple[Outcome, Outcome]) -> Iterator[str]:
    for words in _COMMANDS:
        yield from _told(" ".join(words), saludo(database, *words))
    for name, done in zip(("report", "export"), numbers, strict=True):
        yield from _told(name, done)
    yield from _failures_of_dashboard(database)


def _failures_of_dashboard(database: Path) -> Iterator[str]:
    """What the dashboard reads: views, and the detail of some rows."""
    now = datetime.fromisoformat(NOW)
    reader = Reader(database)
    for text, grouped in (("period:all", False), ("period:all", True), ("period:7d user:new", False)):
        try:
            with reader.connection() as connection:
                view = View(Filter.parse(text), grouped=grouped)
                snapshot = load_snapshot(connection, view, now, lambda report: 0, 20)
                for row in map(snapshot.pager.row, range(20)):
                    if isinstance(row, StartRow):
                        load_detail(connection, row.cursor)
        except (ReadError, Cancelled) as error:
            if "\n" in str(error):
                yield f"dashboard: {error}"
        except Exception:
            yield f"dashboard: {traceback.format_exc()[-600:]}"
    reader.close()
