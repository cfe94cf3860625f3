"""Many rows of the platform's download, or of saludo's TSV, at once: the usual sends among them, column by column.

The plain rule is `PlatformRows.item` (storage/sources/botmaker_rows.py), which reads one row; odd rows are left to it,
and referred starts. Tests compare the two (tests/captures.py, `items_of`). Knows no header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count
from typing import Any

from storage.domain.events import NO_FLAGS, REFERRED, ContactIds, LineIds, Origin, Rank
from storage.domain.sends import Sends
from storage.sources.botmaker import NAME
from storage.sources.cell_combinations import Combinations
from storage.sources.column_dates import ColumnTimes
from storage.sources.fields import Unreadable, keyless_key
from storage.sources.identity import MAX_DIGITS, MIN_DIGITS
from storage.sources.time_columns import TimeColumn

SENT_COLUMNS = ("channel", "line", "template", "groups", "origin", "language")
OUTCOME_COLUMNS = ("reason", "detail", "code", "new", "not_sent", "sent", "delivered", "read", "answered")

# Cells that are their own values, which reading one by one would give as well.
_NUMBER = re.compile(rf"(?:\+?[1-9]\d{{{MIN_DIGITS - 1},{MAX_DIGITS - 1}}})?", re.ASCII)
_CUSTOMER = re.compile(r"(?:[1-9]\d*|(?=\d*[A-WYZa-wyz])[A-Za-z][A-Za-z]*\d[0-9A-Za-z]*)?", re.ASCII)
_TIME = re.compile(r"(?:\d[0-9T:.Z+/ -]*[0-9Z])?", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z.:_-]*[0-9A-Za-z][0-9A-Za-z+/=_.:-]*", re.ASCII)
_FIVE_OF_A_KIND = frozenset(5 * digit for digit in "0123456789")  # ends of placeholders and of rounded numbers
_UNREADABLE_SENT: tuple[Any, ...] = ((None, None, None), LineIds(), None, None, None, True)
_UNREADABLE_OUTCOME: tuple[Any, ...] = (NO_FLAGS, None, True)
_SESSION, _SENT = 0, 1


@dataclass(frozen=True, slots=True)
class PlatformParts:
    """What the reader of single rows knows and has kept.

    Attributes:
        places: The place of each column; of a missing one, that of the empty cell behind the row.
        sent, outcomes: What combinations of cells say: what was sent, and how far it got.
        times: The index of the time, the place and the reader of each column of times.
        keyless: Matches keys that are hashes of rows.
        default_origin, default_line: Of rows that name none.
    """

    places: Mapping[str, int]
    sent: Mapping[tuple[str, ...], tuple[Any, ...]]
    outcomes: Mapping[tuple[str, ...], tuple[Any, ...]]
    times: Sequence[tuple[int, int, ColumnTimes]]
    keyless: re.Pattern[str]
    default_origin: Origin
    default_line: LineIds | None


class PlatformColumns:
    """Reads many rows of one table.

    Args:
        parts: What the reader of single rows knows.
        width: The cells of a row.
    """

    def __init__(self, parts: PlatformParts, width: int) -> None:
        self._parts = parts
        self._has_keys = parts.places["key"] != width
        self._sent = Combinations(parts.places, width, SENT_COLUMNS, self._what_was_sent)
        self._outcomes = Combinations(parts.places, width, OUTCOME_COLUMNS, self._outcome)
        self._times = [(index, place, TimeColumn(times)) for index, place, times in parts.times]

    def together(self, rows: Sequence[Sequence[str]]) -> tuple[Sends | None, list[int]]:
        """The usual sends among these rows, and the places of the others; as `RowReader.together`."""
        if not rows:
            return None, []
        columns = [_without_dashes(column) for column in (*zip(*rows, strict=True), ("",) * len(rows))]
        odd: set[int] = set()
        texts, lines, origins, languages, groups, unusual = zip(*self._sent.of(columns), strict=True)
        odd.update(compress(count(), unusual))
        flags, failures, unusual = zip(*self._outcomes.of(columns), strict=True)
        odd.update(compress(count(), unusual))
        times: list[Sequence[int | None] | None] = [None] * 5
        for index, place, column in self._times:
            times[index], unread = column.read(columns[place])
            odd.update(unread)
        session, sent, delivered, read, answered = times
        at = _own_times(times, len(rows), odd)
        keys, keyless = self._keys(texts, columns, odd)
        channels, _, templates = zip(*texts, strict=True)
        sends = Sends(
            Rank.PLATFORM,
            keys,
            at,
            lines,
            contacts=self._people(columns, odd),
            keyless=keyless,
            derived=self._has_keys,
            kinds=("template",) * len(rows),
            templates=templates,
            languages=languages,
            origins=origins,
            default_origin=self._parts.default_origin,
            default_line=self._parts.default_line,
            session_start=session,
            sent_at=sent,
            delivered_at=delivered,
            read_at=read,
            answered_at=answered,
            failed_at=[None if failure is None else own for failure, own in zip(failures, at, strict=True)],
            failures=failures,
            flags=flags,
            channel_ids=channels,
            agent_groups=groups,
        )
        if not odd:
            return sends, []
        usual = [place not in odd for place in range(len(rows))]
        return sends.only(usual) if any(usual) else None, sorted(odd)

    def _what_was_sent(self, cells: tuple[str, ...]) -> tuple[Any, ...]:
        try:
            texts, line, origin, language, groups = self._parts.sent[cells]
        except Unreadable:
            return _UNREADABLE_SENT
        return texts, line, origin, language, groups, origin in REFERRED

    def _outcome(self, cells: tuple[str, ...]) -> tuple[Any, ...]:
        try:
            return *self._parts.outcomes[cells], False
        except Unreadable:
            return _UNREADABLE_OUTCOME

    def _people(self, columns: Sequence[Sequence[str]], odd: set[int]) -> list[ContactIds]:
        """The recipients; rows that name nobody, or somebody in another spelling, are odd."""
        customers, numbers = (columns[self._parts.places[name]] for name in ("customer", "contact"))
        _note_others(odd, _NUMBER, numbers)
        _note_others(odd, _CUSTOMER, customers)
        odd.update(place for place, number in enumerate(numbers) if number[-5:] in _FIVE_OF_A_KIND)
        odd.update(place for place, ids in enumerate(zip(numbers, customers, strict=True)) if ids == ("", ""))
        return [
            ContactIds((number.removeprefix("+"),) if number else (), None, customer or None)
            for number, customer in zip(numbers, customers, strict=True)
        ]

    def _keys(
        self, texts: Sequence[Any], columns: Sequence[Sequence[str]], odd: set[int]
    ) -> tuple[Sequence[str], bool]:
        """The keys, and whether they are hashes of rows."""
        places = self._parts.places
        if self._has_keys:
            keys = columns[places["key"]]
            _note_others(odd, _KEY, keys)
            hashes = [":" in key and self._parts.keyless.fullmatch(key) is not None for key in keys]
            keyless = next((is_hash for place, is_hash in enumerate(hashes) if place not in odd), False)
            odd.update(place for place, is_hash in enumerate(hashes) if is_hash is not keyless)
            return keys, keyless
        named = ("customer", "contact", "sent_at", "session_start")
        customers, contacts, sent, sessions = (columns[places[name]] for name in named)
        _note_others(odd, _TIME, sent)
        _note_others(odd, _TIME, sessions)
        rows = zip(texts, customers, contacts, sent, sessions, strict=True)
        return [
            keyless_key(NAME, *text[:2], customer, contact, text[2], sent_at or session)
            for text, customer, contact, sent_at, session in rows
        ], True


def _without_dashes(cells: Sequence[str]) -> Sequence[str]:
    """The cells of a column, empty where a dash says so."""
    return ["" if cell == "-" else cell for cell in cells] if "-" in cells else cells


def _note_others(odd: set[int], usual: re.Pattern[str], cells: Sequence[str]) -> None:
    """Notes the places of cells of another form."""
    odd.update(place for place, found in enumerate(map(usual.fullmatch, cells)) if found is None)


def _own_times(times: Sequence[Sequence[int | None] | None], size: int, odd: set[int]) -> list[int]:
    """The time that each row is ranked by: when it was sent, else its first time; rows without any are odd."""
    sent = times[_SENT] or [None] * size
    known = [time for time in sent if time is not None]
    if len(known) == size:
        return known
    columns = [column for column in times if column is not None]
    own: list[int] = []
    for place, time in enumerate(sent):
        first = time if time is not None else next((one[place] for one in columns if one[place] is not None), None)
        if first is None:
            odd.add(place)
        own.append(first or 0)
    return own
