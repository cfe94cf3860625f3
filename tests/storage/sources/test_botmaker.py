"""Tests of the platform's download as events: its columns, empty cells, flags, lines, origins, and bad rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from storage.domain.events import ContactIds, Failure, Flags, LineIds, Origin, Rank, Send
from storage.sources.opened import Options
from tests.captures import OPTIONS, capture, events_of, import_all, rejects_of
from tests.databases import report_of, tsv_of

T = 1795014000_000  # 2026-11-18T12:00:00-03:00


def sends_of(content: bytes | str, options: Options = OPTIONS) -> list[Send]:
    given = capture(content) if isinstance(content, str) else content
    return [event for event in events_of(given, options) if isinstance(event, Send)]


def table(*changes: tuple[str, str]) -> bytes:
    """The basic capture with some texts replaced."""
    text = capture("starting_causes.tsv").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_a_row_is_a_send_of_the_platform() -> None:
    first, *_, failed = sends_of("starting_causes.tsv")
    assert (first.rank, first.keyless, first.derived, first.kind) == (Rank.PLATFORM, True, False, "template")
    assert first.contact == ContactIds(("5491105550001",), customer_id="CUSTOMER000000000001")
    assert first.line == LineIds(number="5491100000001")
    assert first.flags == Flags(True, False, True, True, True, True)
    times = (first.session_start, first.sent_at, first.delivered_at, first.read_at, first.answered_at)
    assert times == (T, T, T + 10_000, T + 20_000, T + 30_000)
    assert (first.origin, first.default_origin) == (None, Origin.TEMPLATE)
    assert failed.failure == Failure(None, "Parámetros incorrectos", "Number of parameters does not match")
    assert failed.flags == Flags(False, True, False, False, False, False)


@pytest.mark.parametrize(
    "name",
    [
        "starting_causes_english.tsv",
        "starting_causes_description_row.tsv",
        "starting_causes_crlf_bom_no_final_newline.tsv",
    ],
)
def test_every_variant_of_the_file_gives_the_same_sends(name: str) -> None:
    assert sends_of(name) == sends_of("starting_causes.tsv")


def test_a_first_row_with_one_readable_cell_is_no_description() -> None:
    content = table(("2026-11-18 12:00:00\tsaludo-whatsapp-5491100000001\ttrue", "ayer\tsaludo\ttrue"))
    (reject,) = rejects_of(content)
    assert (reject.where, reject.reason) == ("line 2", "invalid time 'ayer'")
    assert len(sends_of(content)) == 4


def test_a_dash_is_an_empty_cell() -> None:
    dashed = sends_of("starting_causes_nulls.tsv")
    assert [send.answered_at for send in dashed] == [T + 30_000, None, None, None, None, None]
    last = dashed[-1]
    assert (last.contact, last.line, last.template) == (ContactIds(customer_id="CUSTOMER000000000006"), LineIds(), None)
    assert last.flags == Flags(delivered=True)


def test_every_spelling_of_a_boolean_counts() -> None:
    sends = sends_of("starting_causes_booleans.tsv")
    assert {(send.flags.not_sent, send.flags.delivered, send.flags.read) for send in sends} == {(False, True, False)}
    (reject,) = rejects_of(capture("starting_causes_booleans.tsv"))
    assert reject.reason == "'quizás' is neither true nor false"


def test_times_without_a_zone_are_in_the_zone_of_the_options() -> None:
    bogota = replace(OPTIONS, time_zone=ZoneInfo("America/Bogota"))
    assert [send.at - T for send in sends_of("starting_causes.tsv", bogota)] == [
        7_200_000 + minute * 60_000 for minute in range(5)
    ]
    with_offset = table(("2026-11-18 12:00:00", "2026-11-18T15:00:00.250Z"))
    assert sends_of(with_offset, bogota)[0].at == T + 250


def test_the_line_comes_from_the_channel_or_the_option() -> None:
    option = replace(OPTIONS, line=LineIds(number="5491100000009"))
    sends = sends_of("starting_causes_masked_channel.tsv", option)
    assert [send.line.number for send in sends] == ["5491100000***", "5491100000001", None, "5491100000002"]
    assert [send.default_line for send in sends] == [None, None, option.line, None]


@pytest.mark.parametrize("origin", list(Origin))
def test_the_origin_comes_from_the_option(origin: Origin, tmp_path: Path) -> None:
    import_all(tmp_path / "saludo.db", capture("starting_causes.tsv"), options=replace(OPTIONS, origin=origin))
    report = report_of(tmp_path / "saludo.db")
    assert report["origins"] == {one.value: 5 if one is origin else 0 for one in Origin}
    assert report["sends"] == (5 if origin in (Origin.TEMPLATE, Origin.NOTIFICATION) else 0)


def test_later_steps_imply_the_earlier_ones(tmp_path: Path) -> None:
    import_all(tmp_path / "saludo.db", capture("starting_causes_implied.tsv"))
    rows = tsv_of(tmp_path / "saludo.db")
    assert {row["Sent"] for row in rows} == {"true"}
    data = report_of(tmp_path / "saludo.db")["data"]
    assert (data["implied"], data["conflicts"]) == (2, 1)


def test_quotes_and_escapes_in_a_cell() -> None:
    assert [send.template for send in sends_of("starting_causes_quotes.tsv")] == ['"promo', 'promo "50%"', "=promo"]


def test_the_chat_link_contains_the_customer_id(tmp_path: Path) -> None:
    import_all(tmp_path / "saludo.db", capture("starting_causes.tsv"))
    links = [row["Chat link"] for row in tsv_of(tmp_path / "saludo.db")]
    assert links == [f"https://go.botmaker.com/#/chats/CUSTOMER00000000000{number}" for number in (5, 4, 3, 2, 1)]


def test_own_spanish_table_keeps_keys_and_origins() -> None:
    sends = sends_of("saludo_spanish.tsv")
    assert [(send.key, send.keyless, send.derived, send.origin) for send in sends] == [
        ("wamid.r1", False, True, Origin.TEMPLATE),
        ("wamid.r2", False, True, Origin.NOTIFICATION),
        ("botmaker:0123456789abcdef0123456789abcdef", True, True, Origin.TEMPLATE),
        ("wamid.rin4", False, True, Origin.CAMPAIGN),
    ]
    assert (sends[2].template, sends[2].failure) == ("=promo", Failure(131026, "Message undeliverable", None))


@pytest.mark.parametrize("name", ["Enviado", "No Enviado", "Leída"])
def test_a_column_is_found_by_its_whole_name(name: str) -> None:
    """Without an "Enviado" column, "No Enviado", which contains that word, must not take its place."""
    header, *rows = capture("starting_causes.tsv").read_text(encoding="utf-8").splitlines()
    renamed = "\t".join("otra" if cell == name else cell for cell in header.split("\t"))
    (first, *_) = sends_of("\n".join((renamed, *rows)).encode())
    expected = Flags(True, False, True, True, True, True)
    gone = {"Enviado": "sent", "No Enviado": "not_sent", "Leída": "read"}[name]
    assert first.flags == replace(expected, **{gone: None})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-11-18 12:00:00", "0"),
        ("2026-11-18 12:00:00", "-1"),
        ("2026-11-18 12:00:00", "1e30"),
        ("2026-11-18 12:00:00", "2026-02-30 12:00:00"),
        ("2026-11-18 12:00:00", "9" * 5_000),
        ("\ttrue\tpromo_navidad\tfalse", "\tNaN\tpromo_navidad\tfalse"),
    ],
)
def test_a_wrong_cell_rejects_only_its_row(old: str, new: str) -> None:
    content = table((old, new))
    assert (len(sends_of(content)), len(rejects_of(content))) == (4, 1)


def test_nul_and_invalid_utf_8_are_replaced() -> None:
    content = table(("promo_navidad", "pro")).replace(b"\tpro\t", b"\tp\xff\xed\xa0\x80o\t", 1)
    assert sends_of(content)[0].template == "p\ufffd\ufffd\ufffd\ufffdo"
    late = table() + b"x\0y\t" * 3 + b"\n" + table().splitlines()[1]
    assert len(sends_of(late.replace(b"x\0y", b"x"))) == 6


@pytest.mark.parametrize("lost", ["########", "#N/A", "5,49116E+12"])
@pytest.mark.parametrize(
    "column", ["Id Contacto/Número", "Id canal", "Fecha/tiempo Entrega", "Id Mensaje", "Código Error"]
)
def test_values_that_a_spreadsheet_took_are_told(column: str, lost: str, tmp_path: Path) -> None:
    header, *rows = capture("saludo_spanish.tsv").read_text(encoding="utf-8").splitlines()
    place = header.split("\t").index(column)
    damaged = ["\t".join(lost if n == place else cell for n, cell in enumerate(row.split("\t"))) for row in rows]
    (tmp_path / "a.tsv").write_text("\n".join([header, *damaged]), encoding="utf-8")
    (summary,) = import_all(tmp_path / "saludo.db", tmp_path / "a.tsv")
    assert any(f"'{column}' has values that cannot be used" in note for note in summary.notes) or summary.rejects > 1
    assert report_of(tmp_path / "saludo.db")["starts"] == 5 - summary.rejects


def test_a_text_mark_and_a_formula_around_digits_are_no_part_of_them() -> None:
    for damaged in ("'5491105550001", '="5491105550001"', "+5491105550001"):
        assert sends_of(table(("5491105550001\t", f"{damaged}\t")))[0].contact.wa_ids == ("5491105550001",)
