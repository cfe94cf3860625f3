"""Tests of rows: quotes as RFC 4180 has them and as platforms have them, encodings, and the line "sep=;"."""

from __future__ import annotations

import csv
import io

import pytest

from storage.domain.events import Send
from tests.captures import capture, events_of, items_of

TABLES = (
    "starting_causes.tsv",
    "starting_causes_nulls.tsv",
    "saludo_spanish.tsv",
    "sends_comma.csv",
    "sends_semicolon_bom_crlf.csv",
    "sends_quoted_newlines.csv",
)
_QUOTINGS = {"every cell": csv.QUOTE_ALL, "only texts": csv.QUOTE_NONNUMERIC, "where needed": csv.QUOTE_MINIMAL}


def cells_of(name: str) -> list[list[str]]:
    text = capture(name).read_bytes().decode("utf-8-sig")
    if name.endswith(".tsv"):
        return [line.split("\t") for line in text.splitlines()]
    return list(csv.reader(io.StringIO(text), delimiter=";" if "semicolon" in name else ","))


def written(rows: list[list[str]], separator: str, quoting: int, end: str = "\r\n") -> str:
    out = io.StringIO()
    numbers = quoting == csv.QUOTE_NONNUMERIC
    # csv's writer tells numbers by their type.
    typed = [[int(cell) if numbers and cell.isdigit() and cell[0] != "0" else cell for cell in row] for row in rows]
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(typed)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("quoting", _QUOTINGS)
@pytest.mark.parametrize("separator", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.long(keep=3)
def test_any_quoting_and_separator_gives_the_same(name: str, separator: str, quoting: str) -> None:
    text = written(cells_of(name), separator, _QUOTINGS[quoting])
    assert events_of(text.encode()) == events_of(capture(name))


@pytest.mark.parametrize("name", TABLES)
def test_windows_1252_as_spreadsheets_save_it(name: str) -> None:
    text = capture(name).read_bytes().decode("utf-8-sig")
    assert items_of(text.encode("cp1252")) == items_of(text.encode())


def test_windows_1252_behind_the_first_bytes() -> None:
    rows = "".join(f"wamid.{n};5491155550001;promo;2026-11-18\n" for n in range(9_000))
    content = f"wamid;to;template;date\n{rows}wamid.z;5491155550001;España;2026-11-18\n".encode("cp1252")
    last = events_of(content)[-1]
    assert isinstance(last, Send)
    assert last.template == "España"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_the_line_that_names_the_separator(first: str) -> None:
    table = "to;template;date\n5491155550001;a,b,c,d;2026-11-18\n"
    assert events_of(f"{first}\n{table}".encode()) == events_of(table.encode())
    unusual = f"sep=^\n{table}".replace(";", "^")
    assert events_of(unusual.encode()) == events_of(table.encode())


def template_of(cell: str, header: str = "to\ttemplate\tdate") -> str | None:
    (send,) = events_of(f"{header}\n5491155550001\t{cell}\t2026-11-18\n".encode())
    assert isinstance(send, Send)
    return send.template


@pytest.mark.parametrize(
    ("cell", "template"),
    [
        ('"promo', '"promo'),
        ('promo"', 'promo"'),
        ('promo "50%"', 'promo "50%"'),
        ('"promo"', '"promo"'),
        ('"a" and "b"', '"a" and "b"'),
        ('"promo ""50%"""', 'promo "50%"'),
        ('"""promo"""', '"promo"'),
        ('"one, two"', "one, two"),
        ('"a\tb"', "a\tb"),
        ('"a\nb"', "a\nb"),
        ('"a\n""b"""', 'a\n"b"'),
    ],
)
def test_quotes_between_tabs(cell: str, template: str) -> None:
    """A platform's quotes are its own; a spreadsheet quotes what needs it."""
    assert template_of(cell) == template


def test_where_every_cell_is_quoted_the_quotes_are_no_part_of_it() -> None:
    assert template_of('"promo"', '"to"\t"template"\t"date"') == "promo"


def test_stray_quotes_do_not_join_rows() -> None:
    rows = ['a1\t"x\t2026-11-18', 'a2\tx"\t2026-11-18', 'a3\t"y\t2026-11-18']
    text = "wamid\tto\ttemplate\tdate\n" + "".join(f"wamid.{row[:2]}\t5491155550001\t{row[3:]}\n" for row in rows)
    sends = [event for event in events_of(text.encode()) if isinstance(event, Send)]
    assert [send.template for send in sends] == ['"x', 'x"', '"y']


def test_a_quoted_header_may_span_lines() -> None:
    for separator in ("\t", ";"):
        cells = ["to", "Nombre\nplantilla", "Fecha\nenvío"], ["5491155550001", "promo", "2026-11-18"]
        text = "\n".join(separator.join(f'"{cell}"' for cell in row) for row in cells)
        assert len(events_of(f"{text}\n".encode())) == 1
