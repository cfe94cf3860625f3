"""Asks the tmux or mosh around this program what it does with copies. Takes 20 ms: never call it where a key waits."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from tui.terminal import clipboard
from tui.terminal.clipboard import Route, Tmux, inside_tmux

_WAIT = 1.0  # seconds for an answer
_ASKED = "#{set-clipboard}|#{allow-passthrough}|#{client_pid}"


def route(environment: Mapping[str, str] = os.environ) -> Route:
    """How a copy gets to the terminal, after asking."""
    if inside_tmux(environment):
        return clipboard.route(environment, ask(environment))
    return clipboard.route(environment, is_mosh=is_in_mosh(str(os.getpid())))


def ask(environment: Mapping[str, str] = os.environ) -> Tmux | None:
    """What tmux does with copies; None if it cannot be asked."""
    pane = environment.get("TMUX_PANE", "")
    answer = _output("tmux", "display-message", "-p", *(("-t", pane) if pane else ()), _ASKED).strip()
    if answer.count("|") != 2:
        return None
    takes, passes, client = answer.split("|")
    # Before tmux 3.3 there is no such option, and everything is passed on.
    passed = passes not in ("0", "off")
    is_mosh = is_in_mosh(client)
    return Tmux(takes == "on", passed, not is_mosh and _has_clipboard(), is_mosh)


def _has_clipboard() -> bool:
    """Whether tmux knows how to copy to a terminal that it is shown on; true if it does not say."""
    told = [line for line in _output("tmux", "show-messages", "-T").split("\n") if " Ms: " in line]
    return not told or not all("[missing]" in line for line in told)


def is_in_mosh(process: str) -> bool:
    """Whether a process, by its number, belongs to a session of mosh."""
    parents: dict[str, tuple[str, str]] = {}
    for line in _output("ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "comm=").split("\n"):
        if len(words := line.split(None, 2)) == 3:
            parents[words[0]] = (words[1], words[2])
    while process in parents:
        process, name = parents.pop(process)
        if "mosh-server" in name:
            return True
    return False


def _output(*words: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, timeout=_WAIT, stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")
