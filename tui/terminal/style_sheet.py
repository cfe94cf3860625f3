"""Reads each style sheet once for each theme: an app starts with three readings of the same texts. Knows no widget."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_Rules = dict[tuple[object, ...], list[RuleSet]]


@lru_cache(maxsize=4)  # a set of variables for each theme, and one for the theme before the app's own is set
def _rules_of(variables: frozenset[tuple[str, str]]) -> _Rules:
    """The rules read with a set of variables, by text and place; apps only read them, so they share them."""
    return {}


class RememberedStyles(Stylesheet):
    """A style sheet whose texts are read once in a process.

    Textual reads them anew for its first screen and when the theme is set, which happens at each start.
    """

    def _parse_rules(self, css: str, *place: Any, **more: Any) -> list[RuleSet]:
        rules = _rules_of(frozenset(self._variables.items()))
        key = (css, *place, *sorted(more.items()))
        if key not in rules:
            rules[key] = super()._parse_rules(css, *place, **more)
        return rules[key]

    def reparse(self) -> None:
        """Applies new variables. A text with an error keeps the rules before it, as in Textual."""
        self.parse()
