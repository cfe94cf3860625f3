"""Counts the tries of an attack, in a file where that is wanted: one of hours can be ended, and goes on from there.

Knows no attack. A try is known by its number, so an attack draws each of its tries from its number alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """What an attack found.

    Attributes:
        tries: how often it was tried.
        took: tries in which the fault happened.
        failures: a line each.
        uncheckable: tries in which evidence was changed into other evidence, so that nothing can tell.
    """

    tries: int
    took: int
    failures: tuple[str, ...]
    uncheckable: int = 0


class Tally:
    """Adds up the tries of one attack.

    Args:
        file: keeps what was added up, and is read first; None: nothing is kept.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.result = Result(0, 0, ())
        if file is not None and file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            self.result = Result(**(kept | {"failures": tuple(kept["failures"])}))

    def left(self, tries: int) -> Iterator[int]:
        """The numbers of the tries, of so many, that were not added yet; each has to be added before the next one."""
        yield from range(self.result.tries, tries)

    def add(self, *, took: bool, failures: Sequence[str], uncheckable: bool = False) -> None:
        """Adds a try."""
        one = self.result
        self.result = Result(one.tries + 1, one.took + took, (*one.failures, *failures), one.uncheckable + uncheckable)
        if self._file is not None:
            part = self._file.with_name(f"{self._file.name}.part")
            part.write_text(json.dumps(asdict(self.result)), encoding="utf-8")
            part.replace(self._file)
