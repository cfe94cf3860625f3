"""The reason of a failure: by its code, by its text, or unknown; and what each reason means."""

from __future__ import annotations

import pytest

from storage.domain.failures import Reason, explain, reason_of, title_of


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
        ("something new", "other"),
    ],
)
def test_without_a_code_the_words_of_the_text_decide(text: str, reason: str) -> None:
    assert reason_of(None, text).value == reason


def test_with_an_unknown_code_the_words_of_the_text_decide() -> None:
    assert reason_of(555555, "rate limit hit") is Reason.LIMIT_REACHED


def test_every_reason_has_a_title_and_advice() -> None:
    for reason in Reason:
        assert title_of(reason)
    explanation = explain(131049)
    assert (explanation.reason, explanation.retry) == (Reason.LIMIT_REACHED, "later")
    assert explanation.advice.endswith(".")
