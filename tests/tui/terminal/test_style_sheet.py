"""Style sheets that are read once have the rules of Textual's own, in every theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.css.parse import parse
from textual.css.stylesheet import Stylesheet, StylesheetParseError

from tests.databases import build
from tests.tui.scenes import dashboard, press
from tui.terminal.style_sheet import RememberedStyles, _rules_of


@pytest.fixture(autouse=True)
def nothing_read() -> Iterator[None]:
    _rules_of.cache_clear()
    yield
    _rules_of.cache_clear()


def rules_of(styles: Stylesheet) -> list[tuple[str, dict[str, str]]]:
    """Each rule as text, in their order."""
    return [
        (rule.selectors, {name: str(value) for name, value in rule.styles.get_rules().items()}) for rule in styles.rules
    ]


def as_textual_reads(styles: Stylesheet, variables: dict[str, str]) -> Stylesheet:
    """A style sheet of Textual's own that reads the same texts anew."""
    plain = Stylesheet(variables=variables)
    plain.source = dict(styles.source)
    plain.parse()
    return plain


async def test_the_rules_of_every_theme_and_screen_are_those_that_textual_reads(tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):  # the second app gets what the first one read
        async with dashboard(build(tmp_path / "saludo.db")) as (app, pilot):
            for key in ("T", "T", "T", "question_mark"):
                await press(pilot, key)
                assert isinstance(app.stylesheet, RememberedStyles)
                plain = as_textual_reads(app.stylesheet, app.get_css_variables())
                assert rules_of(app.stylesheet) == rules_of(plain), (app.theme, key)
                seen.add((app.theme, app.screen.styles.background.hex))
    assert len(seen) == 3


async def test_a_process_reads_each_text_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[Any, ...]] = []

    def counted(scope: str, css: str, read_from: Any, *, tie_breaker: int, **more: Any) -> Any:
        read.append((css, read_from, tie_breaker))
        return parse(scope, css, read_from, tie_breaker=tie_breaker, **more)

    monkeypatch.setattr("textual.css.stylesheet.parse", counted)
    async with dashboard(build(tmp_path / "saludo.db")) as (app, _):
        assert len(read) == len(set(read)) >= len(app.stylesheet.source)
        assert {place for _, place, _ in read} == set(app.stylesheet.source)
    first = len(read)
    async with dashboard(tmp_path / "saludo.db"):
        assert len(read) == first


def test_a_text_with_an_error_is_told_and_leaves_the_rules_before_it() -> None:
    styles = RememberedStyles(variables={"ink": "red"})
    styles.add_source("Screen { color: $ink; }", ("one", ""))
    before = styles.rules[0].css
    for _ in range(2):
        styles.add_source("Screen { colour-of-it: red; }", ("two", ""))
        with pytest.raises(StylesheetParseError):
            styles.parse()
        assert styles._rules[0].css == before
        styles._invalid_css.clear()
    styles.set_variables({"ink": "blue"})
    del styles.source["two", ""]
    styles.reparse()
    assert styles.rules[0].css == before.replace("#FF0000", "#0000FF")
