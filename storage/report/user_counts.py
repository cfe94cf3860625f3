"""Which sets of users a filter needs, and the user counts that follow from them. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from pyroaring import BitMap

from storage.cube.bitmaps import contacts_by_slice, union_of_bitmaps
from storage.cube.layout import FAILED, STEPS, USERS
from storage.cube.start_classes import FAILED_SLICES, STEP_STATUSES, STEPS_SLICES, USERS_SLICES, Slice
from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, STATUSES, USER_TYPES
from storage.domain.vocabulary import UserType
from storage.report.metrics import UserCounts
from storage.report.selection import Dimensions

_NEW = USER_TYPES.index(UserType.NEW)


class SetQuery(NamedTuple):
    """Sets of users to read: their kind, its slices, and the statuses that count (None: all)."""

    kind: int
    slices: tuple[Slice, ...]
    statuses: frozenset[int] | None


class UserGroup(NamedTuple):
    """What the starts of some users have in common, as positions in the tuples of codes.py."""

    origin: int
    user_type: int
    status: int


_SEND_SETS = {STATUS_FAILED: "failed", STATUS_ANSWERED: "answered"}
ALL_USERS = SetQuery(USERS, USERS_SLICES, None)


def set_queries(dimensions: Dimensions) -> list[SetQuery]:
    """The sets of users to read for the selected statuses and failures."""
    if dimensions.failures is not None:
        with_failed = dimensions.statuses is None or STATUS_FAILED in dimensions.statuses
        return [SetQuery(FAILED, FAILED_SLICES, None)] if with_failed else []
    if dimensions.other_failures and (dimensions.statuses is None or STATUS_FAILED in dimensions.statuses):
        # The failed ones by their failure, which only their own sets distinguish.
        statuses = frozenset(range(len(STATUSES))) if dimensions.statuses is None else dimensions.statuses
        not_failed = dimensions.replace(statuses=statuses - {STATUS_FAILED}, other_failures=frozenset())
        return [SetQuery(FAILED, FAILED_SLICES, None), *set_queries(not_failed)]
    # USERS does not distinguish sent, delivered and read: it is enough unless only some of the three are selected.
    if dimensions.statuses is None or not dimensions.statuses & STEP_STATUSES or dimensions.statuses >= STEP_STATUSES:
        return [SetQuery(USERS, USERS_SLICES, dimensions.statuses)]
    queries = [SetQuery(STEPS, STEPS_SLICES, dimensions.statuses & STEP_STATUSES)]
    if rest := dimensions.statuses - STEP_STATUSES:
        queries.append(SetQuery(USERS, USERS_SLICES, rest))
    return queries


def groups_of(query: SetQuery, dimensions: Dimensions) -> dict[int, UserGroup]:
    """The selected slices of a query, each with its group."""
    return {
        number: UserGroup(origin, user_type, status)
        for number, origin, user_type, status in query.slices
        if dimensions.includes(origin, user_type) and (query.statuses is None or status in query.statuses)
    }


def users_can_tell(dimensions: Dimensions) -> bool:
    """Whether the sets of USERS distinguish what is selected, and so the repeats (storage/cube/repeats.py)."""
    return not dimensions.needs_recount and [query.kind for query in set_queries(dimensions)] == [USERS]


def selected_slices(dimensions: Dimensions) -> frozenset[int]:
    """The selected slices of USERS; `users_can_tell` must be true."""
    (query,) = set_queries(dimensions)
    return frozenset(groups_of(query, dimensions))


def unless_all(slices: frozenset[int]) -> frozenset[int] | None:
    """None for all slices of USERS, where nothing has to be looked at; else the slices."""
    return None if len(slices) == len(USERS_SLICES) else slices


def add_groups(groups: dict[UserGroup, list[BitMap]], users: BitMap, wanted: dict[int, UserGroup]) -> None:
    """Adds a set's contacts in the wanted slices to their groups."""
    for number, contacts in contacts_by_slice(users, wanted):
        groups.setdefault(wanted[number], []).append(contacts)


def user_counts(groups: dict[UserGroup, list[BitMap]]) -> UserCounts:
    """The user counts of contacts by group."""
    sets: defaultdict[str, list[BitMap]] = defaultdict(list)
    for (origin, user_type, status), contacts in groups.items():
        if origin >= REFERRED_FROM:
            sets["referred"] += contacts
        else:
            sets[_SEND_SETS.get(status, "unanswered")] += contacts
        if status != STATUS_FAILED and user_type == _NEW:
            sets["new"] += contacts
    referred = union_of_bitmaps(sets["referred"])
    answered = union_of_bitmaps(sets["answered"])
    reached = union_of_bitmaps([answered, *sets["unanswered"]])
    sent = union_of_bitmaps([reached, *sets["failed"]])
    return UserCounts(
        users=sent.union_cardinality(referred),
        sent=len(sent),
        reached=len(reached),
        answered=len(answered),
        eligible=reached.union_cardinality(referred),
        new=len(union_of_bitmaps(sets["new"])),
    )
