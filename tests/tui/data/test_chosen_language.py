"""The language of the process: the option, the variable, the settings file, the locale; else English."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.language_runs import said_in
from tests.tui.commands.runs import process
from tui.data.chosen_language import choose


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file, which does not exist yet."""
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("SALUDO_SETTINGS", str(path))
    return path


def chosen(words: str = "", **environment: str) -> str:
    """The language that these words and variables choose, which is also in the environment afterwards."""
    found = choose(words.split(), environment)
    assert environment["SALUDO_LANG"] == found
    return found


@pytest.mark.usefixtures("settings")
class TestWithoutASettingsFile:
    def test_english_where_nothing_names_a_language(self) -> None:
        assert chosen() == "en"
        assert chosen(LANG="C.UTF-8") == "en"
        assert chosen(LC_ALL="fr_FR.UTF-8", LANG="es_AR.UTF-8") == "en"

    def test_the_locale(self) -> None:
        assert chosen(LANG="es_AR.UTF-8") == "es_AR"
        assert chosen(LC_MESSAGES="pt_BR.UTF-8", LANG="es_AR.UTF-8") == "pt_BR"
        assert chosen(LC_ALL="pt_PT", LC_MESSAGES="es", LANG="es") == "pt_PT"
        assert chosen(LC_ALL="", LANG="es_CO") == "es_CO"

    def test_the_variable_comes_before_the_locale(self) -> None:
        assert chosen(SALUDO_LANG="pt", LANG="es_AR") == "pt"
        assert chosen(SALUDO_LANG="en", LANG="es_AR") == "en"
        assert chosen(SALUDO_LANG="klingon", LANG="es_AR") == "es_AR"

    @pytest.mark.parametrize(
        "words", ["--lang pt report", "report --lang pt", "--lang=pt", "--lang es report --lang pt", "--lang pt -- x"]
    )
    def test_the_option_comes_first(self, words: str) -> None:
        assert chosen(words, SALUDO_LANG="es", LANG="es") == "pt"

    def test_what_is_no_option_is_none(self) -> None:
        assert chosen("import -- --lang pt", LANG="es") == "es"
        assert chosen("report --lang", LANG="es") == "es"


class TestTheSettingsFile:
    def test_it_comes_before_the_locale(self, settings: Path) -> None:
        settings.write_text('theme = "dark"\nlang = "es_MX"\n', encoding="utf-8")
        assert chosen(LANG="pt_BR") == "es_MX"
        assert chosen(SALUDO_LANG="pt") == "pt"

    @pytest.mark.parametrize(
        "content",
        ["lang = 3", 'lang = "fr"', 'theme = "lang"', "lang = [", "lang = " + "[" * 9000],
        ids=["number", "unknown", "other", "broken", "deep"],
    )
    def test_a_wrong_one_is_left_to_the_locale(self, settings: Path, content: str) -> None:
        settings.write_text(content, encoding="utf-8")
        assert chosen(LANG="pt_BR") == "pt_BR"

    def test_a_file_that_cannot_be_read_is_left_out(self, settings: Path) -> None:
        settings.write_bytes(b'lang = "es"\n\xff')
        assert chosen() == "en"
        settings.unlink()
        settings.mkdir()
        assert chosen() == "en"
        settings.rmdir()
        os.mkfifo(settings)
        assert chosen() == "en"


def test_nothing_knows_the_language_before_it_is_chosen() -> None:
    """A module that translates its constants too early would speak English."""
    code = "import sys, tui.__main__, tui.data.chosen_language\nprint('storage.language.of_process' in sys.modules)"
    assert said_in("es", code) == "False"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lang", "es", "report", "--by", "x"), "saludo: argumento --by: Dimensión desconocida 'x'."),
        (("report", "--lang=pt_BR", "--by", "x"), "saludo: argumento --by: Dimensão desconhecida 'x'."),
        (("--lang", "fr"), "saludo: argument --lang: Unknown language 'fr'. Use one of: en, es, pt"),
    ],
)
def test_the_program_speaks_the_language_that_is_chosen(words: tuple[str, ...], said: str) -> None:
    done = process(*words, encoding="utf-8")
    assert done.stderr.startswith(said)
    assert done.returncode == 2
