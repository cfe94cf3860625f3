"""Ends the program within a second after `q` or a signal, whatever it is doing, with the terminal restored.

Textual ends once its event loop gets to it and its frames are written: a terminal that reads nothing, or a query that
does not end, would hold it for ever. Knows no screen.
"""

from __future__ import annotations

import _thread
import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_LIMIT = 0.8  # seconds from the request to the end
_TIDY = 0.05  # seconds for a worker to remove its unfinished file


class Ending:
    """The end of one program.

    Args:
        end: ends the program in order; called in the event loop with the exit status.
        abandon: tells the workers to stop; called from another thread.
        leave: restores the terminal at once, from any thread.
    """

    def __init__(self, end: Callable[[int], None], abandon: Callable[[], None], leave: Callable[[], None]) -> None:
        self._end, self._abandon, self._leave = end, abandon, leave
        self.status: int | None = None  # that was asked for; None if the program goes on

    def begin(self, status: int = 0) -> None:
        """The end has been requested: if the program still runs in a moment, it is ended at once."""
        if self.status is None:
            self.status = status
            # `threading` takes locks, which the code that a signal interrupts may hold.
            _thread.start_new_thread(self._end_late, (status,))

    @contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM, SIGHUP (the terminal was closed) and SIGINT end the program while the block runs."""
        numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        before = {number: signal.getsignal(number) for number in numbers}
        try:
            for number in numbers:
                signal.signal(number, self._signalled)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # not up yet, or already down: nothing is unfinished
            self._leave()
            os._exit(128 + number)
        status = 128 + number if number == signal.SIGINT else 0
        self.begin(status)
        loop.call_soon_threadsafe(self._end, status)

    def _end_late(self, status: int) -> None:
        time.sleep(_LIMIT)
        with suppress(Exception):  # whatever state the program is in
            self._abandon()
        time.sleep(_TIDY)
        self._leave()
        os._exit(status)
