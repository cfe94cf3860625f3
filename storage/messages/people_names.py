"""Finds contacts by their profile name: any part of it, without case and accents. Reads `contacts`, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection

from storage.database.queries import Queries
from storage.domain.folding import folded
from storage.domain.patterns import literal, matcher

_SIGNS = re.compile(r"\\(.)|(.)", re.DOTALL)
_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})

# LIKE ignores the case of ASCII letters only. So it decides for names in ASCII, and the others are compared in Python:
# of a million names in Spanish, two in five.
_CANDIDATES = """
SELECT id, name FROM contacts
WHERE name LIKE ? ESCAPE '\\' OR length(CAST(name AS BLOB)) > length(name)
"""


def contacts_named(connection: Queries, patterns: Collection[str]) -> set[int]:
    """The ids of the contacts whose name has a part that matches one of the patterns."""
    found: set[int] = set()
    for pattern in patterns:
        wanted = f"*{folded(pattern)}*"
        expression = matcher(wanted)
        rows = connection.execute(_CANDIDATES, (_like(wanted),))
        found.update(id for id, name in rows if expression.fullmatch(folded(name)))
    return found


def contacts_whose_name_contains(connection: Queries, text: str) -> set[int]:
    """The ids of the contacts whose name contains a text."""
    return contacts_named(connection, (literal(text),))


def _like(pattern: str) -> str:
    """The pattern as one of LIKE."""
    return "".join(
        "%" if sign == "*" else (escaped or sign).translate(_LIKE_ESCAPES) for escaped, sign in _SIGNS.findall(pattern)
    )
