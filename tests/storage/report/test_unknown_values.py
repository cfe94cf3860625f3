"""A line or a template that the database does not have is told, with the closest one that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.domain.filters import Filter
from storage.report.unknown_values import unknown_values
from tests.cubes import sent
from tests.databases import LINE, NOON, build, session_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ("promo_verano", "Última llamada", "order_1")
    history = [sent(name, NOON, template=name) for name in names]
    return build(tmp_path_factory.mktemp("unknown") / "saludo.db", history)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("template:promo_verano,order_*", []),
        ("template:promo_vreano", [("template", "promo_vreano", "promo_verano")]),
        ('template:!"ultima lamada"', [("template", "ultima lamada", "Última llamada")]),
        ("template:zzz*", [("template", "zzz*", "")]),
        ("template:(unknown) line:(unknown)", []),
        (f"line:{LINE.identifier},+{LINE.number}", []),
        ("line:5491100000009", [("line", "5491100000009", "+5491100000001")]),
        ("contact:1 status:failed", []),
    ],
)
def test_what_nothing_has_is_told(path: Path, text: str, unknown: list[tuple[str, str, str]]) -> None:
    with session_of(path) as session:
        assert unknown_values(session, Filter.parse(f"period:all {text}")) == unknown
