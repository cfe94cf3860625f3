"""Tests of identities: spellings of numbers, values that identify nobody, the people whom rows and webhooks name."""

from __future__ import annotations

from typing import Any

import pytest

from storage.domain.events import ContactIds, Inbound, Known, Send, Status
from storage.sources.identity import bsuid_of, customer_of, names_nobody, number_of, person, row_contact
from tests.captures import events_of, rejects_of
from tests.storage.sources.test_cloud_api import T, status, webhook

NUMBER = "5491155550001"
ANA, BSUID, PARENT = ContactIds((NUMBER,)), "AR.7158", "AR.ENT.9"


@pytest.mark.parametrize(
    "spelling",
    [
        *("+54 9 11 5555-0001", "+54 9 (11) 5555.0001", "54-911-5555-0001", "00" + NUMBER, "5.491.155.550.001"),
        *("5,491,155,550,001", "5491155550001.0", "5491155550001,0", "5491155550001.00", "5.491.155.550.001,00"),
        *("'+5491155550001", '="5491155550001"', "=5491155550001", " 5491155550001\t", "5.491155550001E+12"),
        *("\u202a+54 9 11 5555\u20110001\u202c", "\u200b5491155550001", "549\u00a011\u20095555\u20130001"),
        *("\uff0b\uff15\uff14\uff19\uff11\uff11\uff15\uff15\uff15\uff15\uff10\uff10\uff10\uff11", "\ufeff" + NUMBER),
        *("whatsapp:+5491155550001", "WhatsApp: 5491155550001", "tel:+54-9-11-5555-0001", NUMBER + "@c.us"),
        *(NUMBER + "@s.whatsapp.net", NUMBER + ":12@s.whatsapp.net", "https://wa.me/5491155550001?text=hola"),
        *("https://api.whatsapp.com/send?phone=5491155550001&text=x", int(NUMBER), float(NUMBER)),
    ],
)
def test_a_number_is_the_same_in_any_spelling(spelling: Any) -> None:
    assert number_of(spelling) == NUMBER


@pytest.mark.parametrize(
    "value",
    [
        *("5,49116E+12", "5.49116E+12", "5.4911555E12", "5e12", "549115555****", "54911XXXX0001", "54911•••0001"),
        *("54911…", "54911...", "54911????", "N/A", "", "-", "12345", "1234567890123456", "0000000000", "99999999999"),
        *("2025-11-03", "03/11/2025", "11-03-2025", "4555-0001, 4555-0002", "555-001 / 555-002", "555001;555002"),
        *("a3f9c0ffee", "AR.7158", NUMBER + "@lid", "120363@g.us", None, True, [], {}, float("nan"), float("inf")),
    ],
)
def test_what_is_no_number_or_only_a_part_of_one_is_none(value: Any) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *(
            "N/A",
            "n/a ",
            "n.a.",
            "#N/A",
            "#N/D",
            "null",
            "(null)",
            "NULL",
            "None",
            "NaN",
            "undefined",
            "unknown",
            "-",
            "--",
        ),
        *("########", "??", "0", "-1", "#REF!", "#¡VALOR!", "#VALUE!", "#DIV/0!", "sin datos", "S/D", "No disponible"),
        *("não informado", "Desconocido", "[object Object]", "549115555****", "5,49116E+12", "54911XXXX0001"),
        *("+54 9 11 •••• 0001", "AR.71…", "120363@g.us", "ana***@x.com", " "),
    ],
)
def test_a_value_that_identifies_nobody_joins_nobody(value: str) -> None:
    assert names_nobody(value)
    assert row_contact(value, value, value) == ContactIds()
    assert person(value, value) == ContactIds()
    everywhere = status(recipient_id=value, recipient_user_id=value)
    (event,) = events_of(webhook({"statuses": [everywhere]}))
    assert isinstance(event, Status)
    assert event.contact == ContactIds()


@pytest.mark.parametrize(
    "text", ["a3f9c0ffee", "客户", "user-12", "xyz", "Ana", NUMBER + "@lid", "12345678901234567890"]
)
def test_another_text_is_an_identity_in_webhooks_only(text: str) -> None:
    assert not names_nobody(text)
    assert person(text) == ContactIds(user_id=text)
    assert row_contact(text) == ContactIds()
    assert customer_of[text] == text


def test_a_pseudonym_is_the_same_person_whatever_stands_beside_it() -> None:
    alone = {"contacts": [{"wa_id": "a3f9c0ffee"}], "messages": [{"id": "w1", "from": "a3f9c0ffee", "timestamp": T}]}
    beside = {"messages": [{"id": "w2", "from": "a3f9c0ffee", "from_user_id": BSUID, "timestamp": T}]}
    assert [event.contact for event in events_of(webhook(alone) + b"\n" + webhook(beside))] == [
        ContactIds(user_id="a3f9c0ffee"),
        ContactIds(user_id="a3f9c0ffee", other_user_ids=(BSUID,)),
    ]


@pytest.mark.parametrize("text", ["AR.7158", "UY.ENT.9", "US.13491208655302741918"])
def test_a_bsuid_is_an_identity_anywhere(text: str) -> None:
    assert bsuid_of(text) == text
    assert row_contact(text) == row_contact(None, text) == person(None, text) == ContactIds(user_id=text)


@pytest.mark.parametrize("text", ["ar.7158", "AR.", "ARG.1", "AR.7158…", "AR 7158"])
def test_what_only_looks_like_a_bsuid_is_none(text: str) -> None:
    assert bsuid_of(text) is None


def test_a_row_with_a_rounded_number_has_its_customer_only() -> None:
    assert row_contact("5,49116E+12", customer="C1") == ContactIds(customer_id="C1")
    assert row_contact("5491160000000", customer="C1") == ContactIds(customer_id="C1")  # saved after it was rounded
    assert row_contact("5491160000000") == ContactIds()
    assert row_contact("https://wa.me/5491160000000") == ContactIds(("5491160000000",))  # no spreadsheet rounds a link
    assert row_contact("+54 9 11 5555-0000") == ContactIds(("5491155550000",))
    assert row_contact(NUMBER, customer="1,23457E+15") == ANA
    assert row_contact(NUMBER, customer="17.0") == ContactIds((NUMBER,), customer_id="17")


def test_a_changed_user_id_is_the_same_person() -> None:
    system = {"type": "user_changed_user_id", "previous_user_id": "AR.1", "user_id": "AR.2", "body": "…"}
    for sender in ({"from": NUMBER}, {"from_user_id": "AR.2"}, {"from": NUMBER, "from_user_id": "AR.1"}, {}):
        message = {"id": "w1", "timestamp": T, "type": "system", "system": system} | sender
        (event,) = events_of(webhook({"messages": [message]}))
        numbers = (NUMBER,) if "from" in sender else ()
        assert event.contact == ContactIds(numbers, "AR.2", other_user_ids=("AR.1",), replaced_user_id="AR.1")


def test_a_changed_number_may_bring_user_ids() -> None:
    system = {"type": "user_changed_number", "wa_id": "5491155550002", "user_id": "AR.2", "previous_user_id": "AR.1"}
    message = {"id": "w1", "from": NUMBER, "timestamp": T, "type": "system", "system": system}
    (event,) = events_of(webhook({"messages": [message]}))
    assert event.contact == ContactIds(
        ("5491155550002", NUMBER), "AR.2", replaced=NUMBER, other_user_ids=("AR.1",), replaced_user_id="AR.1"
    )


@pytest.mark.parametrize("member", ["parent_recipient_user_id", "recipient_parent_user_id"])
def test_a_parent_id_in_a_status_is_an_id_of_the_recipient(member: str) -> None:
    (event,) = events_of(webhook({"statuses": [status(recipient_user_id=BSUID) | {member: PARENT}]}))
    assert event.contact == ContactIds(("5491105550001",), BSUID, other_user_ids=(PARENT,))


def test_ids_in_every_place_of_a_webhook_are_seen_together() -> None:
    both = ContactIds((NUMBER,), BSUID)
    echo = {"id": "e1", "from": "5411000000", "to": NUMBER, "to_user_id": BSUID, "timestamp": T, "type": "text"}
    call = {"id": "c1", "from": NUMBER, "from_user_id": BSUID, "to": "5411000000", "event": "connect", "timestamp": T}
    preference = {"wa_id": NUMBER, "user_id": BSUID, "category": "marketing_messages", "value": "stop"}
    for field, value in (
        ("smb_message_echoes", {"message_echoes": [echo]}),
        ("calls", {"calls": [call]}),
        ("calls", {"calls": [{"to": NUMBER, "to_user_id": BSUID, "from": "5411000000"}]}),
        ("user_preferences", {"user_preferences": [preference]}),
        ("calls", {"contacts": [{"wa_id": NUMBER, "user_id": BSUID}], "calls": [{"from": NUMBER}]}),
    ):
        (event,) = events_of(webhook(value, field))
        assert event.contact == both, field


@pytest.mark.parametrize("field", ["standby", "messages"])
def test_standby_holds_messages_and_statuses(field: str) -> None:
    message = {"id": "w1", "from": NUMBER, "timestamp": T, "type": "text"}
    standby = {"standby": {"messages": [message], "statuses": [status()]}}
    events = events_of(webhook(standby | {"metadata": {"phone_number_id": "100"}}, field))
    assert [(event.key, event.line.identifier) for event in events if not isinstance(event, Known)] == [
        ("wamid.1", "100"),
        ("w1", "100"),
    ]
    assert len(events_of(webhook(standby | {"messages": [message | {"id": "w0"}]}, field))) == 3
    broken = webhook({"standby": {"messages": [message, 7], "statuses": [status()]}}, field)
    assert (len(events_of(broken)), len(rejects_of(broken))) == (2, 1)


def test_the_history_of_a_number_makes_its_contacts_known() -> None:
    thread = {
        "id": NUMBER,
        "context": {"wa_id": NUMBER, "user_id": BSUID},
        "messages": [
            {"id": "h1", "from": NUMBER, "timestamp": T, "type": "text", "history_context": {"status": "READ"}},
            {"id": "h2", "from": "5411000000", "to": NUMBER, "timestamp": T + 1, "type": "text"},
            {"id": "h3", "from": NUMBER, "timestamp": "yesterday", "type": "text"},
        ],
    }
    metadata = {"display_phone_number": "+54 11 00-0000", "phone_number_id": "100"}
    value = {"metadata": metadata, "history": [{"metadata": {"phase": 0}, "threads": [thread]}]}
    their, our = events_of(webhook(value, "history"))
    assert isinstance(their, Inbound)
    assert isinstance(our, Send)
    assert their.contact == our.contact == ContactIds((NUMBER,), BSUID)
    assert our.kind == "echo"
