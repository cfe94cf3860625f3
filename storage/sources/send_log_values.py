"""Values that a send log's readers share: its name and the kinds of messages."""

from __future__ import annotations

from typing import Any

from storage.sources.fields import text_of

NAME = "send_log"


def kind_of(type: Any, with_template: bool) -> str:
    """The kind of a message: what the request says, else by whether it has a template."""
    return (text_of(type) or ("template" if with_template else "text")).lower()
