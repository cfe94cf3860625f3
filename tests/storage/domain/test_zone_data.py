"""The version of the time zone database is that of the data which Python reads, and `check` tells an old one."""

from __future__ import annotations

import shutil
import tomllib
import zoneinfo
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from storage.domain.zone_data import FLOOR_YEAR, is_outdated, version_of_zone
from tests.tui.commands.runs import LINES, saludo

ZONE = "America/Argentina/Buenos_Aires"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Path]:
    """The directory of a system that has one zone, and that Python looks into first."""
    directory = tmp_path / "zoneinfo"
    (directory / ZONE).parent.mkdir(parents=True)
    with as_file(files("tzdata") / "zoneinfo" / ZONE) as source:
        shutil.copy(source, directory / ZONE)
    zoneinfo.reset_tzpath([str(directory)])
    yield directory
    zoneinfo.reset_tzpath()


def test_the_floor_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    (needed,) = (one for one in project["project"]["dependencies"] if one.startswith("tzdata"))
    assert needed == f"tzdata>={FLOOR_YEAR}.1"


def test_the_package_counts_only_where_the_system_has_no_such_zone(system: Path) -> None:
    (system / "tzdata.zi").write_text("# version 2024b\n# more\n")
    assert version_of_zone(ZONE) == "2024b"
    of_package = version_of_zone("America/Bogota")
    assert of_package is not None
    assert int(of_package[:4]) >= FLOOR_YEAR
    (system / "tzdata.zi").unlink()
    assert version_of_zone(ZONE) is None
    (system / "+VERSION").write_text("2025a\n")
    assert version_of_zone(ZONE) == "2025a"


@pytest.mark.parametrize(("version", "outdated"), [("2025b", True), ("2026a", False), ("2031", False), ("odd", False)])
def test_a_version_of_an_earlier_year_is_outdated(version: str, outdated: bool) -> None:
    assert is_outdated(version) is outdated


@pytest.mark.parametrize(("line", "is_told"), [("# version 2024b\n", True), ("# version 2026b\n", False), ("", False)])
def test_check_tells_an_older_one_and_does_not_fail(
    line: str,
    is_told: bool,
    system: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = tmp_path / "saludo.db"
    monkeypatch.setenv("SALUDO_DB", str(database))
    monkeypatch.setenv("TZ", ZONE)
    (system / "tzdata.zi").write_text(line)
    saludo(capsys, "import", LINES)
    status, out, err = saludo(capsys, "check")
    assert (status, out) == (0, "")
    assert (
        "the time zone database that Python uses is of 2024b; update the system's tzdata: later changes of clocks are"
        " unknown to it\n" in err
    ) is is_told
    assert err.endswith("no problems found\n")
    assert err.count("\n") == 1 + is_told
