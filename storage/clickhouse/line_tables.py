"""Writes the lines: their links, and the tables `lines` and `line_ids` that follow from these.

There are few lines, so all of them are read and made again when a link is new. Knows no message.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.clickhouse.engine import Engine
from storage.clickhouse.identity_links import LineMap, columns_of, insert_lines, lines_of, read_line_rows
from storage.clickhouse.pending import clock
from storage.messages.lines import label_and_value


def write_lines(engine: Engine, new: Iterable[tuple[str, str, int]]) -> bool:
    """Inserts links between ids of lines, and writes the lines that follow.

    Args:
        engine: the database.
        new: rows of `line_links`.

    Returns:
        Whether an id that others have inserted is of another line now, so that its messages have to be derived again.
    """
    before = set(read_line_rows(engine))
    added = set(new) - before
    if not added:
        return False
    insert_lines(engine, added)
    now = clock(engine)
    after = read_line_rows(engine)
    lines, others = lines_of(after), lines_of(set(after) - added)
    _write_tables(engine, lines, now)
    return any(lines.line_of[text] != line for text, line in others.line_of.items())


def _write_tables(engine: Engine, lines: LineMap, version: int) -> None:
    texts = lines.texts()
    rows = []
    for line, of_line in texts.items():
        smallest: dict[int, str] = {}
        for kind, text in of_line:
            smallest.setdefault(kind, text)
        rows.append((line, *label_and_value(smallest), version, 0))
    gone = {line for (line,) in engine.rows("SELECT id FROM lines FINAL")} - texts.keys()
    rows += [(line, "", "", version, 1) for line in sorted(gone)]
    engine.insert("lines", columns_of(("id", "label", "value", "version", "gone"), rows))
    ids = [(text, lines.kinds[text], line, version) for text, line in lines.line_of.items()]
    engine.insert("line_ids", columns_of(("text", "kind", "line", "version"), ids))
