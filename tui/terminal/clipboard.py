"""Copies text to your local clipboard, also over SSH: OSC 52, wrapped for tmux and screen.

Knows no widget. Terminals do not answer, so nothing here knows whether the terminal accepted the text.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

MAX_LENGTH = 74_994  # characters of base64 that terminals accept
_SCREEN_CHUNK = 768  # bytes that GNU screen passes on in one sequence


class TooLong(ValueError):
    """The text is longer than terminals accept."""


def sequence(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The sequence that puts a text on the clipboard of the terminal.

    Inside tmux (TMUX) or screen (TERM=screen…) it is wrapped, so that these pass it on to the outer terminal.

    Args:
        text: what to copy.
        environment: the environment variables.

    Raises:
        TooLong: the text has more than `MAX_LENGTH` characters in base64.
    """
    packed = base64.b64encode(text.encode("utf-8", "replace")).decode()
    if len(packed) > MAX_LENGTH:
        raise TooLong(f"{len(text):,} characters are more than terminals take; w saves them to a file")
    plain = f"\x1b]52;c;{packed}\x07"
    if environment.get("TMUX"):
        return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        chunks = [plain[start : start + _SCREEN_CHUNK] for start in range(0, len(plain), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return plain
