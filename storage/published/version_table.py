"""The table of starts of a published version: pages in every order, one start in detail, and the search.

ClickHouse keeps the starts in the order of time, so a page by time is read from a key. Equal to the functions of
`storage.table`: `tests/storage/published` compares them. Reads, and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.domain.events import Failure
from storage.domain.filters import Filter
from storage.domain.patterns import UNKNOWN
from storage.domain.vocabulary import StartStatus
from storage.messages.message import Direction, Message, ranked_error
from storage.published.version_positions import Positions, Stretch
from storage.published.version_session import VersionSession
from storage.published.version_tables import SHOWN_TOGETHER, STARTS
from storage.report.selection import Selection
from storage.table.detail import StartDetail, detail_of
from storage.table.pages import StartRow
from storage.table.positions import Cursor
from storage.table.search import Match, contacts_with, templates_with
from storage.table.sorting import Order
from storage.table.start_record import LoadedStart

_SHOWN = (
    *("start_at", "key", "contact_label", "contact_name", "start_template", "line", "origin", "user_type", "status"),
    *("failure_reason", "failure_code", "error_text", "error_detail"),
)
_NEWEST_FIRST = "m.start_at DESC, m.key DESC, m.origin DESC"
_OLDEST_FIRST = _NEWEST_FIRST.replace(" DESC", " ASC")
_OLDER, _NEWER = ("(m.start_at, m.key) < (:at, :key)", "(m.start_at, m.key) > (:at, :key)")
_decode = msgspec.json.Decoder(list[Any]).decode
Names = Mapping[int, str]


class VersionTable:
    """The table of one version."""

    def __init__(self, session: VersionSession) -> None:
        self._session, self._connection = session, session.connection
        self._positions = Positions(session)

    def page(self, selection: Selection, limit: int, after: Cursor | None, before: Cursor | None) -> list[StartRow]:
        """The starts next to a cursor, newest first; without one, the newest ones."""
        if before is not None:
            return self._rows(selection, limit, f" AND {_NEWER}", _cursor(before), _OLDEST_FIRST)[::-1]
        if after is not None:
            return self._rows(selection, limit, f" AND {_OLDER}", _cursor(after), _NEWEST_FIRST)
        return self._rows(selection, limit)

    def last_page(self, selection: Selection, limit: int) -> list[StartRow]:
        """The oldest starts, newest first."""
        return self._rows(selection, limit, order=_OLDEST_FIRST)[::-1]

    def page_at(self, selection: Selection, position: int, limit: int) -> list[StartRow]:
        """The starts from a position on."""
        return self.sorted_page(selection, Order.TIME, position, limit)

    def sorted_page(self, selection: Selection, order: Order, position: int, limit: int) -> list[StartRow]:
        """The starts from a position on, in an order, and then newest first."""
        rows: list[StartRow] = []
        for part in self._positions.stretches(selection, order, position, limit):
            if part.block is None:
                rows += self._rows(part.selection, part.limit, offset=part.offset)
            else:
                rows += self._rows_of_block(part, part.block)
        return rows

    def at(self, cursors: Sequence[Cursor]) -> list[StartRow]:
        """The starts of these cursors, in their order."""
        if not cursors:
            return []
        times, keys = json.dumps([one.at for one in cursors]), json.dumps([one.key for one in cursors])
        columns = ", ".join(f"m.{name}" for name in _SHOWN)
        rows = self._connection.execute(
            f"""
            SELECT {columns} FROM messages AS m
            WHERE m.start_at IN (SELECT value FROM json_each(:times)) AND m.key IN (SELECT value FROM json_each(:keys))
            """,
            {"times": times, "keys": keys},
        )
        found = {row.cursor: row for row in self._shown(rows, self._session.calendar.local)}
        return [found[one] for one in cursors]

    def _rows(
        self,
        selection: Selection,
        limit: int,
        condition: str = "",
        parameters: Mapping[str, Any] | None = None,
        order: str = _NEWEST_FIRST,
        offset: int = 0,
    ) -> list[StartRow]:
        columns = ", ".join(f"m.{name}" for name in _SHOWN)
        rows = self._connection.execute(
            f"SELECT {columns} FROM messages AS m WHERE {selection.condition}{condition}"
            f" ORDER BY {order} LIMIT {limit} OFFSET {offset}",
            selection.parameters | dict(parameters or {}),
        )
        return self._shown(rows, selection.calendar.local)

    def _rows_of_block(self, part: Stretch, block: int) -> list[StartRow]:
        """Starts sorted by contact, out of one block of labels."""
        rows = self._connection.execute(
            "SELECT m.start_at, m.key, m.contact_label, m.origin, m.shown"
            f" FROM contact_starts AS m WHERE m.block = {block} AND {part.selection.time_condition}"
            f" ORDER BY m.contact_label, {_NEWEST_FIRST} LIMIT {part.limit} OFFSET {part.offset}",
            part.selection.parameters,
        )
        return self._shown(map(_unpacked, rows), part.selection.calendar.local)

    def _shown(self, rows: Iterable[Sequence[Any]], local: Callable[[int], datetime]) -> list[StartRow]:
        templates, lines = self._templates(), self._lines()
        return [_start_row(row, templates, lines, local) for row in rows]

    def _templates(self) -> Names:
        return self._session.names("SELECT id, name FROM templates")

    def _lines(self) -> Names:
        return self._session.names("SELECT id, label FROM lines")

    def detail(self, cursor: Cursor) -> StartDetail | None:
        """Everything known of one start; None if the version does not have it."""
        columns = ", ".join(f"m.{name}" for name in STARTS.columns)
        row = self._connection.execute(
            f"SELECT {columns} FROM messages AS m WHERE m.start_at = :at AND m.key = :key LIMIT 1", _cursor(cursor)
        ).fetchone()
        if row is None:
            return None
        values = dict(zip(STARTS.columns, row, strict=True))
        ids, starts = self._of_contact(values["contact"])
        shown = _start_row(
            [values[name] for name in _SHOWN], self._templates(), self._lines(), self._session.calendar.local
        )
        return detail_of(self._session, self._loaded(values), shown, ids, max(1, starts))

    def _of_contact(self, contact: int | None) -> tuple[tuple[str, ...], int]:
        """The ids of a contact, and how many starts they have."""
        if contact is None:
            return (), 0
        texts = self._connection.execute(
            "SELECT text FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (contact,)
        ).fetchall()
        (starts,) = self._connection.execute(
            "SELECT count(*) FROM messages AS m WHERE m.contact = ?", (contact,)
        ).fetchone()
        return tuple(text for (text,) in texts), starts

    def _loaded(self, values: Mapping[str, Any]) -> LoadedStart:
        """A row of the version as `storage.table.start_record` loads a start."""
        names = self._session.names("SELECT id, value FROM lines")
        return LoadedStart(
            id=0,
            message=_message(values),
            at=values["start_at"],
            day=values["day"],
            origin=ORIGINS[values["origin"]],
            user_type=USER_TYPES[values["user_type"]],
            status=STATUSES[values["status"]],
            answered_at=values["answered_at"],
            failure_code=values["failure_code"],
            failure_reason=values["failure_reason"],
            data_flags=values["marks"],
            template=self._templates().get(values["start_template"]),
            line_label=self._lines().get(values["line"], ""),
            line_value=names.get(values["line"], ""),
            contact=values["contact"],
            contact_label=values["contact_label"] or "",
            customer_id=values["customer_id"],
            name=values["contact_name"] or "",
            joined=values["joined"],
        )

    def find(
        self, filter: Filter, now: datetime, text: str, cursor: Cursor | None, older: bool, began: Callable[[], None]
    ) -> Match | None:
        """The nearest start beyond the cursor that contains the text, as `search.find` has it.

        Args:
            began: called before the starts are searched.
        """
        selection = self._session.select(filter, now)
        templates = sorted(templates_with(self._connection, text))
        contacts = sorted(contacts_with(self._connection, text))
        began()
        if not templates and not contacts:
            return None
        parameters = selection.parameters | {"of_templates": json.dumps(templates), "of_contacts": json.dumps(contacts)}
        condition = selection.condition
        if cursor is not None:
            condition += f" AND {_OLDER if older else _NEWER}"
            parameters |= _cursor(cursor)
        row = self._connection.execute(
            f"""
            SELECT m.start_at, m.key FROM messages AS m
            WHERE {condition} AND (m.start_template IN (SELECT value FROM json_each(:of_templates))
                                   OR m.contact IN (SELECT value FROM json_each(:of_contacts)))
            ORDER BY {_NEWEST_FIRST if older else _OLDEST_FIRST} LIMIT 1
            """,
            parameters,
        ).fetchone()
        if row is None:
            return None
        match = Cursor(*row)
        (newer,) = self._connection.execute(
            f"SELECT count(*) FROM messages AS m WHERE {selection.condition} AND {_NEWER}",
            selection.parameters | _cursor(match),
        ).fetchone()
        return Match(match, newer)


def _cursor(cursor: Cursor) -> dict[str, Any]:
    return {"at": cursor.at, "key": cursor.key}


def _unpacked(row: Sequence[Any]) -> Sequence[Any]:
    """A row of `contact_starts` as a row of _SHOWN."""
    at, key, contact, origin, shown = row
    values = dict(zip(SHOWN_TOGETHER, _decode(shown), strict=True))
    values |= {"start_at": at, "key": key, "contact_label": contact, "origin": origin}
    return [values[name] for name in _SHOWN]


def _start_row(row: Sequence[Any], templates: Names, lines: Names, local: Callable[[int], datetime]) -> StartRow:
    """A row of _SHOWN as a row of the table."""
    at, key, contact, name, template, line, origin, user_type, status, reason, code, text, detail = row
    without = "" if origin >= REFERRED_FROM else UNKNOWN
    failed = STATUSES[status] is StartStatus.FAILED
    return StartRow(
        Cursor(at, key),
        local(at),
        contact or "",
        name or "",
        templates.get(template) or without,
        lines.get(line) or UNKNOWN,
        ORIGINS[origin],
        USER_TYPES[user_type],
        STATUSES[status],
        reason,
        code,
        (text or detail or None) if failed else None,
    )


_TIMES = {
    **{name: f"{name}_at" for name in ("accepted", "sent", "delivered", "read")},
    "session": "session_start",
}


def _message(values: Mapping[str, Any]) -> Message:
    """What the detail of a start shows of its message. Ranks do not matter: the version holds merged evidence."""
    fields = {
        name: (0, 0, values[name])
        for name in ("language", "campaign", "channel_id", "agent_groups")
        if values[name] is not None
    }
    if (at := values["error_at"]) is not None:
        fields["error"] = ranked_error(0, at, Failure(None, values["error_text"], values["error_detail"]))
    times = {name: values[column] for name, column in _TIMES.items() if values[column] is not None}
    if values["answered_stated"]:
        times["answered"] = 0
    direction = Direction.ROW if values["keyless"] else Direction.OUT
    return Message(values["key"], direction, fields=fields, times=times, flags=values["flags"])
