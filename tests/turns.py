"""Several clients of one database at once, statement by statement, in an order that is chosen and can be repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from storage.clickhouse.engine import Engine

_STATEMENTS = ("run", "rows", "columns", "insert")


class _Client:
    """A client in a thread of its own, which waits for its turn before every statement."""

    def __init__(self, act: Callable[[Any], None], engine: Engine) -> None:
        self._act, self._engine = act, engine
        self._turn, self._rest = threading.Semaphore(0), threading.Semaphore(0)
        self._is_done = False
        self._error: BaseException | None = None
        threading.Thread(target=self._acts, daemon=True).start()

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._engine, name)
        if name not in _STATEMENTS:
            return asked

        def in_turn(*arguments: Any) -> Any:
            self._rest.release()
            self._turn.acquire()
            return asked(*arguments)

        return in_turn

    def _acts(self) -> None:
        self._turn.acquire()
        try:
            self._act(self)
        except BaseException as error:  # raised where turns are given
            self._error = error
        self._is_done = True
        self._rest.release()

    def goes_on(self) -> bool:
        """Has it run its next statement, and all that it does up to the one after it; returns whether there is one."""
        self._turn.release()
        self._rest.acquire()
        if self._error is not None:
            raise self._error
        return not self._is_done


def in_turns(engine: Engine, acts: Sequence[Callable[[Any], None]], choose: Callable[[int], int]) -> None:
    """Lets clients act on one database until all have ended; one at a time runs.

    Args:
        engine: the database.
        acts: what each client does with the engine that it is given.
        choose: which of so many clients has the next turn, from 0. Nothing else decides about the order.
    """
    clients = [_Client(act, engine) for act in acts]
    while clients:
        client = clients[choose(len(clients))]
        if not client.goes_on():
            clients.remove(client)
