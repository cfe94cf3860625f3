"""A cache of a function's results, for the few values that repeat millions of times in an import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class BoundedCache(dict[Given, Made]):
    """A cache of `make(value)`, read as `cache[value]`: equal values share one object.

    A subclass of dict, because a hit is then one dictionary lookup in C.

    Args:
        make: computes the result of a value.
        most: how many results it holds; when it is full, it is cleared.
    """

    def __init__(self, make: Callable[[Given], Made], most: int) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, given: Given) -> Made:
        if len(self) >= self._most:
            self.clear()
        made = self[given] = self._make(given)
        return made
