"""The documents say what the program does: keys, formats and words; and every link between them leads somewhere."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from storage.domain.events import Ignored, Reject
from storage.language.languages import LANGUAGES
from storage.sources import formats
from storage.sources.recognition import open_source
from tests.captures import OPTIONS
from tests.docs import READMES, ROOT, SECTIONS, Section, WholeFile
from tests.docs_pictures import PICTURES

README = READMES["en"]
TEXT = README.read_text(encoding="utf-8")
DOCUMENTS = sorted([*READMES.values(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
CITED = re.compile(r"docs/[a-z_-]+\.md")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: f"{section.document.name} {section.name}")
def test_what_is_made_from_the_code_is_up_to_date(section: Section | WholeFile) -> None:
    """`python -m tests.docs` writes it."""
    assert section.present() == section.make()


def test_every_format_is_named_in_the_readme() -> None:
    for name in formats.names():
        assert f"| `{name}` |" in TEXT


def test_every_example_of_a_format_is_read_as_that_format() -> None:
    document = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for section in document.split("\n## `")[1:]:
        name = section.partition("`")[0]
        for example in re.findall(r"```(?:json)?\n(.*?)```", section, re.DOTALL):
            opened = open_source(io.BytesIO(example.encode()), OPTIONS)
            items = list(opened.items())
            assert opened.format == name
            assert not [item for item in items if isinstance(item, (Reject, Ignored))]


@pytest.mark.parametrize(
    ("name", "shown"),
    {
        "dashboard": "Daily",
        "breakdown": "Answered▾",
        "compare": "against",
        "versus": "better",
        "retry": "people",
    }.items(),
)
def test_a_picture_is_there_and_loads_nothing_from_the_web(name: str, shown: str) -> None:
    assert name in PICTURES
    picture = (ROOT / "docs" / f"{name}.svg").read_text(encoding="utf-8")
    assert shown in picture
    assert not re.findall(r"(?:url\(|href=|src=)[^>]*http", picture)


def test_the_two_commands_stand_alone() -> None:
    commands = re.findall(r"```sh\n(python3 -m venv .*)\n```", TEXT)
    assert len(commands) == 2
    assert all("pip install" in command for command in commands)
    assert commands[0].endswith("saludo demo")
    assert "pytest" in commands[1]


def test_ci_runs_the_tests_of_the_readme() -> None:
    (command,) = re.findall(r"python (-m pytest [^`\n]*)\n```", TEXT)
    assert f"python {command}" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readmes_are_short() -> None:
    for readme in READMES.values():
        assert len(readme.read_text(encoding="utf-8").splitlines()) <= 152


def _outline(text: str) -> dict[str, list[str]]:
    """What is alike in the README of every language: levels of headings, commands, links, rows of tables, options."""
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    return {
        "headings": re.findall(r"^#+ ", text, re.MULTILINE),
        "commands": [line.partition("#")[0].rstrip() for line in code.splitlines()],
        "links": sorted(
            re.sub(r"\.(?:es|pt)\.svg", ".svg", link) for link in re.findall(r"\]\((?!README)([^)]+)\)", text)
        ),
        "rows": re.findall(r"^\| (`[^|]*`|\[[^|]*\)) \|", text, re.MULTILINE),
        "options": sorted(set(re.findall(r"`(--?[a-z][a-z-]*)", text)) - {"--lang"}),
        "figures": re.findall(r"\d+ (?:ms|bytes)", text),
    }


@pytest.mark.parametrize("language", sorted(READMES.keys() - {"en"}))
def test_the_readmes_are_alike(language: str) -> None:
    assert _outline(READMES[language].read_text(encoding="utf-8")) == _outline(TEXT)
    assert READMES.keys() <= LANGUAGES.keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (document.parent / target).exists(), target
    for path in re.findall(r"(?<![\w./-])((?:storage|tui|tests|fixtures|docs)/[\w./-]+\.[a-z]\w*)", text):
        assert (ROOT / path).exists() or "NAME" in path, path


def test_the_code_cites_documents_that_exist() -> None:
    cited = {
        name
        for package in ("storage", "tui", "fixtures", "tests")
        for path in (ROOT / package).rglob("*.py")
        for name in CITED.findall(path.read_text(encoding="utf-8"))
    }
    assert [name for name in cited if not (ROOT / name).exists()] == []
