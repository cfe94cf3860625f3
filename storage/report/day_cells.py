"""Which lines and templates have a start on single days: from the cube's leaf sets and repeats. Reads no count.

A cell with a start of a known contact has a set; starts of unknown ones are among the repeats.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection

from storage.cube.layout import ALL, PACKED_BLOCK, PACKED_LINE, USERS
from storage.cube.packed_sets import header_of_block, header_of_line
from storage.cube.repeats import repeats_by_day
from storage.domain.calendar import number_of
from storage.report.selection import Selection

_READ = f"""
SELECT line, template, iif(template IN ({PACKED_LINE}, {PACKED_BLOCK}), bitmap, NULL) FROM users
WHERE kind = {USERS} AND level = 0 AND block >= :since AND block < :until AND line <> {ALL} AND template <> {ALL}
"""


def templates_of_lines(
    connection: sqlite3.Connection, selection: Selection, lines: Collection[int], templates: Collection[int]
) -> dict[int, set[int]]:
    """Those of some lines with a start in the days of a selection, each with its templates; no day may be dirty."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for line, template, packed in connection.execute(_READ, selection.parameters):
        if template == PACKED_BLOCK:
            header = header_of_block(packed)
            for of_line, of_template in zip(header.lines, header.templates, strict=False):
                found[of_line].add(of_template)
        elif template == PACKED_LINE:
            found[line].update(header_of_line(packed).templates)
        else:
            found[line].add(template)
    for _, repeats in repeats_by_day(connection, number_of(selection.since), number_of(selection.until)):
        for line_place, template_place in set(zip(repeats.line_places, repeats.template_places, strict=True)):
            found[repeats.lines[line_place]].add(repeats.templates[template_place])
    return {line: selected for line, of_line in found.items() if line in lines and (selected := of_line & {*templates})}
