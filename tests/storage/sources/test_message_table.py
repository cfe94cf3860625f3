"""Tests of tables with one row a message: which tables are, which columns are understood, and what a row says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storage.domain.events import ContactIds, Failure, Flags, Ignored, Inbound, LineIds, Rank, Send
from storage.sources.column_names import COLUMNS, columns_of
from storage.sources.opened import UnknownFormat
from tests.captures import OPTIONS, events_of, import_all, items_of, rejects_of
from tests.databases import report_of

T = 1795014000_000  # 2026-11-18T12:00:00-03:00
AT = "2026-11-18 12:00:00"


def sends_of(text: str) -> list[Send]:
    return [event for event in events_of(text.encode()) if isinstance(event, Send)]


def send_of(header: str, row: str) -> Send:
    (send,) = sends_of(f"{header}\n{row}\n")
    return send


def refusal_of(text: str) -> str:
    with pytest.raises(UnknownFormat) as raised:
        items_of(text.encode())
    return str(raised.value)


class TestWhichTablesAreOfMessages:
    @pytest.mark.parametrize(
        ("header", "row", "missing"),
        [
            ("id,name,email,phone_number,created_at", f"1,Ana,a@example.com,5491155550001,{AT}", "a message id"),
            ("id,order_no,telefono,fecha,total", f"1,A-7,5491155550001,{AT},100", "a message id"),
            ("id,phone,created_at,payload", f"1,5491155550001,{AT},x", "a message id"),
            ("id;pedido;telefone;data;status;valor", f"1;7;5491155550001;{AT};entregue;10", "a message id"),
            ("id,name,phone,created_at,status", f"1,Ana,5491155550001,{AT},active", "a message id"),
            ("lead_id,campaign_name,phone_number,created_time", f"1,spring,5491155550001,{AT}", "a message id"),
            ("telefone;data", f"5491155550001;{AT}", "a message id"),
            ("phoneNumber,templateName", "5491155550001,promo", "for the time"),
            ("Plantilla;Fecha de envío", f"promo;{AT}", "for the recipient"),
        ],
    )
    def test_another_table_is_refused_with_what_is_missing(self, header: str, row: str, missing: str) -> None:
        refusal = refusal_of(f"{header}\n{row}\n")
        assert "as a table of messages it has no column for" in refusal
        assert missing in refusal
        assert "understood: '" in refusal

    def test_the_refusal_names_the_columns_that_were_understood(self) -> None:
        refusal = refusal_of(f"id,order_no,telefono,fecha\n1,7,5491155550001,{AT}\n")
        assert "understood: 'id' as number of the row, 'telefono' as recipient, 'fecha' as time" in refusal

    @pytest.mark.parametrize(
        ("header", "row"),
        [
            ("Teléfono;Plantilla;Fecha de envío", f"5491155550001;promo;{AT}"),
            ("telefone;modelo;data", f"5491155550001;promo;{AT}"),
            ("phoneNumber,templateName,sentAt", f"5491155550001,promo,{AT}"),
            ("PHONE_NUMBER|Campaign-Name|Date", f"5491155550001|spring|{AT}"),
            ("id,to,created at", f"wamid.A,5491155550001,{AT}"),
            ("número,estado,fecha", f"5491155550001,entregado,{AT}"),
            ("recipient,sent_at,delivered_at,seen_at", f"5491155550001,{AT},{AT},"),
        ],
    )
    def test_names_are_found_in_three_languages_and_any_spelling(self, header: str, row: str) -> None:
        send = send_of(header, row)
        assert (send.contact, send.at) == (ContactIds(("5491155550001",)), T)

    def test_every_name_is_found_in_every_spelling(self) -> None:
        for meaning, names in COLUMNS.items():
            for name in names:
                words = name.split()
                camel = words[0] + "".join(word.title() for word in words[1:])
                for spelling in (name, name.upper(), "_".join(words), "-".join(words).title(), camel, f" {name} "):
                    assert columns_of([spelling, "x"]).places == {meaning: 0}, spelling

    def test_no_name_has_two_meanings(self) -> None:
        names = [name for names in COLUMNS.values() for name in names]
        assert len(names) == len(set(names))

    def test_rows_above_the_header_are_skipped(self) -> None:
        table = f"Reporte de envíos;;\n;;\nTeléfono;Plantilla;Fecha\n5491155550001;promo;{AT}\n"
        assert sends_of(table) == sends_of(table.split("\n", 2)[2])


class TestMap:
    def options(self, *mapped: tuple[str, str]) -> object:
        return replace(OPTIONS, columns=mapped)

    def test_a_named_column_is_read_as_the_caller_says(self) -> None:
        table = f"who,what,when,kind\n5491155550001,promo,{AT},x\n".encode()
        mapped = (("who", "recipient"), ("What", "template"), ("WHEN", "time"), ("kind", "ignored"))
        (send,) = events_of(table, replace(OPTIONS, columns=mapped))
        assert isinstance(send, Send)
        assert (send.contact.wa_ids, send.template, send.at, send.kind) == (("5491155550001",), "promo", T, "template")

    def test_a_named_column_wins_over_one_of_that_name(self) -> None:
        table = f"phone,mobile,template,date\n5491155550001,5491155550002,promo,{AT}\n".encode()
        (send,) = events_of(table, replace(OPTIONS, columns=(("mobile", "recipient"),)))
        assert isinstance(send, Send)
        assert send.contact.wa_ids == ("5491155550002",)

    def test_a_column_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(UnknownFormat, match="there is no column 'fone x'; the columns are 'to', 'template', 'at'"):
            items_of(b"to,template,at\n1,2,3\n", replace(OPTIONS, columns=(("fone x", "recipient"),)))


class TestIds:
    def test_numbers_of_rows_are_no_message_ids(self, tmp_path: Path) -> None:
        for week, people in enumerate(("123", "456")):
            rows = "".join(f"{n},549115555000{p},promo,2026-11-{18 + week}\n" for n, p in enumerate(people, 1))
            (tmp_path / f"{week}.csv").write_text(f"id,to,template,date\n{rows}")
        import_all(tmp_path / "saludo.db", tmp_path / "0.csv", tmp_path / "1.csv", tmp_path / "0.csv")
        assert report_of(tmp_path / "saludo.db")["starts"] == 6

    @pytest.mark.parametrize("key", ["1", "#12", "1.0", "1,00", "12345", "1,23457E+18", "row-1", "########", "N/A"])
    def test_a_bare_number_or_a_placeholder_is_none(self, key: str) -> None:
        send = send_of("id;to;template;date", f"{key};5491155550001;promo;{AT}")
        assert (send.keyless, send.rank) == (True, Rank.PLATFORM)

    @pytest.mark.parametrize("key", ["wamid.A", "SM0123456789abcdef0123456789abcdef", "0b1f9a6e-1f6c-4e2d-9d6e-1"])
    def test_other_ids_are(self, key: str) -> None:
        assert send_of("id;to;template;date", f"{key};5491155550001;promo;{AT}").key == key

    def test_three_people_with_a_rounded_number_are_not_one(self, tmp_path: Path) -> None:
        rows = "".join(f"{n};5,49116E+12;promo;{AT}\n" for n in (1, 2, 3))
        (tmp_path / "a.csv").write_text(f"nro;teléfono;plantilla;fecha\n{rows}")
        import_all(tmp_path / "saludo.db", tmp_path / "a.csv")
        report = report_of(tmp_path / "saludo.db")
        assert (report["starts"], report["users"]) == (3, 0)


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "flags", "failed"),
        [
            *((word, Flags(delivered=True), False) for word in ("delivered", "Entregado", "ENTREGUE", "entregada")),
            *((word, Flags(read=True), False) for word in ("read", "leído", "Leida", "lido", "visto", "seen")),
            *((word, Flags(), True) for word in ("failed", "fallido", "falhou", "No enviado", "não enviado")),
            *((word, Flags(), True) for word in ("undeliverable", "Undelivered", "rechazado", "rejeitado", "erro")),
            *((word, Flags(), False) for word in ("sent", "queued", "accepted", "Enviado", "na fila", "pendiente")),
            ("respondido", Flags(answered=True), False),
        ],
    )
    def test_words_in_three_languages(self, word: str, flags: Flags, failed: bool) -> None:
        send = send_of("to,template,date,status", f"5491155550001,promo,{AT},{word}")
        assert (send.flags, send.failed_at, send.delivered_at) == (flags, T if failed else None, None)

    def test_an_unknown_word_is_told(self) -> None:
        table = f"to,template,date,status\n5491155550001,promo,{AT},pagado\n5491155550002,promo,{AT},read\n"
        assert len(sends_of(table)) == 1
        assert [reject.reason for reject in rejects_of(table.encode())] == ["unknown status 'pagado'"]

    @pytest.mark.parametrize("word", ["skipped", "canceled", "programado", "rascunho"])
    def test_what_was_not_sent_yet_is_ignored(self, word: str) -> None:
        table = f"to,template,date,status\n5491155550001,promo,{AT},{word}\n"
        assert items_of(table.encode()) == [Ignored("row of a message that was not sent")]

    @pytest.mark.parametrize(("code", "failure"), [("0", None), ("", None), ("131026", 131026), ("0.0", None)])
    def test_error_code_0_means_none(self, code: str, failure: int | None) -> None:
        send = send_of("to,template,date,error_code", f"5491155550001,promo,{AT},{code}")
        assert (send.failure and send.failure.code) == failure

    def test_the_reason_of_a_failure(self) -> None:
        header = "to,template,date,status,reason for failure,details"
        send = send_of(header, f"5491155550001,promo,{AT},failed,Message undeliverable,No WhatsApp")
        assert send.failure == Failure(None, "Message undeliverable", "No WhatsApp")
        assert send_of(header, f"5491155550001,promo,{AT},delivered,OK,").failure is None

    def test_a_column_for_each_step(self) -> None:
        header = "to,template,sent,delivered,seen,replied,failed"
        send = send_of(header, f"5491155550001,promo,{AT},2026-11-18 12:00:10,2026-11-18 12:01,2026-11-18 13:00,")
        assert (send.at, send.delivered_at, send.read_at) == (T, T + 10_000, T + 60_000)
        assert (send.answered_at, send.failed_at) == (T + 3_600_000, None)
        assert send_of(header, f"5491155550001,promo,{AT},,,,2026-11-18 12:00:05").failed_at == T + 5_000

    def test_a_step_may_be_yes_or_no(self) -> None:
        header = "Teléfono;Plantilla;Fecha;Enviado;Entregado;Leído;Fallido"
        send = send_of(header, f"5491155550001;promo;{AT};Sí;VERDADERO;no;")
        assert send.flags == Flags(sent=True, delivered=True)
        assert send_of(header, f"5491155550001;promo;{AT};no;no;no;sí").failed_at == T
        assert send_of(header, f"5491155550001;promo;{AT};no;;;").flags == Flags(not_sent=True)

    def test_the_time_of_a_status_is_that_of_its_step(self) -> None:
        header = "to,template,date,status,last_update"
        send = send_of(header, f"5491155550001,promo,{AT},Read,2026-11-18 12:05:00")
        assert (send.at, send.read_at, send.delivered_at) == (T, T + 300_000, None)


class TestDirection:
    @pytest.mark.parametrize("word", ["inbound", "Entrante", "incoming", "recebida"])
    def test_a_message_from_a_person(self, word: str) -> None:
        header = "message_id,from,to,direction,date"
        (event,) = events_of(f"{header}\nwamid.A,5491155550001,5491100000001,{word},{AT}\n".encode())
        assert isinstance(event, Inbound)
        assert (event.key, event.contact.wa_ids) == ("wamid.A", ("5491155550001",))
        assert event.line == LineIds(number="5491100000001")

    def test_columns_named_by_role_do_not_change_places(self) -> None:
        header = "message_id,phone,line,direction,date"
        (event,) = events_of(f"{header}\nwamid.A,5491155550001,5491100000001,in,{AT}\n".encode())
        assert event.contact.wa_ids == ("5491155550001",)

    def test_other_directions(self) -> None:
        header = "message_id,from,to,direction,date"
        row = "wamid.A,5491100000001,5491155550001"
        assert send_of(header, f"{row},saliente,{AT}").contact.wa_ids == ("5491155550001",)
        (reject,) = rejects_of(f"{header}\n{row},sideways,{AT}\n".encode())
        assert reject.reason == "unknown direction 'sideways'"

    def test_rows_of_other_channels_are_ignored(self) -> None:
        header, row = "to,template,date,channel", f"5491155550001,promo,{AT}"
        assert len(sends_of(f"{header}\n{row},WhatsApp\n")) == 1
        assert items_of(f"{header}\n{row},SMS\n".encode()) == [Ignored("row of another channel")]


class TestTimes:
    def test_a_date_and_a_time_of_day_in_two_columns(self) -> None:
        assert send_of("Teléfono;Plantilla;Fecha;Hora", "5491155550001;promo;18/11/2026;12:00:05").at == T + 5_000
        assert send_of("phone,template,send date,send time", "5491155550001,promo,2026-11-18,12:00").at == T
        assert send_of("telefone;modelo;data;hora", "5491155550001;promo;18/11/2026;12:00").at == T

    def test_a_column_may_say_that_it_is_utc(self) -> None:
        assert send_of("to,template,Sent At (UTC)", "5491155550001,promo,2026-11-18 15:00:00").at == T

    def test_a_row_without_a_time_is_a_reject(self) -> None:
        assert [one.reason for one in rejects_of(b"to,template,date\n5491155550001,promo,\n")] == ["no time"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("message_id,phone,phone,sent_at", ["'phone' stands 2 times in the header; the one in column 2 is read"]),
        ("message_id,Phone,sent_at,PHONE", ["'Phone' stands 2 times in the header; the one in column 2 is read"]),
        (
            "Message-ID,message id,phone,sent_at",
            ["'Message-ID' stands 2 times in the header; the one in column 1 is read"],
        ),
        ("message_id,phone,note,sent_at", []),
        ("message_id,note,note,phone,sent_at", []),
    ],
)
def test_a_name_that_stands_twice_is_told(header: str, told: list[str]) -> None:
    assert columns_of(header.split(",")).notes() == told


def test_an_import_notes_it(tmp_path: Path) -> None:
    path = tmp_path / "sends.csv"
    path.write_text(f"message_id,phone,phone,sent_at\nwamid.1,5491155550001,5491155550002,{AT}\n")
    assert "'phone' stands 2 times" in import_all(tmp_path / "saludo.db", path)[0].notes[0]
