"""Opens a link in a browser on this machine, if the user could see it there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from storage.domain.web_links import is_web_link


def is_here(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the user could see a browser of this machine: not over SSH, and on Linux only with a display."""
    if environment.get("SSH_CONNECTION"):
        return False
    if sys.platform.startswith("linux"):
        return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    return True


def open_link(link: str) -> bool:
    """Opens the link if it is a web address; returns whether a browser accepted it.

    Any other scheme could start a program or open a file.
    """
    if not is_web_link(link):
        return False
    import webbrowser

    try:
        return webbrowser.open(link)
    except webbrowser.Error:
        return False
