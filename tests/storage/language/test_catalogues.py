"""The catalogues have every text of the program, translated, and nothing else."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from babel.messages import pofile

from storage.language import catalogue
from storage.language.catalogue import FOLDER, CatalogueError, Entry, compile_sources, read_source, source_files
from storage.language.languages import ENGLISH, LANGUAGES
from tests import texts

OTHERS = sorted(LANGUAGES.keys() - {ENGLISH})
PROGRAM = [path for folder in ("storage", "tui", "fixtures") for path in sorted((texts.ROOT / folder).rglob("*.py"))]
_FIELD = re.compile(r"\{[^{}]*\}|%\([a-z_]+\)[a-z]|%[sr]")
FUNCTIONS = {"_": 1, "mark": 1, "ngettext": 2, "pgettext": 2}  # how many of their arguments are texts
HINT = "run `just texts` and translate what is new"


def fields(text: str) -> list[str]:
    """The placeholders of a text."""
    return sorted(_FIELD.findall(text))


def entries(language: str) -> list[tuple[Path, Entry]]:
    """The entries of a language with their files, without the headers."""
    return [(path, entry) for path in source_files(language) for entry in read_source(path) if entry.text]


@pytest.mark.parametrize("language", OTHERS)
class TestEachLanguage:
    def test_every_area_of_the_program_has_its_texts_and_no_others(self, language: str) -> None:
        for area, expected in texts.extracted().items():
            found = {(entry.context, entry.text): entry.plural for entry in read_source(_source(language, area))}
            found.pop((None, ""))
            assert found == expected, f"{language}/{area}.po: {HINT}"

    def test_every_text_is_translated(self, language: str) -> None:
        missing = [f"{path.name}: {entry.text}" for path, entry in entries(language) if not entry.is_translated]
        assert not missing

    def test_placeholders_are_those_of_the_english_text(self, language: str) -> None:
        for path, entry in entries(language):
            known = {tuple(fields(english)) for english in (entry.text, entry.plural) if english is not None}
            for translation in entry.translations:
                # "one record" may leave out the count that "{count} records" has.
                assert tuple(fields(translation)) in known, f"{path.name}: {entry.text!r} and {translation!r}"

    def test_blanks_at_the_ends_are_those_of_the_english_text(self, language: str) -> None:
        for path, entry in entries(language):
            for translation in entry.translations:
                ends = (translation[:1].isspace(), translation[-1:].isspace())
                assert ends == (entry.text[:1].isspace(), entry.text[-1:].isspace()), f"{path.name}: {entry.text!r}"

    def test_sources_are_in_the_form_that_the_tool_writes(self, language: str) -> None:
        known = texts.catalogue(language)
        for area, of_area in texts.extracted().items():
            written = _source(language, area).read_text(encoding="utf-8")
            assert written == texts.source_text(language, of_area, known), f"{language}/{area}.po: {HINT}"

    def test_the_reader_and_babel_read_the_same(self, language: str) -> None:
        for path in source_files(language):
            with path.open("rb") as file:
                messages = [message for message in pofile.read_po(file) if message.id]
            expected = [
                (one.context, *(one.id if isinstance(one.id, tuple) else (one.id, None)), one.string)
                for one in messages
            ]
            found = [
                (
                    entry.context,
                    entry.text,
                    entry.plural,
                    entry.translations if entry.plural is not None else entry.translations[0],
                )
                for entry in read_source(path)
                if entry.text
            ]
            assert found == expected


def _source(language: str, area: str) -> Path:
    return FOLDER / language / f"{area}.po"


def test_texts_are_written_out_where_they_are_marked() -> None:
    """What is put together is in no catalogue."""
    wrong = []
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
                continue
            marked = node.args[: FUNCTIONS[node.func.id]]
            if path.parent.name != "language" and not all(isinstance(one, ast.Constant) for one in marked):
                wrong.append(f"{path}:{node.lineno}")
    assert not wrong


def test_no_function_that_translates_has_an_underscore_of_its_own() -> None:
    """`for _ in …` would hide the function that translates."""
    wrong = []
    for path in PROGRAM:
        source = path.read_text(encoding="utf-8")
        if not re.search(r"\b_\b(?!\()", source):
            continue  # it is only called
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and _hides_what_it_calls(node):
                wrong.append(f"{path}:{node.lineno}")
    assert not wrong


def _hides_what_it_calls(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    inside = list(ast.walk(function))
    named = {one.arg for one in inside if isinstance(one, ast.arg)}
    named |= {one.id for one in inside if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    called = {one.func.id for one in inside if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    return "_" in named & called


SOURCE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

# A remark.
msgid "line"
msgstr "línea"

msgctxt "of a text"
msgid "line"
msgstr "renglón"

msgid "{count} start"
msgid_plural "{count} starts"
msgstr[0] "{count} inicio"
msgstr[1] "{count} inicios"

#, fuzzy
msgid "template"
msgstr "modelo"

msgid "a long "
"text"
msgstr ""
"un texto \\"largo\\""
"""


class TestReading:
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
        (tmp_path / "es").mkdir()
        self.source = tmp_path / "es" / "all.po"
        self.source.write_text(SOURCE, encoding="utf-8")

    def test_sources_without_a_compiled_catalogue_are_read_as_they_are(self) -> None:
        found = catalogue.load("es")
        assert found.gettext("line") == "línea"
        assert found.pgettext("of a text", "line") == "renglón"
        assert found.gettext("a long text") == 'un texto "largo"'
        assert found.ngettext("{count} start", "{count} starts", 1) == "{count} inicio"
        assert found.ngettext("{count} start", "{count} starts", 0) == "{count} inicios"

    def test_what_a_person_has_to_look_at_stays_english(self) -> None:
        assert catalogue.load("es").gettext("template") == "template"

    def test_a_language_without_sources_is_english(self) -> None:
        assert catalogue.load("fr").gettext("line") == "line"

    def test_the_compiled_catalogue_is_read_until_a_source_is_newer(self, tmp_path: Path) -> None:
        compiled = tmp_path / "es.mo"
        compiled.write_bytes(compile_sources("es").replace("renglón".encode(), b"compiled"))
        os.utime(self.source, (1, 1))
        assert catalogue.load("es").pgettext("of a text", "line") == "compiled"
        os.utime(compiled, (0, 0))
        assert catalogue.load("es").pgettext("of a text", "line") == "renglón"

    def test_a_source_that_cannot_be_read_names_its_line(self) -> None:
        self.source.write_text('msgid "a"\nmsgstr b\n', encoding="utf-8")
        with pytest.raises(CatalogueError, match="line 2"):
            catalogue.load("es")
