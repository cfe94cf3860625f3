"""Writes the lines: their links, and the tables `lines` and `line_ids` that follow from these.

There are few lines, so all of them are read and made again when a link is new. Knows no message.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.clickhouse.engine import Engine
from storage.clickhouse.identity_links import LineMap, columns_of, insert_lines, lines_of, read_line_rows
from storage.clickhouse.pending import clock, touch_all
from storage.clickhouse.tables import id_of
from storage.messages.lines import label_and_value


def write_lines(engine: Engine, new: Iterable[tuple[str, str, int]]) -> None:
    """Inserts links between ids of lines, and writes the lines that follow.

    What the tables say is compared with the links, whoever inserted these: one that ended in the middle leaves tables
    that differ. Messages of an id that is of another line now are derived again; that is said before the tables say it.

    Args:
        engine: the database.
        new: rows of `line_links`.
    """
    insert_lines(engine, set(new) - set(read_line_rows(engine)))
    written = {text: (kind, line) for text, kind, line in engine.rows("SELECT text, kind, line FROM line_ids FINAL")}
    now = clock(engine)
    lines = lines_of(read_line_rows(engine))
    if written == {text: (lines.kinds[text], line) for text, line in lines.line_of.items()}:
        return
    if any(lines.line_of[text] != line for text, (_kind, line) in written.items()):
        touch_all(engine)
    _write_tables(engine, lines, now)


def _write_tables(engine: Engine, lines: LineMap, version: int) -> None:
    texts = lines.texts()
    rows = []
    for line, of_line in texts.items():
        smallest: dict[int, str] = {}
        for kind, text in of_line:
            smallest.setdefault(kind, text)
        rows.append((line, *label_and_value(smallest), version, 0))
    # Whoever saw fewer links may write a line of any text that is of another one now, and may do so after this.
    gone = {id_of(text) for text in lines.line_of} - texts.keys()
    rows += [(line, "", "", version, 1) for line in sorted(gone)]
    engine.insert("lines", columns_of(("id", "label", "value", "version", "gone"), rows))
    ids = [(text, lines.kinds[text], line, version) for text, line in lines.line_of.items()]
    engine.insert("line_ids", columns_of(("text", "kind", "line", "version"), ids))
