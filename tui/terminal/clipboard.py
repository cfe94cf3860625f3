"""Copies text to your local clipboard, also over SSH: OSC 52, in the form that the programs on the way pass on.

Knows no widget. Terminals do not answer, so nothing here knows whether the terminal accepted the text.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from storage.language.conventions import localized
from storage.language.texts import _

MAX_LENGTH = 74_994  # characters of base64 that terminals accept
MOSH_LENGTH = 16_376  # of them that mosh passes on; it cuts off the rest
_SCREEN_CHUNK = 500  # bytes; GNU screen drops sequences of more than 767
_PASS_ON = "tmux set -g allow-passthrough on"
# `TERM` of terminals that have no clipboard.
_WITHOUT = {
    "linux": _("the console takes no copies; select the text by hand"),
    "Apple_Terminal": _("Apple's Terminal takes no copies; select the text by hand"),
}


class TooLong(ValueError):
    """The text is longer than terminals accept."""


class Form(Enum):
    """How the sequence is sent: as it is, wrapped for tmux to pass on, or in pieces for GNU screen to pass on."""

    PLAIN = "plain"
    TMUX = "tmux"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Route:
    """How a copy gets to the terminal.

    Attributes:
        forms: what to send, one after the other; none if nothing can take it.
        missing: why nothing can take it, and which setting would change that.
        longest: characters of base64 that get through.
    """

    forms: tuple[Form, ...] = (Form.PLAIN,)
    missing: str = ""
    longest: int = MAX_LENGTH


@dataclass(frozen=True, slots=True)
class Tmux:
    """What the tmux around this program does with copies.

    Attributes:
        takes: whether it takes plain sequences and copies them itself (`set-clipboard on`).
        passes: whether it passes on wrapped sequences (`allow-passthrough`, or an old tmux).
        reaches: whether it can copy to the outer terminal itself: the terminal has a clipboard, and no mosh is between.
        is_mosh: whether mosh is between.
    """

    takes: bool
    passes: bool
    reaches: bool = True
    is_mosh: bool = False


def inside_tmux(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether tmux has to be asked what it does with copies."""
    return bool(environment.get("TMUX"))


def must_ask(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the programs on the way have to be asked what they do with a text."""
    return inside_tmux(environment) or _packed_length(text) > MOSH_LENGTH


def route(environment: Mapping[str, str] = os.environ, tmux: Tmux | None = None, is_mosh: bool = False) -> Route:
    """How a copy gets to the terminal.

    Args:
        environment: the environment variables.
        tmux: what the tmux around this program does; None if it is not known or there is none.
        is_mosh: whether this program runs inside mosh without tmux.
    """
    found = _route(environment, tmux)
    is_mosh = is_mosh or (tmux is not None and tmux.is_mosh)
    return replace(found, longest=MOSH_LENGTH) if is_mosh else found


def _route(environment: Mapping[str, str], tmux: Tmux | None) -> Route:
    term = environment.get("TERM", "")
    if inside_tmux(environment):
        return Route((Form.TMUX, Form.PLAIN)) if tmux is None else _through_tmux(tmux)
    if environment.get("STY") or term.startswith("screen"):
        return Route((Form.SCREEN,))
    if term.startswith("tmux"):  # on another machine, where its settings cannot be asked
        return Route((Form.TMUX, Form.PLAIN))
    for name in (term, environment.get("TERM_PROGRAM", "")):
        if name in _WITHOUT:
            return Route((), _WITHOUT[name])
    return Route()


def _through_tmux(tmux: Tmux) -> Route:
    if tmux.passes:  # exact, and also through mosh
        return Route((Form.TMUX,))
    if tmux.takes and tmux.reaches:
        return Route((Form.PLAIN,))
    if tmux.is_mosh:
        return Route((), _("in tmux inside mosh this needs: {command}").format(command=_PASS_ON))
    if tmux.takes:
        return Route((), _("tmux knows no clipboard of this terminal; this needs: {command}").format(command=_PASS_ON))
    return Route((), _("this needs: {command}").format(command="tmux set -s set-clipboard on"))


def sequence(text: str, forms: tuple[Form, ...] = (Form.PLAIN,), longest: int = MAX_LENGTH) -> str:
    """The sequence that puts a text on the clipboard of the terminal.

    Args:
        text: what to copy.
        forms: those of the route.
        longest: that of the route.

    Raises:
        TooLong: the text has more than `longest` characters in base64.
    """
    if _packed_length(text) > longest:
        if longest == MOSH_LENGTH:
            message = _("{count} characters are more than mosh takes; w saves them to a file")
        else:
            message = _("{count} characters are more than terminals take; w saves them to a file")
        raise TooLong(message.format(count=localized(f"{len(text):,}")))
    packed = base64.b64encode(_bytes(text)).decode()
    plain = f"\x1b]52;c;{packed}\x07"
    return "".join(_in_form(plain, form) for form in forms)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _packed_length(text: str) -> int:
    return -(-len(_bytes(text)) // 3) * 4


def _in_form(plain: str, form: Form) -> str:
    match form:
        case Form.PLAIN:
            return plain
        case Form.TMUX:
            return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
        case Form.SCREEN:
            chunks = [plain[start : start + _SCREEN_CHUNK] for start in range(0, len(plain), _SCREEN_CHUNK)]
            return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
