"""Opening a link in the browser of this machine, where there is one and a person who could see it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def is_here(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser can show: never over SSH, whose person sits elsewhere; on Linux only with a display."""
    if environment.get("SSH_CONNECTION"):
        return False
    if sys.platform.startswith("linux"):
        return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    return True


def open_link(link: str) -> bool:
    """Opens the link and says whether a browser took it."""
    import webbrowser

    try:
        return webbrowser.open(link)
    except webbrowser.Error:
        return False
