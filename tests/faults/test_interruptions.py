"""A short form of the kills and failing calls: the first ones of each name."""

from __future__ import annotations

import pytest

from tests.faults import shim

REASON = shim.why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
@pytest.mark.parametrize(
    "words",
    [("kills", "--calls", "1"), ("writes", "--calls", "1"), ("helpers", "--calls", "1")],
    ids=lambda words: words[0],
)
@pytest.mark.long(keep=3)
def test_an_import_that_is_disturbed_at_a_call_ends_as_one_that_was_not(
    words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert shim.run_under_shim(*words) == 0, capfd.readouterr().out
