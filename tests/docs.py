"""The parts of the documents that are made from the code: tables of keys, of questions and of formats.

`python -m tests.docs` writes them; `test_docs` checks that they say what the program does.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

from argparse_manpage.manpage import Manpage

from storage.domain.failure_codes import CLOUD_API
from storage.domain.failure_codes.providers import GUPSHUP, ON_PREMISES, TWILIO
from storage.domain.failures import FailureCode, Retry, title_of, wait_words
from storage.sources import botmaker_rows, column_names
from storage.sources.column_names import field_name
from storage.sources.status_words import outcome_words
from tests.docs_pictures import write_pictures
from tests.language_runs import said_in
from tui.commands.arguments import build_parser
from tui.words.keys import Key, ids, sections
from tui.words.questions import questions

ROOT = Path(__file__).parents[1]
READMES = {"en": ROOT / "README.md", "es": ROOT / "README.es.md", "pt": ROOT / "README.pt.md"}
README, SETTINGS, FORMATS = READMES["en"], ROOT / "docs" / "settings.md", ROOT / "docs" / "formats.md"
FAILURES = ROOT / "docs" / "failures.md"
QUESTIONS = ROOT / "docs" / "questions.md"
MAN_PAGES = {"en": ROOT / "docs" / "saludo.1"} | {
    language: ROOT / "docs" / f"saludo.{language}.1" for language in ("es", "pt")
}
# The words of a man page that its generator has in English only, or leaves alone on a line.
MAN_WORDS = {
    "es": {
        '"User Commands"': '"Comandos de usuario"',
        "conversation starts of a WhatsApp business, as a dashboard in the terminal": (
            "inicios de sesión de una empresa en WhatsApp, como tablero en la terminal"
        ),
        ".SH EXIT STATUS AND ENVIRONMENT": ".SH ESTADO DE SALIDA Y ENTORNO",
        ".SH\nARGUMENTOS\n": ".SH COMANDOS\n",
        ".SH DESCRIPTION": ".SH DESCRIPCIÓN",
        ".SH SYNOPSIS": ".SH SINOPSIS",
        ".SH COMMANDS": ".SH COMANDOS",
        ".SH COMMAND ": ".SH COMANDO ",
        ".SH OPTIONS": ".SH OPCIONES",
        ".SH NAME": ".SH NOMBRE",
    },
    "pt": {
        '"User Commands"': '"Comandos de usuário"',
        "conversation starts of a WhatsApp business, as a dashboard in the terminal": (
            "inícios de sessão de uma empresa no WhatsApp, como painel no terminal"
        ),
        ".SH EXIT STATUS AND ENVIRONMENT": ".SH STATUS DE SAÍDA E AMBIENTE",
        ".SH\nARGUMENTOS\n": ".SH COMANDOS\n",
        ".SH DESCRIPTION": ".SH DESCRIÇÃO",
        ".SH SYNOPSIS": ".SH SINOPSE",
        ".SH COMMANDS": ".SH COMANDOS",
        ".SH COMMAND ": ".SH COMANDO ",
        ".SH OPTIONS": ".SH OPÇÕES",
        ".SH NAME": ".SH NOME",
    },
}

HEADS = {"es": "| tecla | qué hace |", "pt": "| tecla | o que faz |"}  # of the table of keys

# What a first reader needs; docs/settings.md has all of them.
MAIN_KEYS = (
    "panel",
    "enter",
    "dashboard.back",
    "dashboard.filter-line",
    "dashboard.choose-period",
    "dashboard.choose-template",
    "dashboard.shift-back",
    "dashboard.compare",
    "dashboard.clear",
    "dashboard.view",
    "dashboard.breakdown",
    "dashboard.find-next-on",
    "dashboard.sort",
    "dashboard.save",
    "dashboard.retry",
    "dashboard.copy",
    "everywhere.help",
    "everywhere.quit",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document that is made from the code, between two marks that stay in the document."""

    document: Path
    name: str
    make: Callable[[], str]

    def present(self) -> str:
        """What the document has now."""
        return self._parts()[1]

    def write(self) -> None:
        """Puts what the code says into the document."""
        before, _, after = self._parts()
        self.document.write_text(before + self.make() + after, encoding="utf-8")

    def _parts(self) -> tuple[str, str, str]:
        begin, end = f"<!-- {self.name}: python -m tests.docs -->\n", f"<!-- end of {self.name} -->"
        before, rest = self.document.read_text(encoding="utf-8").split(begin)
        present, after = rest.split(end)
        return before + begin, present, end + after


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A document that is made from the code as a whole."""

    document: Path
    name: str
    make: Callable[[], str]

    def present(self) -> str:
        """What the document has now."""
        return self.document.read_text(encoding="utf-8")

    def write(self) -> None:
        """Writes the document."""
        self.document.write_text(self.make(), encoding="utf-8")


def man_page() -> str:
    """The man page of the parser, without the date and version of the day it was made."""
    about = "conversation starts of a WhatsApp business, as a dashboard in the terminal"
    data = {"project_name": "saludo", "manual_title": "User Commands", "date": " ", "description": about}
    # Otherwise the usage of each command would be wrapped at the width of the terminal.
    with patch.dict(os.environ, COLUMNS="1000"):
        page = f"{Manpage(build_parser(), data)}\n"
    # The generator has fixed headings for what argparse calls positional arguments and epilog.
    page = page.replace(".SH\nPOSITIONAL ARGUMENTS\n", ".SH COMMANDS\n")
    return page.replace(".SH COMMENTS\n", ".SH EXIT STATUS AND ENVIRONMENT\n")


def man_page_in(language: str) -> str:
    """The man page in another language."""
    page = said_in(language, "from tests.docs import man_page; print(man_page())")
    for english, words in MAN_WORDS[language].items():
        page = page.replace(english, words)
    return page


def all_keys() -> str:
    """Every key of the program with the name that the settings file gives it, as a table."""
    lines = ["| key | does | name |", "|---|---|---|"]
    for where, keys in sections():
        lines.append(f"| **{where}** | | |")
        lines += [f"| `{key.shown}` | {key.does} | {f'`{key.id}`' if key.id in ids() else ''} |" for key in keys]
    return "\n".join(lines) + "\n"


def main_keys() -> str:
    """The keys that a first reader needs, as a table."""
    found = {_name(key): key for _, keys in sections() for key in keys}
    lines = ["| key | does |", "|---|---|"]
    lines += [f"| `{found[name].shown}` | {found[name].does} |" for name in MAIN_KEYS]
    return "\n".join(lines) + "\n"


def question_table() -> str:
    """What the owner of a campaign asks, and the keys that answer it."""
    return "\n".join(("| question | keys |", "|---|---|", *(f"| {asked} | {keys} |" for asked, keys in questions())))


def main_keys_in(language: str) -> str:
    """As `main_keys`, in another language."""
    text = said_in(language, "from tests.docs import main_keys\nprint(main_keys())").rstrip("\n") + "\n"
    return text.replace("| key | does |", HEADS[language])


def _name(key: Key) -> str:
    """Its name in MAIN_KEYS: keys that cannot be changed have none in the settings file."""
    if "{key}" in key.action:
        return "panel"
    return key.id if key.action else "enter"


def columns(names: Mapping[str, Sequence[str]]) -> str:
    """The names that each column of a table may have."""
    lines = ["| column | names |", "|---|---|"]
    lines += [
        f"| {column if column[0] == '`' else column.replace('_', ' ')} | {', '.join(f'`{one}`' for one in known)} |"
        for column, known in names.items()
    ]
    return "\n".join(lines) + "\n"


def fields_of_tables() -> str:
    """The names that each column of a table of messages may have, by the name of its field."""
    return columns({f"`{field_name(meaning)}`": names for meaning, names in column_names.COLUMNS.items()})


def status_words() -> str:
    """The words for a status, by what they mean."""
    return columns(outcome_words())


def cloud_api_codes() -> str:
    """What is known of each code of the Cloud API."""
    lines = ["| code | reason | what happened | what to do | retry |", "|---|---|---|---|---|"]
    permissions = [record for record in CLOUD_API if 200 <= record.code < 300]
    for record in CLOUD_API:
        if record in permissions[1:]:
            continue
        code = f"{record.code} to {permissions[-1].code}" if record in permissions else str(record.code)
        since = f", since {record.since}" if record.since else ""
        lines.append(
            f"| {code}{since}{_where(record)} | {title_of(record.reason)} | **{record.title}.** {record.meaning} "
            f"| {record.advice} | {_retry(record)} |"
        )
    return "\n".join(lines) + "\n"


def other_codes(records: Sequence[FailureCode]) -> str:
    """What is known of each code of another API."""
    lines = ["| code | as | reason | what happened | retry |", "|---|---|---|---|---|"]
    for record in sorted(records, key=lambda record: record.code):
        same = "" if record.same_as is None else str(record.same_as)
        happened = record.title if same else f"**{record.title}.** {record.meaning} {record.advice}"
        lines.append(
            f"| {record.code}{_where(record)} | {same} | {title_of(record.reason)} | {happened} | {_retry(record)} |"
        )
    return "\n".join(lines) + "\n"


def _where(record: FailureCode) -> str:
    words = " or ".join(f"`{word}`" for word in record.words)
    return f", where the text has {words}" if words else ""


def _retry(record: FailureCode) -> str:
    if record.retry.can_help:
        return f"from {wait_words(record.wait)} on" if record.wait else "yes"
    return "no" if record.retry is Retry.NO else "not known"


SECTIONS: tuple[Section | WholeFile, ...] = (
    Section(README, "main keys", main_keys),
    *(Section(READMES[language], "main keys", partial(main_keys_in, language)) for language in ("es", "pt")),
    Section(SETTINGS, "keys", all_keys),
    Section(QUESTIONS, "questions", question_table),
    Section(FORMATS, "columns of a send log", fields_of_tables),
    Section(FORMATS, "words for a status", status_words),
    Section(FORMATS, "columns of a download", lambda: columns(botmaker_rows.COLUMNS)),
    Section(FAILURES, "codes of the Cloud API", cloud_api_codes),
    Section(FAILURES, "codes of the on-premises API", lambda: other_codes(ON_PREMISES)),
    Section(FAILURES, "codes of Twilio", lambda: other_codes(TWILIO)),
    Section(FAILURES, "codes of Gupshup", lambda: other_codes(GUPSHUP)),
    WholeFile(MAN_PAGES["en"], "man page", man_page),
    *(WholeFile(MAN_PAGES[language], "man page", partial(man_page_in, language)) for language in MAN_WORDS),
)


if __name__ == "__main__":
    for section in SECTIONS:
        section.write()
    asyncio.run(write_pictures())
    for language in READMES.keys() - {"en"}:
        said_in(
            language, "import asyncio; from tests.docs_pictures import write_pictures; asyncio.run(write_pictures())"
        )
