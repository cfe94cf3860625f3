"""Reads whom a new try can reach, for the screen: how many, the first of them, and who is left out. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from storage.domain.failures import Reason
from storage.domain.filters import Filter
from storage.messages.retry_rule import Since
from storage.stores.opening import store
from storage.table.pages import StartRow
from storage.table.retries import Found
from tui.words.retry_words import why_words

if TYPE_CHECKING:
    from storage.stores.opening import Connection

SHOWN = 200  # people


class Person(NamedTuple):
    """One person who can be tried again.

    Attributes:
        row: their last failed send in the selection.
        try_from: the earliest time, in the report's time zone.
        why: why not earlier.
    """

    row: StartRow
    try_from: datetime
    why: str


class RetryList(NamedTuple):
    """Whom a new try can reach.

    Attributes:
        filter: selects the failed sends.
        now: when it was asked, in the report's time zone.
        total: how many people there are.
        ready: how many of them can be tried already.
        last_from: when the last of them can be tried; None if there is none.
        people: the first of them.
        left_out: the others who had a failed send, by why.
        without_contact: the failed sends whose contact is unknown.
    """

    filter: Filter
    now: datetime
    total: int
    ready: int
    last_from: datetime | None
    people: tuple[Person, ...]
    left_out: Mapping[Reason | Since, int]
    without_contact: int


def load_retries(connection: Connection, filter: Filter, now: datetime, progress: Callable[[int], None]) -> RetryList:
    """Reads the people of a filter whom a new try can reach.

    Args:
        connection: reads the database.
        filter: selects the failed sends.
        now: the time that its period refers to.
        progress: called now and then with how many failed sends, and then how many people, are read.
    """
    with store(connection) as opened:
        session, retries = opened.session, opened.retries(progress)
        first: list[Found] = []
        total = ready = last = 0
        at = int(now.timestamp() * 1000)
        for found in retries.find(session, filter, now):
            first += found[: SHOWN - len(first)]
            total += len(found)
            ready += sum(one.again.not_before <= at for one in found)
            last = max([last, *(one.again.not_before for one in found)])
            progress(total)
        local = session.calendar.local
        rows = opened.failed_rows(retries, [one.id for one in first])
        people = tuple(
            Person(row, local(one.again.not_before), why_words(one.again)) for row, one in zip(rows, first, strict=True)
        )
        return RetryList(
            filter,
            local(at),
            total,
            ready,
            local(last) if total else None,
            people,
            retries.left_out,
            retries.without_contact,
        )
