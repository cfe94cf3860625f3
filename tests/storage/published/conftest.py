"""A ClickHouse database inside the test's process: chdb, with its files in the test's directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.clickhouse.address import address_of
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import Engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database. chdb has one directory open at a time, so it is closed before the next test."""
    opened = connect(address_of(f"chdb:{tmp_path / 'chdb'}"), must_exist=False)
    yield opened
    opened.close()
