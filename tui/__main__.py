"""The entry point of `saludo` and `python -m tui`. It imports little, so that Ctrl+C is one line from the start."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # importing it, or contextlib, takes a moment in which Ctrl+C would print a traceback
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = 130
_interrupted = b"saludo: interrupted\n"


def main() -> int:
    """Runs the command line and returns the exit status."""
    heeds = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a shell's background jobs ignore Ctrl+C
    if heeds:
        signal.signal(signal.SIGINT, _end_at_once)
        sys.unraisablehook = _end_if_interrupted
    # A closed pipe must end `saludo export | head` without an error, as it ends other programs.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from tui.data.chosen_language import choose

        choose(sys.argv[1:])
        _say_in_language()
        from tui.commands.cli import run

        if heeds:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return run(sys.argv[1:])
    except KeyboardInterrupt:  # outside of `run`, which handles it for commands
        return INTERRUPTED
    finally:
        if heeds:
            signal.signal(signal.SIGINT, _end_at_once)
            _forget_interrupt()


def _say_in_language() -> None:
    """Lets Ctrl+C say so in the language that is chosen now."""
    from storage.language.texts import _

    global _interrupted
    _interrupted = ("saludo: " + _("interrupted") + "\n").encode()


def _end_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """Ends where nothing is unfinished: before the command begins, and after it."""
    try:  # noqa: SIM105
        os.write(2, _interrupted)
    except OSError:
        pass
    os._exit(INTERRUPTED)


def _forget_interrupt() -> None:
    """Lets Python end with the status that it is given, and not by the signal.

    A Ctrl+C inside code that is compiled from a text, as dataclasses are when a module is imported, counts as unhandled
    until Python runs such code again, although it was handled (findings/python_handled_interrupt.sh).
    """
    eval("None")


def _end_if_interrupted(raised: sys.UnraisableHookArgs) -> None:
    """Ctrl+C in a callback, as in the middle of an import, would be printed as a traceback and forgotten."""
    if isinstance(raised.exc_value, KeyboardInterrupt):
        _end_at_once(signal.SIGINT, None)
    sys.__unraisablehook__(raised)


if __name__ == "__main__":
    sys.exit(main())
