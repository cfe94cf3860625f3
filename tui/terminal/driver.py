"""The terminal itself: its size, suspending as a job of the shell, and leaving it at once. Knows no screen.

Extends Textual's driver where a terminal is not as that expects: it may have no size, be closed without a signal, or be
shared with the other processes of a job.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message

DEFAULT_SIZE = (80, 24)  # of a terminal that does not say its size
_WAIT = 0.1  # seconds for a terminal that may read nothing
# CAN ends a sequence that was cut. What Textual has switched on is switched off, and the alternate screen left.
_LEAVE = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[0m"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)


def terminal_size(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Columns and rows, each at least 1: COLUMNS and LINES, else what the terminal says, else 80 x 24."""
    known = (0, 0)
    for stream in (sys.__stderr__, sys.__stdin__, sys.__stdout__):
        with suppress(AttributeError, ValueError, OSError):
            known = os.get_terminal_size(stream.fileno())  # type: ignore[union-attr]
            break
    named = (_positive(environment.get("COLUMNS", "")), _positive(environment.get("LINES", "")))
    return (named[0] or known[0] or DEFAULT_SIZE[0], named[1] or known[1] or DEFAULT_SIZE[1])


def _positive(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else 0


_SHIFTED_FUNCTION_KEY = re.compile(r"\x1b\[(2[5689]|3[1-4])~")


class KeyParser(XTermParser):
    """Reads F13 to F20 (Shift with a function key in PuTTY, rxvt and the Linux console) as what they are.

    Textual takes their numbers for characters of the Kitty protocol: Shift+F8 would be Space.
    """

    def _parse_extended_key(self, sequence: str) -> Any:  # type: ignore[override]
        return None if _SHIFTED_FUNCTION_KEY.fullmatch(sequence) else super()._parse_extended_key(sequence)


linux_driver.XTermParser = KeyParser  # type: ignore[attr-defined]  # the driver lets nobody choose its parser


class TerminalDriver(LinuxDriver):
    """Textual's driver for a terminal."""

    is_shown = False  # whether the terminal has been switched to the dashboard

    def start_application_mode(self) -> None:
        self.is_shown = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        self.is_shown = False

    def process_message(self, message: Message) -> None:
        # A terminal that tells its size by a sequence may tell 0 too.
        if not isinstance(message, Resize) or message.size:
            super().process_message(message)

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:  # the terminal is gone, and nobody has sent SIGHUP
            self._app.call_later(self._app.exit)

    def stop_job(self) -> None:
        """Gives the terminal back to the shell and stops, with all processes of the job, until the shell continues it.

        In `bash -c 'saludo; echo'` the shell above sees the job stop only if that bash stops too. If no shell is above
        that could continue the job, the system does not stop it.
        """
        self.suspend_application_mode()
        stopped, continued = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
        try:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            with suppress(PermissionError):
                os.killpg(0, signal.SIGTSTP)
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, stopped)
            signal.signal(signal.SIGCONT, continued)
        self._must_signal_resume = True
        self.resume_application_mode()

    def leave_at_once(self) -> None:
        """Restores the terminal from any thread without waiting for what is not written yet."""
        if not self.is_shown:
            return
        with suppress(termios.error, OSError):
            termios.tcflush(self.fileno, termios.TCOFLUSH)
        # A terminal that reads nothing would block this thread too.
        leaving = Thread(target=self._write_leave, daemon=True)
        leaving.start()
        leaving.join(_WAIT)
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def _write_leave(self) -> None:
        with suppress(OSError):
            os.write(self.fileno, _LEAVE)

    def _get_terminal_size(self) -> tuple[int, int]:
        return terminal_size()
