"""What lines and contacts have in common: an id that a record gives leads to one of them.

`lines` and `contacts` find, create and merge them by their ids: ids that one record gives together are one line or
contact, whenever that record is read (docs/definitions.md, "Who is who").
"""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """An id in the database: its row id in `line_ids` or `contact_ids`, and the line or contact that has it."""

    id: int
    owner: int


MaybeFound = Found | tuple[None, None]
NOT_FOUND = None, None  # of a record that gives no id
