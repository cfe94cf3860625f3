"""The database of the command line in tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "saludo.db"
    monkeypatch.setenv("SALUDO_DB", str(path))
    monkeypatch.setenv("TZ", "America/Argentina/Buenos_Aires")
    return path
