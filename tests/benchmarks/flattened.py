"""Flattens a JSON record into one row, with a column for each leaf, named by its path.

Names are those of `sqlite-utils insert --flatten` (a_b_c). Unlike there, lists are flattened too, with the index in the
path (entry_0_changes_0_field). Values keep their type; empty objects and lists have no column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Leaf = str | int | float | bool | None


def flatten(record: dict[str, Any]) -> dict[str, Leaf]:
    """The leaves of a record by path, in order."""
    return dict(_leaves(record, ""))


def flat_line(line: str) -> str:
    """A line with a JSON record as a line with its flat row."""
    return json.dumps(flatten(json.loads(line)), ensure_ascii=False, separators=(",", ":")) + "\n"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}_{name}" if path else name)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}_{place}" if path else str(place))
    else:
        yield path, value
