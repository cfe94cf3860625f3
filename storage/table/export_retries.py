"""The people whom a new try can reach as an export: one row a person, the last failure first. Knows no file.

docs/definitions.md defines who they are and what the cells say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from storage.domain.failures import Explanation, Reason, explain_kind_in_english, wait_words_in_english
from storage.domain.filters import Filter
from storage.messages.retry_rule import Again, Sent
from storage.report.session import Session
from storage.table.export_cells import (
    Column,
    Export,
    Formats,
    Kind,
    cells_of,
    chat_links,
    contact_labels,
    file_text,
    line_names,
    numbers,
    template_names,
    texts,
    times,
)
from storage.table.retries import Found, Retries

COLUMNS = (
    Column("User id", ("customer_id",), texts),
    Column("Contact id/number", ("customer_id", "contact_label"), contact_labels),
    Column("Name", ("name",), texts),
    Column("Template/notification", ("start_template",), template_names),
    Column("Line", ("line",), line_names),
    Column("Last failure", ("failed_at",), times, Kind.TIME),
    Column("Error code", ("failure_code",), numbers, Kind.NUMBER),
    Column("Reason", ("failure_reason",), texts),
    Column("What happened", ("title",), texts),
    Column("Try from", ("not_before",), times, Kind.TIME),
    Column("Why then", ("why",), texts),
    Column("Chat link", ("customer_id", "contact_label"), chat_links),
)

_READ = {
    "customer_id": "contacts.customer_id",
    "contact_label": "contacts.label",
    "name": "contacts.name",
    **{name: f"m.{name}" for name in ("start_template", "line", "failure_code", "failure_reason")},
}
_VALUES = {name: itemgetter(index) for index, name in enumerate(_READ)}
_ROWS = f"""
SELECT {", ".join(_READ.values())}
FROM json_each(?) AS wanted
CROSS JOIN messages AS m ON m.id = wanted.value
LEFT JOIN contacts ON contacts.id = m.contact
ORDER BY wanted.key
"""


class RetryExport(Export):
    """One row a person whom a new try can reach.

    Args:
        counting: as in `Retries`.

    Attributes:
        retries: who is left out; complete after the last chunk.
    """

    columns = COLUMNS
    name = file_text("Try again")

    def __init__(self, *, counting: Callable[[int], None] = lambda sends: None) -> None:
        self.retries = Retries(counting)

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The people in chunks of at most 2,000."""
        for found in self.retries.find(session, filter, now):
            if found:
                ids = json.dumps([one.id for one in found])
                yield cells_of(COLUMNS, formats, values_of(session.connection.execute(_ROWS, (ids,)).fetchall(), found))


def values_of(rows: Sequence[Sequence[Any]], found: Sequence[Found]) -> dict[str, Sequence[Any]]:
    """The values of the columns, by name, for rows of _ROWS."""
    values: dict[str, Sequence[Any]] = {name: list(map(value, rows)) for name, value in _VALUES.items()}
    return values | {
        "failed_at": [one.failed.failed_at for one in found],
        "title": [_explained(one.failed).title for one in found],
        "not_before": [one.again.not_before for one in found],
        "why": [_why(one.again) for one in found],
    }


def _explained(send: Sent) -> Explanation:
    return explain_kind_in_english(send.reason or Reason.OTHER, send.code)


def _why(again: Again) -> str:
    """Why not earlier, in a sentence without its full stop."""
    send = again.decided_by
    known = _explained(send)
    code = "" if send.code is None else f" ({send.code})"
    if not known.wait:
        return f"{known.title}{code}: at once"
    return f"{known.title}{code}: {wait_words_in_english(known.wait)} after the last one"
