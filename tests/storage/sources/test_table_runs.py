"""Equal rows that cannot be read are told once, with their lines, and nothing else of the table changes."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Ignored, Reject
from storage.domain.log_lines import Items
from storage.sources import table_runs
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, events_of, items_of

HEADER = b"message_id,to,template,status,sent_at\n"
ROW = b"wamid.%d,5491155550001,promo,sent,2026-11-18 15:00:00\n"
NOT_SENT_YET = b"wamid.7,5491155550001,promo,scheduled,2026-11-18 15:00:00\n"
LINES = (
    ROW % 1,
    b"\n",
    b"\r\n",
    b"\r\r\n",
    b'"\n',
    b'""\n',
    b'",\n',
    b',"\n',
    b'"a,b,c,d\n',
    b'e",b,c,d,e\n',
    b'a,b,c,"d,e\n',
    b'a,b,c,d,"e\n',
    b'wamid.3,5491155550001,promo,sent,"2026-11-18 15:00:00\n',
    b'wamid.4,5491155550001,"promo",sent,2026-11-18 15:00:00\n',
    b" ,,\n",
    b"a\n",
    b"a\rb\n",
    b"\0\n",
    b"=\r\n",
    b"\xff,\n",
    b"\xef\xbb\xbfa\n",
    b"wamid.1,5491155550001,promo,sent,yesterday\n",
    NOT_SENT_YET,
    HEADER,
)


@given(
    st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from([1, 2, 3, 9])), max_size=12),
    st.sampled_from([b",", b"\t", b";"]),
)
def test_a_table_gives_what_reading_row_by_row_gives(parts: list[tuple[bytes, int]], separator: bytes) -> None:
    content = (HEADER + ROW % 1 + b"".join(line * count for line, count in parts) + ROW % 2).replace(b",", separator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_runs, "_FEWEST", 2)
        items_of(content)  # which compares the two ways


@pytest.mark.parametrize("line", [b"a\n", b'",\n', b"wamid.1,5491155550001,promo,sent,yesterday\n", b"\0\r\n"])
@pytest.mark.parametrize("separator", [b",", b"\t"])
@pytest.mark.long(keep=4)
def test_many_equal_rows_are_few_rejects_that_name_their_lines(line: bytes, separator: bytes) -> None:
    content = (HEADER + ROW % 1 + line * 30_000 + ROW % 2).replace(b",", separator)
    source = open_source(io.BytesIO(content), OPTIONS)
    rejects = [item for item in source.parts(10_000, Items()) if isinstance(item, Reject)]
    assert len({reject.digest for reject in rejects}) == 1
    assert len(rejects) < 150
    lines = [[*map(int, reject.where.removeprefix("line ").split(" to "))] for reject in rejects]
    assert (lines[0][0], lines[-1][-1]) == (3, 30_002)
    assert all(before[-1] + 1 == after[0] for before, after in pairwise(lines))
    assert source.records == 30_002
    assert len(events_of(content)) == 2


def test_rows_that_are_ignored_are_counted() -> None:
    content = HEADER + ROW % 1 + NOT_SENT_YET * 20_000
    items = open_source(io.BytesIO(content), OPTIONS).parts(10_000, Items())
    assert sum(item.count for item in items if isinstance(item, Ignored)) == 20_000


def test_a_run_within_a_quoted_cell_is_a_part_of_it() -> None:
    quoted = b'wamid.5,5491155550001,"' + b"x\n" * 500 + b'",sent,2026-11-18 15:00:00\n'
    assert len(events_of(HEADER + ROW % 1 + quoted + ROW % 2)) == 3


def test_equal_rows_that_can_be_read_are_events() -> None:
    assert len(items_of(HEADER + ROW % 1 * 20_000)) == 20_000


@pytest.mark.parametrize("open_quote", [b'"\n', b'a,"b\n', b'wamid.3,5491155550001,"promo,sent,2026-11-18 15:00:00\n'])
@pytest.mark.parametrize("rows_between", [1, 3])
def test_a_last_row_without_a_line_end_is_read_behind_an_open_quote(open_quote: bytes, rows_between: int) -> None:
    content = HEADER + ROW % 1 + open_quote + b"".join(ROW % (10 + number) for number in range(rows_between)) + ROW % 2
    assert items_of(content[:-1]) == items_of(content)
    assert len(events_of(content[:-1])) == 2 + rows_between


@pytest.mark.parametrize("blank", [b"\r\r\n", b" \r,\n", b"\n"])
@pytest.mark.long(keep=3)
def test_a_row_behind_blocks_of_blank_lines_has_its_place(blank: bytes) -> None:
    content = HEADER + ROW % 1 + blank * 60_000 + b"wrong\n" + ROW % 2
    items_of(content)  # which compares the places
