"""The layers: storage knows no screen, and the command line loads one only to show it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SCREEN = ("textual", "rich", "plotext")


def loaded(code: str, names: tuple[str, ...] = SCREEN) -> set[str]:
    """Those of some modules that a Python process has loaded after running the code."""
    script = f"import sys\n{code}\nprint(*[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_no_module_of_storage_loads_a_screen() -> None:
    names = [path.relative_to(Path(__file__).parents[1]) for path in Path(__file__).parents[1].glob("storage/**/*.py")]
    imports = "\n".join(f"import {'.'.join(name.with_suffix('').parts).removesuffix('.__init__')}" for name in names)
    assert len(names) > 20
    assert loaded(imports) == set()


@pytest.mark.parametrize(
    "words", ["['report', '--db', '/nowhere']", "['import', '/nowhere']", "['export', '--db', '/n']"]
)
def test_commands_without_a_screen_load_none(words: str, tmp_path: Path) -> None:
    database = f"import os; os.environ['SALUDO_DB'] = {str(tmp_path / 'a.db')!r}"
    code = f"{database}\nfrom tui.commands.cli import run\nrun({words})"
    assert loaded(code) == set()


def test_the_dashboard_starts_without_plotext() -> None:
    """plotext is slow to import: it comes when the first report is there."""
    assert "plotext" not in loaded("import tui.screens.app")


def test_the_dashboard_loads_nothing_that_only_imports_need() -> None:
    """Nor what its first screen does not show: each of these costs some of the time until that is there."""
    script = "import sys, tui.commands.cli, tui.screens.app\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert "storage.report.report" in names
    assert not names & {
        "storage.ingest.batch_writer",
        "storage.ingest.importer",
        "storage.sources",
        "storage.ingest.journal",
        "storage.cube.refresh",
    }
    assert not names & {
        "storage.domain.events",
        "storage.table.detail",
        "storage.table.export",
        "storage.table.search",
        "tui.screens.help",
    }
    assert not names & {"msgspec", "numpy", "sqlite_utils", "tomllib"}


def test_only_the_helper_that_counts_loads_numpy() -> None:
    """It takes as long to import as a small file does, and 16 MB."""
    assert loaded("import storage.ingest.importer, storage.cube.counting_process", ("numpy",)) == set()


def _modules() -> list[Path]:
    return [path for part in ("storage", "tui") for path in (Path(__file__).parents[1] / part).rglob("*.py")]


def test_no_two_modules_have_one_name_and_none_is_long() -> None:
    modules = _modules()
    names = Counter(path.name for path in modules if path.name not in ("__init__.py", "__main__.py"))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []
    assert [path.name for path in modules if path.read_text(encoding="utf-8").count("\n") > 400] == []


def test_no_function_is_longer_than_sixty_lines() -> None:
    functions = [
        (path.name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert len(functions) > 1_000
    assert [found for found in functions if found[2] > 60] == []
