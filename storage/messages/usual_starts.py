"""The fast path of a derivation: a contact's only message near its time, where few of its values decide what it is.

Most messages of an import are such sends. Origin, status and data-quality flags of one follow from its kind, category,
campaign, flags and steps, which repeat, so they are derived once for each combination. The plain rule is
`single_message_start` (storage/messages/timeline.py), which also makes what is kept here
(tests/storage/messages/test_usual_starts.py compares the two). It takes a third of the time of the plain rule.
Knows no database.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from storage.database.codes import STATUS_FAILED, USER_NEW, USER_RECURRENT
from storage.domain.bounded_cache import BoundedCache
from storage.domain.calendar import QUARTER
from storage.messages.message import Direction
from storage.messages.message_row import (
    CAMPAIGN,
    CATEGORY,
    DELIVERED_AT,
    DIRECTION,
    FLAGS,
    GROUP,
    KEY,
    KIND,
    NOTHING_UNUSUAL,
    ORIGIN,
    READ_AT,
    TEMPLATE,
    USUAL,
    empty_row,
)
from storage.messages.store import DerivedColumns, Stored
from storage.messages.timeline import single_message_start

_COMBINATIONS_KEPT = 10_000
_OUT = int(Direction.OUT)
# What decides: these values of a message, and which of those below are unknown.
_DECIDING = (ORIGIN, GROUP, FLAGS, KIND, CATEGORY)
_KNOWN_OR_NOT = (CAMPAIGN, DELIVERED_AT, READ_AT)
_Combination = tuple[Any, ...]
_UsualStart = tuple["int | None", int, int]  # origin (None: no start), status, data-quality flags
_NO_START = (None,) * 7

Alone = tuple[Stored, "int | None"]  # a contact's only message near its time; since when, ms, the contact is known


class UsualStarts:
    """Derives messages that are alone, as far as they are usual."""

    def __init__(self, template_ids: Mapping[str | None, int | None], days: Sequence[int] | Mapping[int, int]) -> None:
        """Prepares for the messages of an import.

        Args:
            template_ids: The id of each template by its name.
            days: The local day of each quarter of an hour.
        """
        self._template_ids, self._days = template_ids, days
        self._starts = BoundedCache(_usual_start, _COMBINATIONS_KEPT)

    def derive(
        self, messages: Iterable[Alone], answered: Container[str]
    ) -> tuple[list[tuple[Stored, DerivedColumns]], list[Alone]]:
        """Derives the usual ones among messages.

        Args:
            messages: Each is the only one of a known contact near its time.
            answered: Keys of messages that another message answers by its context.

        Returns:
            The usual ones with their derived columns, and the others.
        """
        starts, template_ids, days = self._starts, self._template_ids, self._days
        usual: list[tuple[Stored, DerivedColumns]] = []
        others: list[Alone] = []
        for alone in messages:
            message, known_since = alone
            row = message.row
            if row[DIRECTION] != _OUT or row[USUAL:] != NOTHING_UNUSUAL or row[KEY] in answered:
                others.append(alone)
                continue
            start = starts[
                row[ORIGIN],
                row[GROUP],
                row[FLAGS],
                row[KIND],
                row[CATEGORY],
                row[CAMPAIGN] is None,
                row[DELIVERED_AT] is None,
                row[READ_AT] is None,
            ]
            if start is None:
                others.append(alone)
                continue
            origin, status, marks = start
            if origin is None:
                usual.append((message, (message.line, message.contact, *_NO_START, 0, None, None, None)))
                continue
            at = message.at
            user = USER_NEW if known_since is None or known_since >= at else USER_RECURRENT
            template, day = template_ids[row[TEMPLATE]], days[at // QUARTER]
            columns = (
                message.line,
                message.contact,
                template,
                at,
                day,
                origin,
                user,
                status,
                None,
                marks,
                None,
                None,
                None,
            )
            usual.append((message, columns))
        return usual, others


def _usual_start(combination: _Combination) -> _UsualStart | None:
    """What the messages with these values are; None if more decides it."""
    row = empty_row()
    row[DIRECTION] = _OUT
    for column, value in zip(_DECIDING, combination, strict=False):
        row[column] = value
    for column, unknown in zip(_KNOWN_OR_NOT, combination[len(_DECIDING) :], strict=True):
        row[column] = None if unknown else ""
    start = single_message_start(Stored(0, None, None, None, None, tuple(row), 0, None), {})
    if start is None:
        return None, 0, 0
    _, _, _, origin, _, status, _, _, marks = start
    return None if status == STATUS_FAILED else (origin, status, marks)
