"""Links to chats: which texts are web addresses, and values put into a pattern. Knows no setting and no browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

_WEB = re.compile(r"https?://[^/?#\\]", re.IGNORECASE)
_NO_SPACE = re.compile(r"\S*", re.ASCII)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=64)
def is_web_link(text: str) -> bool:
    """Whether a browser takes the text as a page: http or https, a host, and no blank or control character."""
    return bool(_WEB.match(text)) and text.isprintable() and bool(_NO_SPACE.fullmatch(text))


def filled(pattern: str, values: Mapping[str, str]) -> str | None:
    """The pattern with each `{name}` replaced by its value, escaped for a link; None if one of them is empty.

    Args:
        pattern: other braces stay as they are.
        values: name -> value.
    """
    names = {name for name in _PLACEHOLDER.findall(pattern) if name in values}
    if not all(values[name] for name in names):
        return None
    return _PLACEHOLDER.sub(lambda found: escaped(values[found[1]]) if found[1] in values else found[0], pattern)


def escaped(value: str) -> str:
    """A value as a part of a link: it cannot end the part that it stands in."""
    return value if value.isascii() and value.isalnum() else quote(value, safe="", errors="replace")
