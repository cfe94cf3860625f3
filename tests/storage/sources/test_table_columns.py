"""Many rows of a table at once say what each row says: any cells, separators, quotes, line ends and blocks.

`items_of` reads every file in both ways and compares them (tests/captures.py).
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Inbound, LineIds, Origin, Reject, Send
from storage.domain.log_lines import Items
from storage.domain.sends import Sends
from storage.sources import stream
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from tests.captures import OPTIONS, items_of

_NUMBERS = (
    "5491155550001",
    "+5491155550002",
    "549 11 5555-0003",
    "1111111",
    "54911000000",
    "N/A",
    "",
    "whatsapp:+34600",
)
_IDS = ("wamid.HBg{}", "wamid.HBg{} ", "SM0123456789abcdef{:016}", "0f8fad5b-d9cb-469f-a165-7086{:08}", "{}", "", "a{}")
_MOMENTS = ("2026-03-0{} 12:30:05", "2026-03-0{} 12:30", "2026-03-0{}T12:30:05.123Z", "{}/3/2026", "yes", "soon", "")
_CELLS: dict[str, tuple[str, ...]] = {
    "message id": _IDS,
    "to": _NUMBERS,
    "from": ("5491100000001", "Sales", "", "549110000000x"),
    "template": ("promo", "año; nuevo", '"oferta", 50%', "", "-"),
    "campaign": ("", "", "spring"),
    "language": ("es_AR", ""),
    "direction": ("outbound", "outbound", "inbound", "sideways"),
    "origin": ("", "notification", "campaign", "elsewhere"),
    "status": ("sent", "delivered", "read", "failed", "queued", "", "unheard of"),
    "error code": ("", "0", "131026"),
    "date": _MOMENTS,
    "sent at": _MOMENTS,
    "delivered at": _MOMENTS,
    "read at": ("", *_MOMENTS),
    "failed at": ("", "", *_MOMENTS),
    "status time": ("", *_MOMENTS),
    "name": ("Ana", "", "N/A"),
    "customer id": ("", "77", "undefined", "########"),
    "user id": ("", "AR.1", "5491155550009"),
}
_USUAL = {name: (*(2 * cells[:2]), *cells) for name, cells in _CELLS.items()}
_NEEDED = ("message id", "to", "template", "sent at")


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, str]]:
    """Tables with some of the columns, some of whose cells are odd."""
    others = draw(st.lists(st.sampled_from(sorted(set(_CELLS) - set(_NEEDED))), max_size=6, unique=True))
    names = draw(st.permutations([*_NEEDED, *others]))
    # Most columns are of one kind, as they are in files.
    kinds = {name: draw(st.lists(st.sampled_from(_USUAL[name]), min_size=1, max_size=3)) for name in names}
    rows = []
    for number in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 15)) == 0:
            rows.append(dict.fromkeys(names, ""))
        else:
            digit = number if draw(st.booleans()) else 3
            rows.append({name: draw(st.sampled_from(kinds[name])).format(digit % 9 + 1) for name in names})
    return rows


def written(rows: list[dict[str, str]], separator: str, end: str, quoting: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


_PLATFORM: dict[str, tuple[str, ...]] = {
    "User id": ("CUSTOMER0000{}", "7700{}", "x{}", "-", "", "undefined"),
    "Contact id/number": ("549115555000{}", "+549115555000{}", "AR.{}", "-", "", "549 11 5555-000{}", "1111111"),
    "Session start": ("2026-11-18T12:0{}:00-03:00", "2026-11-18 12:0{}:00", "-", "", "soon"),
    "Channel id": ("saludo-whatsapp-5491100000001", "-", ""),
    "New user": ("true", "false", "", "perhaps"),
    "Template/notification": ("promo", "'=oferta", "-"),
    "Not sent": ("false", "true", ""),
    "Read": ("false", "true", ""),
    "Failure reason": ("", "", "-", "Re-engagement message"),
    "Sent at": ("2026-11-18 12:0{}:01", "2026-11-18 12:0{}:01", "", "-", "2026-11-18 12:0{}:01 "),
    "Read at": ("2026-11-18 12:0{}:09", "", "2026-11-17 12:0{}:09"),
    "Answered at": ("", "2026-11-18 12:0{}:19"),
    "Agent groups": ("", "sales"),
}
_OWN: dict[str, tuple[str, ...]] = {
    "Origin": ("template", "notification", "webchat", "", "elsewhere"),
    "Line": ("+5491100000001", "Sales", ""),
    "Language": ("es_AR", ""),
    "Error code": ("", "0", "131026"),
    "Message key": (
        "wamid.HBg{}==",
        "wamid.HBg{}==",
        "botmaker:0123456789abcdef0123456789abcde{}",
        "",
        "9E+15",
        "'k{}",
    ),
}


@st.composite
def downloads(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows of the platform's download, or of saludo's own."""
    cells = _PLATFORM | (_OWN if draw(st.booleans()) else {})
    kinds = {
        name: draw(st.lists(st.sampled_from((*2 * each[:1], *each)), min_size=1, max_size=2))
        for name, each in cells.items()
    }
    return [
        {name: draw(st.sampled_from(kind)).format(draw(st.integers(1, 9))) for name, kind in kinds.items()}
        for _ in range(draw(st.integers(1, 10)))
    ]


@given(
    downloads(),
    st.sampled_from(("\n", "\r\n")),
    st.sampled_from((150, 65_536)),
    st.sampled_from((Origin.TEMPLATE, Origin.CAMPAIGN)),
    st.sampled_from((None, LineIds(name="Support"))),
)
def test_columns_of_a_download_say_what_its_rows_say(
    rows: list[dict[str, str]], end: str, block: int, origin: Origin, line: LineIds | None
) -> None:
    text = written(rows, "\t", end, csv.QUOTE_MINIMAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_CHUNK_BYTES", block)
        items_of(text.encode(), replace(OPTIONS, line=line, origin=origin))


@pytest.mark.parametrize("has_keys", [False, True])
def test_nearly_all_rows_of_a_download_come_in_columns(has_keys: bool) -> None:
    kinds = _PLATFORM | (_OWN if has_keys else {})
    rows = [{name: cells[0].format(number % 9) for name, cells in kinds.items()} for number in range(3_000)]
    parts = list(
        open_source(io.BytesIO(written(rows, "\t", "\n", csv.QUOTE_MINIMAL).encode()), OPTIONS).parts(10_000, Items())
    )
    assert sum(len(part) for part in parts if isinstance(part, Sends)) == 2_999


_QUOTINGS = (csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
_MARKS = ('"', ",", ";", "\n", "\r\n", "\r", "\0", '""', "á", " ")


@given(
    tables(),
    st.sampled_from((",", ";", "\t")),
    st.sampled_from(("\n", "\r\n", "\r")),
    st.sampled_from(_QUOTINGS),
    st.sampled_from((40, 150, 400, 65_536)),
    st.lists(st.tuples(st.integers(30, 2_000), st.sampled_from(_MARKS)), max_size=2),
    st.sampled_from(("utf-8", "utf-8", "cp1252", "utf-16")),
    st.sampled_from((None, LineIds(name="Support"))),
)
def test_columns_say_what_rows_say(
    rows: list[dict[str, str]],
    separator: str,
    end: str,
    quoting: int,
    block: int,
    damages: list[tuple[int, str]],
    encoding: str,
    line: LineIds | None,
) -> None:
    text = written(rows, separator, end, quoting)
    for place, mark in damages:
        text = text[:place] + mark + text[place:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_CHUNK_BYTES", block)
        with suppress(UnknownFormat):  # where the header was damaged
            items_of(text.encode(encoding, "replace"), replace(OPTIONS, line=line))


def table_of(count: int) -> bytes:
    rows = (f"wamid.{number},5491155550001,promo,2026-03-01 12:00:00,read" for number in range(count))
    return "\r\n".join(["message id,to,template,sent at,status", *rows, ""]).encode()


def test_nearly_all_rows_of_a_usual_table_come_in_columns() -> None:
    parts = list(open_source(io.BytesIO(table_of(3_000)), OPTIONS).parts(10_000, Items()))
    assert sum(len(part) for part in parts if isinstance(part, Sends)) == 2_999
    assert sum(isinstance(part, Send) for part in parts) == 1  # the first one, which could describe the columns


def test_an_odd_row_leaves_its_neighbours_in_columns() -> None:
    content = table_of(2_000) + b"wamid.x,5491155550001,promo,soon,read\r\n" + table_of(10).partition(b"\r\n")[2]
    parts = list(open_source(io.BytesIO(content), OPTIONS).parts(10_000, Items()))
    (reject,) = (part for part in parts if isinstance(part, Reject))
    assert reject.where == "line 2002"
    assert sum(len(part) for part in parts if isinstance(part, Sends)) == 2_009


def test_a_quote_over_lines_is_read_row_by_row_and_the_rest_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_CHUNK_BYTES", 2_000)
    content = table_of(500).replace(b"promo", b'"two\r\nlines"', 40).replace(b'"two\r\nlines"', b"promo", 39)
    assert content.count(b'"') == 2
    parts = list(open_source(io.BytesIO(content), OPTIONS).parts(10_000, Items()))
    in_columns = sum(len(part) for part in parts if isinstance(part, Sends))
    assert 440 < in_columns < 499
    assert in_columns + sum(isinstance(part, Send) for part in parts) == 500
    items_of(content)


def test_reading_in_columns_resumes_where_a_part_ended() -> None:
    content = table_of(3_000)
    source = open_source(io.BytesIO(content), OPTIONS)
    parts = iter(source.parts(10_000, Items()))
    read = [send for _ in range(3) for part in [next(parts)] for send in (part if isinstance(part, Sends) else [part])]
    place = source.resume_at
    assert place.lines == len(read) + 1
    rest = open_source(io.BytesIO(content), OPTIONS, place)
    read += [send for part in rest.parts(10_000, Items()) for send in (part if isinstance(part, Sends) else [part])]
    assert read == items_of(content)


def test_messages_in_and_referred_starts_are_no_sends() -> None:
    content = (
        b"message id,to,template,sent at,direction,origin\n"
        + b"wamid.0,5491155550001,promo,2026-03-01 12:00,outbound,\n"
        + b"wamid.1,5491155550001,promo,2026-03-01 12:00,inbound,\n"
        + b"wamid.2,5491155550001,promo,2026-03-01 12:00,outbound,campaign\n"
        + b"wamid.3,5491155550001,promo,2026-03-01 12:00,outbound,\n"
    )
    items = items_of(content)
    assert sum(isinstance(item, Inbound) for item in items) == 1
    assert sum(isinstance(item, Send) and item.origin is Origin.CAMPAIGN for item in items) == 1


def test_a_row_that_knows_only_the_time_of_its_status_was_requested_at_it() -> None:
    content = (
        b"message id,sent at,to,template,delivered at,status time\n"
        + b"wamid.0,2026-03-01 12:00,5491155550001,promo,,\n"
        + b"wamid.1,,5491155550001,promo,,2026-03-01 12:10\n"
        + b"wamid.2,,5491155550001,promo,2026-03-01 12:20,2026-03-01 12:30\n"
        + b"wamid.3,,5491155550001,promo,,\n"
    )
    sends = [item for item in items_of(content) if isinstance(item, Send)]
    assert [send.accepted_at is not None for send in sends] == [True, True, False]
