"""What is stored in English about files is shown in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.sources import reasons
from tests.captures import capture
from tests.language_runs import said_in
from tests.storage.language.test_catalogues import OTHERS

SOURCES = Path(reasons.__file__).parent
KNOWN = (*reasons.PLACES, *reasons.REASONS, *reasons.NOTES, *reasons.IGNORED)
# The place of the text among the arguments.
MADE_BY = {"Unreadable": 0, "Ignored": 0, "reject": 1}


def texts_of(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be, with "…" for what is filled in; nothing of other expressions."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        case ast.IfExp(body=body, orelse=other):
            yield from texts_of(body)
            yield from texts_of(other)
        case ast.Subscript(value=value):
            yield from texts_of(value)


def made_texts() -> dict[str, str]:
    """The texts that the package makes, each with its place."""
    found = {}
    for path in SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MADE_BY:
                arguments = node.args[MADE_BY[node.func.id] :]
                for text in texts_of(arguments[0]) if arguments else ():
                    found[text] = f"{path.name}:{node.lineno}"
    return found


def test_every_text_that_is_made_is_in_the_catalogues() -> None:
    patterns = [re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text))) for text in KNOWN]
    made = made_texts()
    assert len(made) > 30
    assert {text: place for text, place in made.items() if not any(one.fullmatch(text) for one in patterns)} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_the_rejects_and_notes_of_every_capture_are_shown_in_every_language(language: str) -> None:
    names = sorted(
        str(path) for path in capture("x").parent.iterdir() if path.suffix in (".jsonl", ".json", ".tsv", ".csv")
    )
    code = f"""
from storage.domain.events import Ignored, Reject
from storage.language.stored_texts import translated
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from tests.captures import OPTIONS
made = set()
for name in {names!r}:
    with open(name, "rb") as file:
        try:
            source = open_source(file, OPTIONS)
        except UnknownFormat:
            continue
        for item in source.items():
            if isinstance(item, Reject):
                made |= {{item.where, item.reason}}
            elif isinstance(item, Ignored):
                made.add(item.what)
        made |= {{*source.notes()}}
print(len(made), *sorted(text for text in made if translated(text) == text and not text.startswith("status ")))
"""
    count, *untranslated = said_in(language, code).split(" ", 1)
    assert int(count) > 30
    assert untranslated == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("line 7", "línea 7"),
        ("time '0' is before 2009 or after 2099", "la hora '0' es anterior a 2009 o posterior a 2099"),
        ("invalid time 'x' (day-first; see --dates)", "hora no válida 'x' (day-first; ver --dates)"),
        ("made up by another program", "made up by another program"),
        ("contact 7 has no id: 12 more", "el contacto 7 no tiene id: 12 más"),
    ],
)
def test_what_is_filled_in_stays_in_its_place(text: str, expected: str) -> None:
    assert (
        said_in("es", f"from storage.language.stored_texts import translated\nprint(translated({text!r}))") == expected
    )
