"""Compares `messages` with what follows from the evidence, and has all of it derived again.

The comparison reads everything and changes nothing. What it finds is repaired by deriving again: evidence is never
changed, so nothing of it can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from storage.clickhouse import pending
from storage.clickhouse.contact_scope import read_scope
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence import Identity
from storage.clickhouse.tables import MESSAGES
from storage.clickhouse.worker import Worker
from storage.language.texts import _, ngettext

_AT_ONCE = 20_000  # ids of contacts
_TOLD = 20
_KEY = tuple(map(MESSAGES.names.index, ("key", "direction")))
_DIGEST, _GONE = MESSAGES.names.index("digest"), MESSAGES.names.index("gone")

Progress = Callable[[int, int], None]  # done, of how many


def rebuild(engine: Engine, progress: Progress) -> None:
    """Derives everything again."""
    pending.touch_all(engine)
    Worker(engine).derive_pending(progress)


def problems(engine: Engine, progress: Progress) -> list[str]:
    """What is wrong with the database, one sentence each; nothing of contacts that wait to be derived."""
    waiting = pending.count_pending(engine)
    found = []
    if waiting:
        text = ngettext(
            "{count} contact waits to be derived; run 'saludo work --once'",
            "{count} contacts wait to be derived; run 'saludo work --once'",
            waiting,
        )
        found.append(text.format(count=waiting))
    found += _numbers_given_twice(engine)
    stored = {(key, direction): digest for key, direction, digest in _stored(engine)}
    differing: list[str] = []
    for key, digest in _following(engine, progress):
        if stored.pop(key, None) != digest:
            differing.append(key[0])
    if not waiting:
        # What is left follows from nothing.
        differing += [key for key, _direction in stored]
        found += [_("{key}: what is derived differs").format(key=key) for key in sorted(differing)[:_TOLD]]
        if len(differing) > _TOLD:
            found.append(_("… and {count} more messages differ").format(count=len(differing) - _TOLD))
    return found


def _stored(engine: Engine) -> list[tuple[Any, ...]]:
    return engine.rows("SELECT key, direction, digest FROM messages FINAL")


def _following(engine: Engine, progress: Progress) -> Iterator[tuple[tuple[str, int], int]]:
    """Key, direction and digest of every message as it should be stored."""
    worker, identities = Worker(engine), _everybody(engine)
    done: set[Identity] = set()
    for start in range(0, len(identities), _AT_ONCE):
        progress(start, len(identities))
        some = [id for id in identities[start : start + _AT_ONCE] if id not in done]
        scope = read_scope(engine, some)
        done |= scope.identities
        for row in worker.rows_of(scope):
            if not row[_GONE]:
                key, direction = (row[index] for index in _KEY)
                yield (key, direction), row[_DIGEST]
    progress(len(identities), len(identities))


def _everybody(engine: Engine) -> list[Identity]:
    rows = engine.rows("SELECT kind, text FROM pending_contacts GROUP BY contact, kind, text ORDER BY contact")
    return [(kind, text) for kind, text in rows]


def _numbers_given_twice(engine: Engine) -> list[str]:
    """A number of two contacts would count two people as one."""
    rows = engine.rows("SELECT number FROM contact_numbers GROUP BY number HAVING uniqExact(contact) > 1 LIMIT 1")
    return [_("two contacts have the number {number}").format(number=number) for (number,) in rows]
