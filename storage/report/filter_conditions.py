"""What each field of the filter selects: an SQL condition on `messages`, and the same as numbers for the cube.

`CONDITIONS` has one entry for each field of `storage.domain.filters.FIELDS` except the period, whose days are part of
every selection. What a field excludes is in `filter_exclusions`. The conditions stand here and not in the field
objects, because they need the ids of a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from storage.database.codes import ORIGINS, STATUSES, USER_TYPES
from storage.database.queries import Queries
from storage.database.unknown_ids import IS_UNKNOWN_LINE, IS_UNKNOWN_TEMPLATE, UNKNOWN_ID
from storage.domain.patterns import UNKNOWN, AnyOf, is_literal, phone_digits, plain
from storage.messages.people_names import contacts_named
from storage.report import selected_failures


class Condition(NamedTuple):
    """What one field of a filter selects.

    Attributes:
        sql: a condition on `messages AS m`.
        parameters: the values of its named parameters. No two fields have a parameter of the same name.
        dimensions: the same for the cube, by attribute of `Dimensions`; None if the cube does not count by the field.
        contacts: the ids of the contacts, where the field names people; UNKNOWN_CONTACT for unknown ones.
    """

    sql: str
    parameters: dict[str, str | int]
    dimensions: dict[str, Any] | None
    contacts: frozenset[int] | None = None


MANY_CONTACTS = 50_000  # up to so many, the index on contacts finds their starts fastest
UNKNOWN_CONTACT = 0  # no contact has this id: an unknown contact is NULL in `messages`


def _origins(_: Queries, values: frozenset[Any]) -> Condition:
    codes = frozenset(map(ORIGINS.index, values))
    return Condition(_is_in("m.origin", "origins"), {"origins": _list(codes)}, {"origins": codes})


def _user_type(_: Queries, values: frozenset[Any]) -> Condition:
    codes = frozenset(map(USER_TYPES.index, values))
    return Condition(_is_in("m.user_type", "user_types"), {"user_types": _list(codes)}, {"user_types": codes})


def _statuses(_: Queries, values: frozenset[Any]) -> Condition:
    codes = frozenset(map(STATUSES.index, values))
    return Condition(_is_in("m.status", "statuses"), {"statuses": _list(codes)}, {"statuses": codes})


def _lines(connection: Queries, patterns: frozenset[Any]) -> Condition:
    """Any id, number or name of a line selects it. A number is found however it is written."""
    any_of = AnyOf(form for pattern in patterns for form in (pattern, phone_digits(pattern)))
    ids = {line for line, text in connection.execute("SELECT line, text FROM line_ids") if any_of.matches(text)}
    sql = _is_in("m.line", "lines")
    if AnyOf(patterns).matches(UNKNOWN):
        ids.add(UNKNOWN_ID)
        sql = f"({sql} OR {IS_UNKNOWN_LINE})"
    return Condition(sql, {"lines": _list(ids)}, {"lines": frozenset(ids)})


def _templates(connection: Queries, patterns: frozenset[Any]) -> Condition:
    any_of = AnyOf(patterns)
    ids = {id for id, name in connection.execute("SELECT id, name FROM templates") if any_of.matches(name)}
    sql = _is_in("m.start_template", "templates")
    if any_of.matches(UNKNOWN):
        ids.add(UNKNOWN_ID)
        sql = f"({sql} OR {IS_UNKNOWN_TEMPLATE})"
    return Condition(sql, {"templates": _list(ids)}, {"templates": frozenset(ids)})


def _failures(_: Queries, values: frozenset[Any]) -> Condition:
    return Condition(*selected_failures.condition(values), {"failures": values})


def _contact(connection: Queries, patterns: frozenset[Any]) -> Condition:
    """Any id of a person selects them. A number is found however it is written."""
    ids = _contact_ids(connection, {form for one in patterns - {UNKNOWN} for form in (one, phone_digits(one))})
    return _people(ids, UNKNOWN in patterns, "contacts")


def _names(connection: Queries, patterns: frozenset[Any]) -> Condition:
    """Any part of a person's profile name selects them. Case and accents are ignored."""
    return _people(contacts_named(connection, patterns), False, "named")


def _people(ids: set[int], unknown: bool, parameter: str) -> Condition:
    # With a plus, SQLite does not look up each contact: of many, it is faster to read every start of the period.
    sql = _is_in("m.contact" if len(ids) <= MANY_CONTACTS else "+m.contact", parameter)
    parameters: dict[str, str | int] = {parameter: _list(ids)}
    if unknown:
        sql, parameters = (f"({sql} OR m.contact IS NULL)", parameters) if ids else ("m.contact IS NULL", {})
        ids = {UNKNOWN_CONTACT, *ids}
    return Condition(sql, parameters, None, frozenset(ids))


def _contact_ids(connection: Queries, patterns: set[str]) -> set[int]:
    if all(map(is_literal, patterns)):  # without a wildcard, the index on the ids finds them
        rows = connection.execute(
            "SELECT contact FROM contact_ids WHERE kind IN (0, 1, 2) AND text IN (SELECT value FROM json_each(?))",
            (_list(map(plain, patterns)),),
        )
        return {contact for (contact,) in rows}
    any_of = AnyOf(patterns)
    ids = connection.execute("SELECT contact, text FROM contact_ids")
    return {contact for contact, text in ids if any_of.matches(text)}


def _is_in(column: str, parameter: str) -> str:
    """SQL: the column has one of the values of a parameter, a JSON list."""
    return f"{column} IN (SELECT value FROM json_each(:{parameter}))"


def _list(values: Iterable[int | str]) -> str:
    return json.dumps(sorted(values))


# By the name of the field, in the order in which they are joined with AND.
CONDITIONS: dict[str, Callable[[Queries, frozenset[Any]], Condition]] = {
    "origin": _origins,
    "user": _user_type,
    "status": _statuses,
    "line": _lines,
    "template": _templates,
    "failure": _failures,
    "contact": _contact,
    "name": _names,
}
