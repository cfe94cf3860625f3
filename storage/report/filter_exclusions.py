"""What a filter excludes: an SQL condition on `messages`, and for the cube what is left of each dimension.

Excluded people are given by their ids, because the cube subtracts them (`excluded_starts.py`); of very many, the report
is counted from the messages. Knows no field's condition: `filter_conditions` has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from storage.cube.dimension_ids import all_lines, all_templates
from storage.database.codes import ORIGINS, STATUSES, USER_TYPES
from storage.database.queries import Queries
from storage.domain.filters import Filter
from storage.report.filter_conditions import CONDITIONS, UNKNOWN_CONTACT

_MOST_CONTACTS = 20_000  # more are not subtracted: reading their starts one by one takes longer than counting the rest
_OTHERS = f"ifnull(m.contact, {UNKNOWN_CONTACT}) {{word}} (SELECT value FROM json_each(:not_contacts))"
_PARAMETER = re.compile(r":(\w+)")

# Every value that a start can have in a dimension of the cube.
_EVERY: dict[str, Callable[[Queries], frozenset[int]]] = {
    "lines": lambda connection: frozenset(all_lines(connection)),
    "templates": lambda connection: frozenset(all_templates(connection)),
    "origins": lambda connection: frozenset(range(len(ORIGINS))),
    "statuses": lambda connection: frozenset(range(len(STATUSES))),
    "user_types": lambda connection: frozenset(range(len(USER_TYPES))),
}


class Exclusions(NamedTuple):
    """What a filter excludes.

    Attributes:
        sql: conditions on `messages AS m`, to be joined with AND.
        parameters: the values of their named parameters.
        left: what is left of dimensions, by attribute of `Dimensions`.
        failures: excluded failures, as in `Filter.failures`.
        contacts: ids of the excluded contacts; UNKNOWN_CONTACT for unknown ones.
        needs_recount: whether something is excluded that the cube cannot leave out.
    """

    sql: list[str]
    parameters: dict[str, str | int]
    left: dict[str, frozenset[int]]
    failures: frozenset[str]
    contacts: frozenset[int]
    needs_recount: bool


def exclusions(connection: Queries, filter: Filter) -> Exclusions:
    """What the filter excludes, in this database."""
    sql: list[str] = []
    parameters: dict[str, str | int] = {}
    left: dict[str, frozenset[int]] = {}
    contacts: set[int] = set()
    failures: frozenset[Any] = frozenset()
    needs_recount = False
    for name, condition_of in CONDITIONS.items():
        if not (values := filter.excluded_values(name)):
            continue
        condition = condition_of(connection, values)
        if condition.contacts is not None:
            contacts |= condition.contacts
            continue
        sql.append(negated(condition.sql))
        parameters |= {_other_name(key): value for key, value in condition.parameters.items()}
        if name == "failure":
            failures = values
        elif condition.dimensions is None:
            needs_recount = True
        else:
            left |= _left(connection, condition.dimensions)
    if contacts:
        sql.append(_OTHERS.format(word="NOT IN"))
        parameters["not_contacts"] = json.dumps(sorted(contacts))
    few = len(contacts) <= _MOST_CONTACTS
    return Exclusions(
        sql, parameters, left, failures, frozenset(contacts if few else ()), needs_recount=needs_recount or not few
    )


def negated(sql: str) -> str:
    """The starts that do not meet a condition, unknown values among them; with parameters of other names."""
    return f"({_PARAMETER.sub(lambda found: ':' + _other_name(found[1]), sql)}) IS NOT TRUE"


def of_excluded_contacts(condition: str) -> str:
    """A condition with what a filter excludes by contact, as one of these contacts alone."""
    return condition.replace(_OTHERS.format(word="NOT IN"), _OTHERS.format(word="IN"))


def _other_name(parameter: str) -> str:
    return f"not_{parameter}"


def _left(connection: Queries, dimensions: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """What is left of dimensions; a dimension of which nothing is left out is not limited."""
    left = ((attribute, _EVERY[attribute](connection), chosen) for attribute, chosen in dimensions.items())
    return {attribute: every - chosen for attribute, every, chosen in left if every & chosen}
