"""A short form of the random inputs, and every input that a long run found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.fuzz import fault_of
from tests.faults.mutations import CORPUS, corpus, mutated

FOUND = sorted(CORPUS.glob("*.bin"))


@settings(deadline=None)
@given(st.integers(0, 1 << 40))
def test_a_changed_input_is_read_or_told(seed: int) -> None:
    assert fault_of(mutated(random.Random(seed))) is None


@pytest.mark.parametrize("number", range(0, len(corpus()), 9))
def test_an_unchanged_input_is_imported(number: int) -> None:
    assert fault_of(corpus()[number], whole=True) is None


@pytest.mark.parametrize("path", FOUND, ids=[path.stem for path in FOUND])
def test_what_was_found_stays_mended(path: Path) -> None:
    assert fault_of(path.read_bytes(), whole=True) is None
