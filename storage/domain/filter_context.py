"""What the text of a filter is read with: the present day, and the filters that have a name. Knows no grammar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

_NAME = re.compile(r"[^\W_][\w.-]*")


@dataclass(frozen=True, slots=True)
class FilterContext:
    """What `Filter.parse` reads a text with.

    Attributes:
        day: the present day in the report's time zone; None: in the machine's.
        named: the texts of the named filters, by their names in lower case.
    """

    day: date | None = None
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The present day."""
        return date.today() if self.day is None else self.day  # noqa: DTZ011  the machine's zone is wanted


NO_CONTEXT = FilterContext()


def is_name(text: str) -> bool:
    """Whether a filter can have this name: letters, digits, `_`, `-` and `.`, the first of them a letter or digit."""
    return _NAME.fullmatch(text) is not None
