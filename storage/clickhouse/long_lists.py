"""Long lists of a statement as tables that travel beside it. Knows no connection.

A server refuses a parameter of more than 128 KiB (`http_max_field_value_size`), and reading a list of 100,000 numbers
out of one took chdb ten times as long as out of a table (0.7 s and 0.08 s). So `IN {name:Array(Type)}` with a long list
becomes `IN (SELECT value FROM name)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

_LONG = 2_000  # values: a text of 40 letters each is within the limit
_LIST = re.compile(r"\bIN \{(\w+):Array\((\w+)\)\}")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


class ListTable(NamedTuple):
    """A list as a table with the column `value`.

    Attributes:
        type: of the column.
        content: the rows in the format TabSeparated.
    """

    type: str
    content: bytes

    @property
    def structure(self) -> str:
        """The columns, as ClickHouse takes them."""
        return f"value {self.type}"


class Lists(NamedTuple):
    """A statement without long lists.

    Attributes:
        statement: reads the lists from tables.
        parameters: what is left of them.
        tables: the lists by the names of their tables.
    """

    statement: str
    parameters: dict[str, Any]
    tables: dict[str, ListTable]


def as_tables(
    statement: str, parameters: Mapping[str, Any], source: Callable[[str, ListTable], str] = lambda name, table: name
) -> Lists:
    """A statement with its long lists as tables.

    Args:
        statement: with parameters such as `{name:Type}`.
        parameters: their values.
        source: SQL that a table is read from, by its name.
    """
    tables: dict[str, ListTable] = {}

    def read_from_table(found: re.Match[str]) -> str:
        name, type = found[1], found[2]
        values = parameters[name]
        if len(values) <= _LONG:
            return found[0]
        tables[name] = ListTable(type, _content(values))
        return f"IN (SELECT value FROM {source(name, tables[name])})"

    rewritten = _LIST.sub(read_from_table, statement)
    return Lists(rewritten, {name: value for name, value in parameters.items() if name not in tables}, tables)


def _content(values: Sequence[Any]) -> bytes:
    # Nearly all of these lists are of numbers, which have nothing to escape.
    texts = map(str, values) if type(values[0]) is int else (str(value).translate(_ESCAPED) for value in values)
    return ("\n".join(texts) + "\n").encode()
