"""The lines and templates of a filter that the database does not have, each with the closest one that it has."""

from __future__ import annotations

from typing import NamedTuple

from storage.domain.filters import Filter
from storage.domain.folding import folded
from storage.domain.patterns import plain
from storage.report.filter_choices import CHOICES
from storage.report.filter_conditions import CONDITIONS
from storage.report.session import Session


class UnknownValue(NamedTuple):
    """A value that nothing in the database has.

    Attributes:
        field: the name of its field.
        value: as people read it.
        close: the closest value that the database has; empty if none is close.
    """

    field: str
    value: str
    close: str


def unknown_values(session: Session, filter: Filter) -> list[UnknownValue]:
    """The values of a filter, selected or excluded, that nothing in the database has."""
    unknown: list[UnknownValue] = []
    for name, choices_of in CHOICES.items():
        patterns = filter.values(name) | filter.excluded_values(name)
        missing = [str(pattern) for pattern in patterns if not _is_known(session, name, str(pattern))]
        if not missing:
            continue
        known = {folded(text): text for choice in choices_of(session) for text in (choice.label, plain(choice.value))}
        unknown += [UnknownValue(name, plain(pattern), _closest(plain(pattern), known)) for pattern in sorted(missing)]
    return unknown


def _is_known(session: Session, name: str, pattern: str) -> bool:
    dimensions = CONDITIONS[name](session.connection, frozenset((pattern,))).dimensions
    return dimensions is None or any(dimensions.values())


def _closest(value: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches  # only after a mistake: the import takes long

    close = get_close_matches(folded(value), known, n=1)
    return known[close[0]] if close else ""
