"""Which bitmaps tell of which statuses, and the counts of users that follow from them. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from pyroaring import BitMap

from storage.cube.bitmaps import contacts_by_slice, union
from storage.cube.layout import (
    ANSWER,
    FAILED,
    FAILED_SLICES,
    FAILURE,
    STEP_STATUSES,
    STEPS,
    STEPS_SLICES,
    USERS,
    USERS_SLICES,
    Slice,
)
from storage.database.schema import REFERRED_FROM
from storage.report.metrics import UserCounts
from storage.report.selection import Dimensions


class Source(NamedTuple):
    """A kind of bitmaps, its slices, and those statuses of it that count (None: all)."""

    kind: int
    slices: tuple[Slice, ...]
    statuses: frozenset[int] | None


EVERYBODY = Source(USERS, USERS_SLICES, None)
Group = tuple[int, int, int]  # origin, user type, status


def sources_of(chosen: Dimensions) -> list[Source]:
    """The kinds of bitmaps that tell the chosen statuses, with those that each of them tells."""
    if chosen.failures is not None:
        some = chosen.statuses is None or FAILURE in chosen.statuses
        return [Source(FAILED, FAILED_SLICES, None)] if some else []
    if chosen.statuses is None or not chosen.statuses & STEP_STATUSES or chosen.statuses >= STEP_STATUSES:
        return [Source(USERS, USERS_SLICES, chosen.statuses)]
    sources: list[Source] = [Source(STEPS, STEPS_SLICES, chosen.statuses & STEP_STATUSES)]
    if rest := chosen.statuses - STEP_STATUSES:
        sources.append(Source(USERS, USERS_SLICES, rest))
    return sources


def groups_of(source: Source, chosen: Dimensions) -> dict[int, Group]:
    """The slices of a source that have what is chosen, with their groups."""
    return {
        number: (origin, user_type, status)
        for number, origin, user_type, status in source.slices
        if chosen.includes(origin, user_type) and (source.statuses is None or status in source.statuses)
    }


def add_groups(groups: dict[Group, list[BitMap]], users: BitMap, wanted: dict[int, Group]) -> None:
    """Adds to the groups what a set of users has in the slices that are wanted."""
    for number, contacts in contacts_by_slice(users, wanted):
        groups.setdefault(wanted[number], []).append(contacts)


def user_counts(groups: dict[Group, list[BitMap]]) -> UserCounts:
    """The counts of sets by origin, user type and status."""
    kinds: defaultdict[str, list[BitMap]] = defaultdict(list)
    for (origin, user_type, status), sets in groups.items():
        if origin >= REFERRED_FROM:
            kinds["referred"] += sets
        else:
            kinds["failed" if status == FAILURE else "answered" if status == ANSWER else "unanswered"] += sets
        if status != FAILURE and user_type == 0:
            kinds["new"] += sets
    answered = union(kinds["answered"])
    reached = union([answered, *kinds["unanswered"]])
    sent = union([reached, *kinds["failed"]])
    new = union(kinds["new"])
    return UserCounts(
        users=sent.union_cardinality(union(kinds["referred"])),
        sent=len(sent),
        reached=len(reached),
        answered=len(answered),
        eligible=reached.union_cardinality(union(kinds["referred"])),
        new=len(new),
    )
