"""Measures pages of the table, jumps and searches of the build that runs this file, in ms of processor time.

`python tests/benchmarks/page_probe.py DATABASE`, in the checkout of any build from b3b90cb on: `against` runs this one
file with both builds, so that both are measured in the same way. So it looks for each name where a build has it. Prints
a line for each figure: its name, its median and its worst value.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, "")  # the checkout, not the directory of this file

_NOWHERE = ("qqzzk", "99999999999999")  # no name, number or template of the benchmark's database has them


def _any(*places: str) -> Any:
    """The first of these attributes, `module:name`, that the build has."""
    for place in places:
        module, name = place.split(":")
        with suppress(ImportError, AttributeError):
            return getattr(import_module(module), name)
    raise LookupError(places)


reading = _any("storage.database.connection:reading", "storage.database:reading")
Filter = _any("storage.domain.filters:Filter", "storage.filters:Filter")
load_report = _any("storage.report.report:load_report", "storage.report:load_report")
by_day = _any("storage.table.pages:notifications_by_day", "storage.starts:notifications_a_day")
Order = _any("storage.table.sorting:Order", "storage.sorting:Order")
Pager = _any("tui.data.pager:Pager", "tui.pager:Pager")
find = _any("tui.data.finding:find", "tui.loading:find")
FILTERS = _any("tests.benchmarks.reports:FILTERS")
YEAR = _any("tests.benchmarks.reports:YEAR")
UNTIL = _any("tests.benchmarks.starts:UNTIL")
try:
    session: Callable[[Any], Any] = _any("storage.report.read_session:ReadSession")
except LookupError:  # before there were sessions
    session = lambda connection: connection  # noqa: E731


def _cpu(action: Callable[[], Any], rounds: int = 1) -> float:
    """The median processor time of an action, ms."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def _pager(connection: Any, text: str, grouped: bool = False, order: Any = Order.TIME, reverse: bool = False) -> Any:
    filter = Filter.parse(text)
    report = load_report(session(connection), filter, UNTIL)
    days = by_day(session(connection), filter, UNTIL) if grouped else None
    count = sum(days.values()) if days is not None else report.starts
    pager = Pager(filter, UNTIL, grouped, count, report.daily, order, reverse)
    if grouped:  # the argument has another name in each build
        setattr(pager, "by_day" if hasattr(pager, "by_day") else "a_day", days)
    return pager


def _load(connection: Any, pager: Any, index: int, rounds: int = 1) -> float:
    place = max(0, min(index if index >= 0 else pager.pages + index, pager.pages - 1))
    return _cpu(lambda: pager.load(session(connection), place), rounds)


def _depths(pager: Any) -> list[int]:
    return [int(pager.pages * part) for part in (0, 0.25, 0.5, 0.9, 1)]


def _show(name: str, times: list[float]) -> None:
    print(f"{name + ', median and worst':52} {statistics.median(times):10.2f} {max(times):10.2f}", flush=True)


def pages(connection: Any) -> None:
    """Pages at five depths under every filter, by contact the next ones from both ends; and the first page of each."""
    for name, grouped in (("a page of the table", False), ("a page by notification", True)):
        times = []
        for text in FILTERS.values():
            pager = _pager(connection, text, grouped)
            times += [_load(connection, pager, index, 3) for index in _depths(pager)]
        _show(name, times)
    for order in Order:
        name = "the oldest first" if order is Order.TIME else f"by {order}"
        first, later = [], []
        for text in FILTERS.values():
            pager = _pager(connection, text, False, order, order is Order.TIME)
            first.append(_load(connection, pager, 0))
            if order is Order.CONTACT:
                later += [_load(connection, pager, index) for index in (1, 2, 3, -1, -2, -3)]
            else:
                later += [_load(connection, pager, index, 3) for index in _depths(pager)]
        _show(f"a page {name}", later)
        _show(f"the first page {name}", first)


def jumps(connection: Any) -> None:
    """A jump into the middle of the table sorted by contact, with nothing read before."""
    pager = _pager(connection, YEAR, False, Order.CONTACT)
    _show("a jump into the middle by contact", [_load(connection, pager, pager.pages // 2)])


def searches(connection: Any) -> None:
    """Searches for texts that are nowhere: the first one of a connection, and those after it, as while typing."""
    filter = Filter.parse(YEAR)
    load_report(session(connection), filter, UNTIL)
    kept: dict[str, Any] = {}
    with suppress(LookupError):
        kept["texts"] = _any("storage.messages.contact_texts:ContactTexts")()
    times = [
        _cpu(lambda: find(connection, filter, UNTIL, text, None, True, lambda day: None, **kept))  # noqa: B023
        for text in (*_NOWHERE, *(f"{text}{sign}" for text in _NOWHERE for sign in "0123"))
    ]
    _show("the first search for a text that is nowhere", times[:1])
    _show("a search for a text that is nowhere", times[2:])


_PARTS: dict[str, Callable[[Any], None]] = {"pages": pages, "jump": jumps, "search": searches}

if __name__ == "__main__":
    with reading(Path(sys.argv[1])) as opened:
        for part in sys.argv[2:] or _PARTS:
            _PARTS[part](opened)
