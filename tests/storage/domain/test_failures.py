"""The reason of a failure: by its code, by its text, or unknown; and what each reason means."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

import pytest

from storage.domain.failure_codes import EVERY_CODE
from storage.domain.failures import (
    FailureCode,
    Reason,
    Retry,
    explain,
    explain_kind,
    reason_of,
    title_of,
    wait_words,
)
from tests.language_runs import said_in
from tests.texts import catalogue


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (131026, "number_gone"),
        (132000, "wrong_parameters"),
        (132001, "template_unavailable"),
        (131049, "limit_reached"),
        (131047, "window_closed"),
        (131050, "opted_out"),
        (131042, "account"),
        (200, "account"),
        (131053, "media"),
        (131000, "service"),
        (131021, "wrong_number"),
        (470, "window_closed"),
        (471, "limit_reached"),
        (1013, "number_gone"),
        (63016, "window_closed"),
        (63018, "limit_reached"),
        (63003, "number_gone"),
        (63024, "wrong_number"),
        (63028, "wrong_parameters"),
        (63027, "template_unavailable"),
        (130403, "opted_out"),
        (131055, "template_unavailable"),
        (131061, "wrong_parameters"),
        (131065, "account"),
        (132018, "wrong_parameters"),
        (134101, "template_unavailable"),
        (147005, "account"),
        (999999, "other"),
        (None, "other"),
    ],
)
def test_a_code_has_its_documented_reason(code: int | None, reason: str) -> None:
    assert reason_of(code).value == reason


def test_the_text_decides_between_the_two_reasons_of_a_code() -> None:
    assert reason_of(131009) is Reason.WRONG_PARAMETERS
    assert reason_of(131009, "Parameter value is not valid", "Invalid phone number") is Reason.WRONG_NUMBER
    assert reason_of(100) is Reason.WRONG_NUMBER
    assert reason_of(100, "Invalid parameter") is Reason.WRONG_PARAMETERS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("User's number is part of an experiment", "opted_out"),
        ("to maintain healthy ecosystem engagement", "limit_reached"),
        ("Re-engagement message", "window_closed"),
        ("1013: not a valid WhatsApp user", "number_gone"),
        ("Parámetros incorrectos de la plantilla", "wrong_parameters"),
        ("El número ya no existe", "number_gone"),
        ("Número de destino incorrecto", "wrong_number"),
        ("Límite de envíos alcanzado", "limit_reached"),
        ("Número inválido", "wrong_number"),
        ("Invalid phone number", "wrong_number"),
        ("El contacto no tiene WhatsApp", "number_gone"),
        ("O número não existe", "number_gone"),
        ("Parâmetros incorretos do modelo", "wrong_parameters"),
        ("Número de destino incorreto", "wrong_number"),
        ("something new", "other"),
    ],
)
def test_without_a_code_the_words_of_the_text_decide(text: str, reason: str) -> None:
    assert reason_of(None, text).value == reason


def test_with_an_unknown_code_the_words_of_the_text_decide() -> None:
    assert reason_of(555555, "rate limit hit") is Reason.LIMIT_REACHED


@pytest.mark.parametrize("record", EVERY_CODE, ids=lambda record: f"{record.code}{record.words}")
def test_every_code_says_what_it_means_and_what_to_do(record: FailureCode) -> None:
    assert 0 < len(record.title) <= 36
    assert not record.title.endswith(".")
    assert record.meaning.endswith(".")
    assert record.advice.endswith(".")
    assert record.retry.can_help or not record.wait
    assert record.retry is not Retry.LATER or record.wait
    known = explain(record.code, " ".join(record.words))
    assert (known.reason, known.title, known.advice) == (record.reason, record.title, record.advice)


@pytest.mark.parametrize("language", ["es", "pt"])
def test_every_code_says_so_in_every_language_within_the_same_room(language: str) -> None:
    known = {text: entry.translations[0] for (_, text), entry in catalogue(language).items()}
    for record in EVERY_CODE:
        assert len(known[record.title]) <= 36, known[record.title]
        assert not known[record.title].endswith(".")
        assert known[record.meaning].endswith(".")
        assert known[record.advice].endswith(".")


@pytest.mark.parametrize("language", ["es", "pt"])
def test_a_reason_in_words_is_read_as_that_reason(language: str) -> None:
    """What saludo calls it, other programs of that language do too."""
    code = """
from storage.domain.failures import Reason, reason_of, title_of
four = (Reason.WRONG_PARAMETERS, Reason.LIMIT_REACHED, Reason.NUMBER_GONE, Reason.WRONG_NUMBER)
print(*(title_of(reason) for reason in four if reason_of(None, title_of(reason)) is not reason))
"""
    assert said_in(language, code) == ""


def test_no_two_records_claim_the_same_failures() -> None:
    for code, records in groupby(sorted(EVERY_CODE, key=lambda record: record.code), key=lambda record: record.code):
        claimed = [words for record in records for words in (record.words or ("",))]
        assert len(claimed) == len(set(claimed)), code


def test_a_code_that_stands_for_another_says_what_that_one_says() -> None:
    for record in EVERY_CODE:
        if record.same_as is not None:
            same = explain(record.same_as)
            assert (record.reason, record.title, record.retry, record.wait) == (
                *(same.reason, same.title, same.retry, same.wait),
            )


def test_the_speed_of_the_sender_says_nothing_of_the_person() -> None:
    speed, person = explain(130429), explain(131049)
    assert speed.reason is person.reason is Reason.LIMIT_REACHED
    assert speed.title != person.title
    assert "day" not in speed.advice
    assert (speed.retry, speed.wait) == (Retry.YES, timedelta(minutes=1))
    assert (person.retry, person.wait) == (Retry.LATER, timedelta(hours=24))


def test_undeliverable_is_more_than_a_number_that_is_gone() -> None:
    assert explain(131026).title == "Message undeliverable"
    assert "other causes" in explain(131026).meaning
    assert explain(None, "El número ya no existe").title == title_of(Reason.NUMBER_GONE)


@pytest.mark.parametrize("code", [130472, 131026, 131050, 130403, 63032, 63003, 132000, 131047, 131042])
def test_what_no_retry_helps(code: int) -> None:
    assert explain(code).retry is Retry.NO


def test_a_held_message_that_was_dropped_says_so() -> None:
    assert explain(135000, "Generic user error").title == "Generic error, or held and dropped"
    dropped = explain(135000, "Message failed", "held_for_quality_assessment")
    assert (dropped.title, dropped.retry) == ("Held for quality, then dropped", Retry.UNKNOWN)


def test_the_small_numbers_of_gupshup_are_told_apart_by_their_text() -> None:
    assert explain(1002).reason is Reason.WRONG_NUMBER
    assert explain(1002, "Number Does Not Exist On WhatsApp").reason is Reason.NUMBER_GONE
    assert explain(1008, "User is not Opted in and Inactive").reason is Reason.OPTED_OUT
    assert explain(1008, "Required parameter is missing").reason is Reason.WRONG_PARAMETERS


def test_without_the_text_the_reason_decides_between_the_records_of_a_code() -> None:
    assert explain_kind("wrong_number", 131009) == explain(131009, "recipient")
    assert explain_kind("wrong_parameters", 131009) == explain(131009)
    assert explain_kind("limit_reached", 999).title == title_of(Reason.LIMIT_REACHED)


def test_every_reason_has_a_title_and_advice() -> None:
    for reason in Reason:
        assert title_of(reason)
        assert explain_kind(reason, None).advice.endswith(".")
    assert wait_words(timedelta(hours=24)) == "24 hours"
    assert wait_words(timedelta(minutes=1)) == "1 minute"
