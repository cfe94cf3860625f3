"""What a function makes of values that come again and again. Knows neither the function nor the values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class BoundedCache(dict[Given, Made]):
    """What a function makes of values that come again and again: worked out once, and one object for all of them. Knows
    the last `most` values at the most."""

    def __init__(self, make: Callable[[Given], Made], most: int) -> None:
        super().__init__()
        self._make, self._most = make, most

    def __missing__(self, given: Given) -> Made:
        if len(self) >= self._most:
            self.clear()
        made = self[given] = self._make(given)
        return made
