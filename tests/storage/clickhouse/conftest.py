"""A ClickHouse database inside the test's process: chdb, with its files in the test's directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.clickhouse.engine import Engine
from tests.clickhouse import new_database


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A new database with its tables."""
    with new_database(tmp_path) as opened:
        yield opened
