"""The words of a filter in Spanish and Portuguese mean what the English ones mean, whatever the language chosen."""

from __future__ import annotations

from datetime import date

import pytest

from storage.domain.filter_context import FilterContext
from storage.domain.filter_synonyms import _FIELDS, _VALUES, english_field, english_value
from storage.domain.filters import FIELDS, Filter, fields_by_keyword
from storage.domain.patterns import UNKNOWN
from storage.domain.period import NAMED_PERIODS
from tests.language_runs import said_in
from tests.storage.language.test_catalogues import OTHERS
from tests.texts import catalogue


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("período:hoy plantilla:promo_*", "period:today template:promo_*"),
        ("periodo:semana-pasada origen:notificación,campaña", "period:last_week origin:notification,campaign"),
        ("estado:no_enviada falla:numero_inexistente", "period:30d status:failed failure:number_gone"),
        ("falla:número_inexistente/131026", "period:30d failure:number_gone/131026"),
        ("usuario:nuevo linea:+54911", "period:30d line:+54911 user:new"),
        ("desde:2026-11-01 hasta:2026-11-22", "since:2026-11-01 until:2026-11-22"),
        ("modelo:!teste_* usuário:recorrente", "period:30d template:!teste_* user:recurrent"),
        ("período:mês_passado status:entregue,lida", "period:last_month status:delivered,read"),
        ("NOMBRE:lucía Contato:5491", "period:30d contact:5491 name:lucía"),
        ("período:todo", "period:all"),
    ],
)
def test_a_filter_is_read_in_every_language_and_written_in_english(text: str, english: str) -> None:
    context = FilterContext(date(2026, 11, 25), {})
    found = Filter.parse(text, context)
    assert found == Filter.parse(english, context)
    assert Filter.parse(str(found)) == found


def test_every_field_and_every_value_has_words_in_every_language() -> None:
    keywords = fields_by_keyword()
    assert _FIELDS.keys() == keywords.keys()
    suggested = {value for field in FIELDS.values() for word in field.keywords for value in field.suggestions(word)}
    assert _VALUES.keys() == {value for value in suggested if not value[0].isdigit()} | {UNKNOWN}


@pytest.mark.parametrize("language", OTHERS)
def test_a_word_means_one_field_and_within_a_field_one_value(language: str) -> None:
    known = catalogue(language)
    for name in _FIELDS:
        for word in known["filter field", name].translations[0].split("|"):
            assert english_field(word) == name
    for keyword, field in fields_by_keyword().items():
        for value in field.suggestions(keyword):
            if value in _VALUES:
                for word in known["filter value", value].translations[0].split("|"):
                    assert english_value(word, field.suggestions(keyword)) == value


def test_the_words_of_a_period_are_all_known() -> None:
    assert {name for name in NAMED_PERIODS if not name[0].isdigit()} <= _VALUES.keys()


@pytest.mark.parametrize(
    ("tag", "word", "expected"),
    [
        ("en", "pl", ""),
        ("es", "pl", "plantilla:"),
        ("pt", "mod", "modelo:"),
        ("es", "tem", "template:"),
        ("es", "periodo:se", "periodo:semana periodo:semana_pasada"),
        ("es", "período:to", "período:todo"),
        ("es", "period:yest", "period:yesterday"),
        ("es", "estado:leída,no", "estado:leída,no_enviada"),
        ("pt", "status:!l", "status:!lida"),
    ],
)
def test_completion_offers_the_words_of_the_language(tag: str, word: str, expected: str) -> None:
    code = f"from tui.data.filter_completion import candidates\nprint(*candidates({word!r}, {{}}))"
    assert said_in(tag, code) == expected


def test_an_unknown_word_is_compared_with_those_of_the_language() -> None:
    code = """
from storage.domain.filters import Filter
for text in ("plantila:x", "estado:leda", "templte:x"):
    try:
        Filter.parse(text)
    except ValueError as error:
        print(error.message)
"""
    assert said_in("es", code).splitlines() == [
        "campo: 'plantila' no existe. ¿Quizás 'plantilla'?",
        "estado: 'leda' no existe. ¿Quizás 'leída'?",
        "campo: 'templte' no existe. Opciones: período, desde, hasta, origen, línea, plantilla, usuario, estado, "
        "falla, contacto, nombre",
    ]


def test_what_no_source_names_has_a_word_in_every_language() -> None:
    for text in ("template:(desconocida)", "plantilla:(Desconocido)", "modelo:(desconhecido)"):
        assert Filter.parse(text) == Filter.parse("template:(unknown)")
    assert Filter.parse("template:(otra)").templates == frozenset({"(otra)"})
