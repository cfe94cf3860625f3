"""A database of any earlier version becomes one of today's, with the report and the TSV of a new import."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import schema
from tests.earlier_versions import VERSIONS, unpack_database, unpack_log
from tests.faults.commands import Outcome, numbers_of, saludo
from tests.faults.stored_content import Content, differing, evidence

_NAMES = ("messages", "line_ids", "contact_ids", "names")  # what the records say, besides the journal


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    unpack_log(path)
    return path


def _version(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _said(database: Path) -> Content:
    content = evidence(database)
    assert content is not None
    return {name: content[name] for name in _NAMES}


@pytest.fixture(scope="module")
def expected(log: Path) -> tuple[tuple[Outcome, Outcome], Content]:
    """The report, the TSV and what the records say, of an import into a new database."""
    database = log.with_name("new.db")
    assert saludo(database, "import", str(log)).status == 0
    assert saludo(database, "settings", "time_zone", "UTC").status == 0
    assert b"80" in numbers_of(database)[0].out
    return numbers_of(database), _said(database)


def test_there_is_a_database_of_each_earlier_version() -> None:
    assert [*VERSIONS] == [*range(1, schema.VERSION)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.long(keep=3)
def test_a_database_of_an_earlier_version_gives_the_report_of_a_new_import(
    tmp_path: Path, log: Path, version: int, expected: tuple[tuple[Outcome, Outcome], Content]
) -> None:
    database = tmp_path / "saludo.db"
    unpack_database(version, database)
    assert _version(database) == version
    report = saludo(database, "report")
    assert (report.status, "any import upgrades it" in report.err) == (1, True)
    done = saludo(database, "import", str(log))
    assert done.status == 0, done.err
    assert _version(database) == schema.VERSION
    assert numbers_of(database) == expected[0]
    assert differing(_said(database), expected[1]) == ""
    checked = saludo(database, "check")
    assert checked.status == 0, checked.out


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.long(keep=3)
def test_check_upgrades_a_database_of_an_earlier_version(
    tmp_path: Path, version: int, expected: tuple[tuple[Outcome, Outcome], Content]
) -> None:
    database = tmp_path / "saludo.db"
    unpack_database(version, database)
    checked = saludo(database, "check")
    assert checked.status == 0, checked.out
    assert numbers_of(database) == expected[0]
