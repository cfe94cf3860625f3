"""When an app under test has nothing left to do. Knows the event loop, threads and Textual's pilot, and no widget.

Textual's pilot estimates this from the CPU time of the process: it sleeps 20 ms or more, twice for each key. Here the
event loop and the threads are asked, which is exact, also on a slow or busy machine, and five times as fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

import textual.app
import textual.pilot

# Longer than every timer whose effect a test has to see: Textual applies a new size and redraws after 1/120 s, and
# moves an animation each 1/60 s. Shorter than timers to ignore: the next check of the database, a blinking cursor.
SOON = 0.02


class Threads(ThreadPoolExecutor):
    """Threads of an event loop that know whether one still works, also for a worker that was cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self._futures: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        self._futures.add(future)
        return future

    @property
    def busy(self) -> bool:
        """Whether work is running or waits for a thread."""
        self._futures = {future for future in self._futures if not future.done()}
        return bool(self._futures)


_threads: WeakKeyDictionary[asyncio.AbstractEventLoop, Threads] = WeakKeyDictionary()


def threads() -> Threads:
    """The threads of the running event loop, which counts their work from the first call."""
    loop = asyncio.get_running_loop()
    if loop not in _threads:
        _threads[loop] = Threads()
        loop.set_default_executor(_threads[loop])
    return _threads[loop]


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until no callback is ready and no timer is due within `SOON`.

    Threads are not waited for, as some tests press keys while one is blocked: see `settle` in `tests/tui/scenes.py`.

    Args:
        min_sleep: Ignored; Textual passes it.
        max_sleep: Seconds after which the wait ends in any case, as with an animation that does not end.
    """
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while (now := loop.time()) < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
        if due > now + SOON:
            return
        await asyncio.sleep(max(due - now, 0))


async def _wait_for_screen(pilot: textual.pilot.Pilot[Any], timeout: float = 30) -> bool:
    """What the pilot waits for before: that each widget has taken one more message, a third of a key's CPU time.

    A widget with a message to take has a callback that is ready.
    """
    await wait_for_idle()
    return True


def install() -> None:
    """Make Textual's pilot wait this way."""
    for module in (textual.app, textual.pilot):
        assert "wait_for_idle" in vars(module)
        vars(module)["wait_for_idle"] = wait_for_idle
    pilot: Any = textual.pilot.Pilot
    assert "_wait_for_screen" in vars(pilot)
    pilot._wait_for_screen = _wait_for_screen
