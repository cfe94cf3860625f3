"""The lines of starts are made of kept pieces, to the byte as the plain rule makes them cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.codes import ORIGINS, STATUSES, USER_TYPES
from storage.domain.calendar import calendar_of
from storage.domain.events import Failure
from storage.domain.filters import Filter
from storage.table import export_lines
from storage.table.export_blocks import formats_for, lines_of
from storage.table.export_cells import Formats, cells_of, iso_times, tsv_cell
from storage.table.export_lines import READ, Row, StartLines
from storage.table.export_starts import COLUMNS, OWN_TIME, StartsExport
from tests.databases import DAY, NOON, NOW, SECOND, build, session_of
from tests.events import row, send

_TEXTS = st.none() | st.sampled_from(["", "es", "=1+1", "a\tb\nc", " x ", "'q", "ñandú", "٣٤"]) | st.text(max_size=6)
_TIMES = st.none() | st.integers(NOON, NOON + 3 * DAY) | st.integers(0, 9).map(lambda step: NOON + step * SECOND)
_VALUES: dict[str, st.SearchStrategy[object]] = {
    "start_at": _TIMES.filter(bool),
    "key": st.sampled_from(["wamid.HBgNNTQ5", "=key", "k\ty"]) | st.text(min_size=1, max_size=6),
    "origin": st.integers(0, len(ORIGINS) - 1),
    "line": st.sampled_from([None, 1, 2]),
    "failure_code": st.sampled_from([None, 131026]),
    "status": st.integers(0, len(STATUSES) - 1),
    "user_type": st.integers(0, len(USER_TYPES) - 1),
    "start_template": st.sampled_from([None, 1]),
    "contact_label": _TEXTS | st.just("5491155550001"),
    **dict.fromkeys(("session_start", "delivered_at", "read_at", "answered_at"), _TIMES),
    **dict.fromkeys(("id", "marks"), st.just(0)),
}
_ROWS = st.lists(st.tuples(*(_VALUES.get(name, _TEXTS) for name in READ)), max_size=8)


@given(_ROWS, st.sampled_from(["", "https://example.com/{number}"]), st.integers(1, 3))
def test_lines_are_those_of_the_plain_rule(rows: list[Row], chat_link: str, most: int) -> None:
    time = iso_times(calendar_of(ZoneInfo("America/Santiago"), 0))
    formats = Formats(tsv_cell, time, {None: "", 1: "promo"}, {None: "", 1: "+54", 2: "x y"}, chat_link)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_lines, "_PIECES_KEPT", most)
        lines = StartLines(formats)
        assert lines.lines(rows) == _plainly(rows, formats)
        assert lines.lines(rows[::-1]) == _plainly(rows[::-1], formats)  # with kept pieces


def _plainly(rows: Sequence[Row], formats: Formats) -> str:
    values = {name: [row[place] for row in rows] for place, name in enumerate(READ)}
    values[OWN_TIME] = list(map(formats.time, values["start_at"]))
    return "".join("\t".join(cells) + "\n" for cells in zip(*cells_of(COLUMNS, formats, values), strict=True))


def test_starts_of_a_database_are_those_of_the_plain_rule(tmp_path: Path) -> None:
    """With a start that is joined, one that failed, and three of one time."""
    failed = send("bad", failed_at=NOON + 1, failure=Failure(131026, "Undeliverable", "not on\tWhatsApp"))
    keyless = row(at=NOON + DAY + SECOND, template=None, read_at=NOON + DAY + 9 * SECOND, channel_id="web\tone")
    path = build(
        tmp_path / "saludo.db", [failed, send("b", NOON), send("=a", NOON), send("keyed", NOON + DAY), keyless]
    )
    with session_of(path) as session:
        selection, formats = session.select(Filter.parse("period:all"), NOW), formats_for(session)
        plain = list(lines_of(StartsExport().selected(session.connection, selection, formats)))
        assert list(StartLines(formats).selected(session.connection, selection)) == plain
    assert sum(count for _, count in plain) == 4
