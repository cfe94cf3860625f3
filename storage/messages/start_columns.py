"""A start as the derived columns of its message: ids, day and reason in place of names, times and errors.

Knows no database: the ids of templates and the days are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage.database.codes import STATUS_FAILED
from storage.domain.calendar import QUARTER
from storage.domain.failures import reason_of
from storage.domain.vocabulary import DataFlag
from storage.messages.start import Start
from storage.messages.store import DerivedColumns, Stored

_UNKNOWN_CONTACT = DataFlag.UNKNOWN_CONTACT.value
_NO_START = (*(None,) * 7, 0, None, None)
_NO_FAILURE = (None, None, None)


class StartColumns:
    """Makes the derived columns of messages."""

    def __init__(self, template_ids: Mapping[str | None, int | None], days: Sequence[int] | Mapping[int, int]) -> None:
        """Prepares for the messages of a database.

        Args:
            template_ids: The id of each template by its name.
            days: The local day of each quarter of an hour.
        """
        self._template_ids, self._days = template_ids, days

    def of(self, row: Stored, start: Start | None, joined: int | None = None) -> DerivedColumns:
        """The derived columns of a message.

        Args:
            row: The message.
            start: The start that it is; None if it is none.
            joined: Id of the message that it is one start with, as a keyless row.
        """
        if start is None:
            return (row.line, row.contact, *_NO_START, joined)
        at, line, template, origin, user_type, status, answered_at, failure, marks = start
        code = reason = None
        if status == STATUS_FAILED:
            code, text, detail = _NO_FAILURE if failure is None else (failure.code, failure.text, failure.detail)
            reason = reason_of(code, text, detail).value
        if row.contact is None:
            marks |= _UNKNOWN_CONTACT
        return (
            line,
            row.contact,
            self._template_ids[template],
            at,
            self._days[at // QUARTER],
            origin,
            user_type,
            status,
            answered_at,
            marks,
            code,
            reason,
            joined,
        )
