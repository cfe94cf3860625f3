"""Text for the person's own clipboard, over any number of SSH hops: OSC 52, wrapped for tmux and screen.

Knows no widget. Nobody answers, so nothing here can tell whether the terminal took it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

LONGEST = 74_994  # characters of base64 that terminals take
_SCREEN_CHUNK = 768  # bytes that GNU screen passes on at once


class TooLong(ValueError):
    """The text is longer than terminals take."""


def sequence(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """What tells the terminal to put the text on its clipboard; raises TooLong.

    Inside tmux (TMUX) or screen (TERM=screen…) it is wrapped, so that these pass it on to the terminal around them.
    """
    packed = base64.b64encode(text.encode("utf-8", "replace")).decode()
    if len(packed) > LONGEST:
        raise TooLong(f"{len(text):,} characters are more than terminals take; w saves them to a file")
    plain = f"\x1b]52;c;{packed}\x07"
    if environment.get("TMUX"):
        return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        chunks = [plain[start : start + _SCREEN_CHUNK] for start in range(0, len(plain), _SCREEN_CHUNK)]
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return plain
