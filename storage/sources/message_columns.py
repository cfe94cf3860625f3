"""Many rows of a table of messages at once: the usual sends among them, column by column.

The plain rule is `MessageRows.item` (storage/sources/message_table.py), which reads one row. This module reads rows of
sends with a message id and a time, and leaves every other row to it; tests/storage/sources/test_table_columns.py
compares the two. Knows no header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count, repeat
from string import digits
from typing import Any

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import NO_FLAGS, REFERRED, ContactIds, LineIds, Rank
from storage.domain.sends import Sends
from storage.sources.cell_combinations import Combinations
from storage.sources.column_dates import ColumnTimes
from storage.sources.column_names import TIMES
from storage.sources.fields import Unreadable
from storage.sources.identity import MAX_DIGITS, MIN_DIGITS, customer_of
from storage.sources.message_row_parts import (
    CONTENT_COLUMNS,
    LINE_COLUMNS,
    OUTCOME_COLUMNS,
    Cells,
    Content,
    Line,
    Result,
)
from storage.sources.table_cells import cell_text, message_id_of
from storage.sources.time_columns import TimeColumn

_KEPT = 20_000  # combinations of cells that repeat
_NUMBERS = re.compile(rf"(?:(?:whatsapp:)?\+?[1-9]\d{{{MIN_DIGITS - 1},{MAX_DIGITS - 1}}}\n)+", re.ASCII)
# Ends of numbers of one digit only, which are placeholders, and of those that a spreadsheet has rounded.
_FIVE_OF_A_KIND = frozenset(5 * digit for digit in digits)
_DOUBTFUL_ENDS = tuple(f"{end}\n" for end in _FIVE_OF_A_KIND)
_WAMID = "wamid."
# Ids of other providers that are surely no word, no number and no placeholder: of letters and digits, or a UUID.
_IDS = re.compile(r"(?:(?=[^\n]{8})[A-Za-z]+\d[0-9A-Za-z]*\n|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\n)+", re.ASCII)
_SCHEME = "whatsapp:"
_SINGLE = ("message id", "recipient", "name", "customer id", "user id")
_FAILED, _CHANGED = TIMES.index("failed"), TIMES.index("status time")
_UNREADABLE_CONTENT: tuple[Any, ...] = (None, None, None, None, None, True)
_UNREADABLE_RESULT: tuple[Any, ...] = (None, False, NO_FLAGS, True)

_Column = Sequence[str]
_Times = Sequence["int | None"]


@dataclass(frozen=True, slots=True)
class RowParts:
    """What the reader of single rows knows and has kept.

    Attributes:
        places: The place of each column by its meaning; of a missing one, that of the empty cell behind the row.
        lines, contents, results: What combinations of cells say, as far as they were seen.
        times: The index in `TIMES`, the place, the place of its time of day and the reader of each column of times.
        contact: The person that a row (with the empty cell) and the text of its recipient name.
        bare_id: Whether the message id stands in a column that is only called "id".
        default_line: The line of rows without one.
    """

    places: Mapping[str, int]
    lines: Mapping[Cells, Line]
    contents: Mapping[Cells, Content]
    results: Mapping[Cells, Result]
    times: Sequence[tuple[int, int, int | None, ColumnTimes]]
    contact: Callable[[list[str], str], ContactIds]
    bare_id: bool
    default_line: LineIds | None


class MessageColumns:
    """Reads many rows of one table.

    Args:
        parts: What the reader of single rows knows.
        width: The cells of a row.
    """

    def __init__(self, parts: RowParts, width: int) -> None:
        self._parts, self._width = parts, width
        self._key, self._to, *self._more = (parts.places[meaning] for meaning in _SINGLE)
        places = parts.places
        self._lines = Combinations(places, width, LINE_COLUMNS, lambda cells: (parts.lines[cells].ids,))
        self._contents = Combinations(places, width, CONTENT_COLUMNS, self._content)
        self._results = Combinations(places, width, OUTCOME_COLUMNS, self._result)
        self._times = [(index, place, clock, TimeColumn(times)) for index, place, clock, times in parts.times]
        self._names = BoundedCache(cell_text, _KEPT)

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, list[int]]:
        """The usual sends among these rows, and the places of the others; as `RowReader.together`."""
        if not rows:
            return None, []
        columns = [*zip(*rows, strict=True), ("",) * len(rows)]
        odd: set[int] = set()
        templates, languages, campaigns, kinds, origins, unusual = zip(*self._contents.of(columns), strict=True)
        odd.update(compress(count(), unusual))
        failures, failed, flags, unusual = zip(*self._results.of(columns), strict=True)
        odd.update(compress(count(), unusual))
        (lines,) = zip(*self._lines.of(columns), strict=True)
        times = self._read_times(columns, odd)
        at, accepted = _own_times(times, len(rows), odd)
        _, _, delivered, read, answered, _, changed = times
        if changed is not None:
            # The time of the status is the time of the step that it names, where no column gives one.
            delivered = _filled(delivered, changed, [one.delivered for one in flags])
            read = _filled(read, changed, [one.read for one in flags])
        failed_at = _failure_times(at, failed, times)
        keys = self._keys(columns[self._key], odd)
        numbers, contacts = self._people(rows, columns, odd)
        sends = Sends(
            Rank.SEND_LOG,
            keys,
            at,
            lines,
            numbers,
            contacts,
            kinds=kinds,
            templates=templates,
            languages=languages,
            campaigns=campaigns,
            origins=origins,
            default_line=self._parts.default_line,
            accepted_at=accepted,
            delivered_at=delivered,
            read_at=read,
            answered_at=answered,
            failed_at=failed_at,
            failures=_where(failures, failed_at),
            flags=flags,
        )
        if not odd:
            return sends, []
        usual = [place not in odd for place in range(len(rows))]
        return sends.only(usual) if any(usual) else None, sorted(odd)

    def _content(self, cells: Cells) -> tuple[Any, ...]:
        try:
            content = self._parts.contents[cells]
        except Unreadable:
            return _UNREADABLE_CONTENT
        template, language, campaign, kind, origin, inbound, ignored = content
        return template, language, campaign, kind, origin, inbound or ignored is not None or origin in REFERRED

    def _result(self, cells: Cells) -> tuple[Any, ...]:
        try:
            result = self._parts.results[cells]
        except Unreadable:
            return _UNREADABLE_RESULT
        return result.failure, result.failed, result.flags, result.unknown is not None or result.ignored is not None

    def _read_times(self, columns: Sequence[_Column], odd: set[int]) -> list[_Times | None]:
        """The columns of times, in the order of `TIMES`."""
        times: list[_Times | None] = [None] * len(TIMES)
        for index, place, clock, column in self._times:
            cells = columns[place]
            if clock is not None:
                cells = [
                    f"{date} {time}" if date and time and ":" not in date else date
                    for date, time in zip(cells, columns[clock], strict=True)
                ]
            times[index], unusual = column.read(cells)
            odd.update(unusual)
        return times

    def _keys(self, cells: _Column, odd: set[int]) -> Sequence[str]:
        text = "".join(cells)
        if (
            all(map(str.startswith, cells, repeat(_WAMID)))
            and text.isascii()
            and text.isprintable()
            and " " not in text
        ):
            return cells
        if _IDS.fullmatch("\n".join((*cells, ""))) is not None:
            return cells
        keys = [message_id_of(cell, bare=self._parts.bare_id) for cell in cells]
        odd.update(place for place, key in enumerate(keys) if key is None)
        return [key or "" for key in keys]

    def _people(
        self, rows: Sequence[Sequence[str]], columns: Sequence[_Column], odd: set[int]
    ) -> tuple[Sequence[str] | None, list[ContactIds] | None]:
        """The recipients, as numbers if these are all that is known of them."""
        to = columns[self._to]
        numbers, text = _bare_numbers(to), "\n".join((*to, ""))
        plain: set[int] = set()
        if _NUMBERS.fullmatch(text) is None:
            plain |= {place for place, cell in enumerate(to) if _NUMBERS.fullmatch(f"{cell}\n") is None}
        if any(end in text for end in _DOUBTFUL_ENDS):
            plain |= {place for place, number in enumerate(numbers) if number[-5:] in _FIVE_OF_A_KIND}
        if {*self._more} == {self._width} and not plain:
            return numbers, None
        names, customers, users = (columns[place] for place in self._more)
        known = [customer_of[customer] if customer else None for customer in customers]
        plain |= {
            place
            for place, (user, customer, id) in enumerate(zip(users, customers, known, strict=True))
            if user or (customer and id is None)
        }
        contacts = [
            ContactIds((number,), None, customer, name)
            for number, customer, name in zip(numbers, known, map(self._names.__getitem__, names), strict=True)
        ]
        for place in plain - odd:
            contacts[place] = self._parts.contact([*rows[place], ""], to[place])
        return None, contacts


def _own_times(times: Sequence[_Times | None], size: int, odd: set[int]) -> tuple[list[int], _Times | None]:
    """The times of the rows, and those of the requests to send; rows without any are odd."""
    time, sent, *steps, changed = times
    accepted = time if sent is None else sent
    if sent is not None and time is not None and None in sent:
        accepted = [own if known is None else known for known, own in zip(sent, time, strict=True)]
    known_times = [time for time in accepted or () if time is not None]
    if accepted is not None and len(known_times) == size:
        return known_times, known_times
    at: list[int] = []
    requested = [*(accepted or [None] * size)]
    for place, known in enumerate(requested):
        if known is None:
            steps_known = [step for column in steps if column is not None and (step := column[place]) is not None]
            known = min(steps_known, default=None)
        if known is None and changed is not None:
            # A row that knows nothing but the time of its status: the request to send it is not known to be earlier.
            known = requested[place] = changed[place]
        if known is None:
            odd.add(place)
        at.append(known or 0)
    return at, requested


def _filled(times: _Times | None, changed: _Times, named: Iterable[bool | None]) -> _Times:
    """The times of a step, from those of the status where it names the step and no column gives one."""
    return [
        status if is_named and step is None else step
        for step, status, is_named in zip(times or repeat(None), changed, named, strict=False)
    ]


def _failure_times(at: _Times, failed: Sequence[bool], times: Sequence[_Times | None]) -> _Times | None:
    """When each message failed: where a status says so and no column when, the time of the status, else its own."""
    given, changed = times[_FAILED], times[_CHANGED]
    if given is None and not any(failed):
        return None
    if given is None and changed is None:
        return [own if is_failed else None for own, is_failed in zip(at, failed, strict=True)]
    return [
        time if time is not None else (own if status is None else status) if is_failed else None
        for time, status, own, is_failed in zip(
            given or repeat(None), changed or repeat(None), at, failed, strict=False
        )
    ]


def _where(values: Sequence[Any], times: _Times | None) -> Sequence[Any] | None:
    """The values of the rows that have a time."""
    if times is None:
        return None
    return [None if time is None else value for value, time in zip(values, times, strict=True)]


def _bare_numbers(cells: _Column) -> _Column:
    """The cells without what may stand before the digits of a number."""
    text = "".join(cells)
    if ":" in text:
        cells = [cell.removeprefix(_SCHEME) for cell in cells]
    return [cell.removeprefix("+") for cell in cells] if "+" in text else cells
