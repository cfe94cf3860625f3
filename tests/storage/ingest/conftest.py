"""A log that imports read in tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.captures import Size, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of webhooks and sends of 24 days."""
    path = tmp_path / "log.jsonl"
    write(path, Size(events=8_000, days=24, contacts=900))
    return path
