"""What follows from the messages of one contact; the fast path for the only message gives the same."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given

from storage.database.codes import STATUSES, USER_TYPES
from storage.domain.events import Event, Failure, Flags, Inbound, Known, LineIds, Origin, Rank, Send, Status
from storage.domain.vocabulary import DataFlag, StartStatus, UserType
from storage.messages.from_events import message_of
from storage.messages.message import Direction, Message
from storage.messages.message_row import KEY, row_of
from storage.messages.store import Stored
from storage.messages.timeline import derive, single_message_start
from tests.databases import HOUR, LINE, NOON, OTHER_LINE, SECOND
from tests.events import inbound, row, send
from tests.histories import events

WINDOW = 24 * 3_600_000
AROUND = (None, -WINDOW, -1, 0, 1)  # ms from the message's own time; None: never


@given(events())
def test_single_message_start_equals_derive(history: list[Event]) -> None:
    messages: dict[tuple[str, int], Message] = {}
    for event in history:
        if not isinstance(event, Known):
            one = message_of(event)
            messages.setdefault(one.identity, one).merge(one)
    for message in messages.values():
        if message.direction is not Direction.OUT:
            continue
        at = message.at
        for contact, answered, known in product((None, 7), AROUND, AROUND):
            if contact is None and known is not None:
                continue  # an unknown contact has no time since when it is known
            row = Stored(1, 3, contact, 4, 5, row_of(message), at, None)
            answers = {} if answered is None else {message.key: at + answered}
            since = None if known is None else at + known
            assert single_message_start(row, answers, since) == derive(
                [row], answers, frozenset(), WINDOW, since
            ).starts.get(1)


class Told(NamedTuple):
    """What is told of a start."""

    status: StartStatus
    answered_at: int | None = None
    user: UserType = UserType.NEW


class Derivation(NamedTuple):
    """Starts by the key of their message, with their lines and flags, and what each keyless row is joined to."""

    starts: dict[str, Told]
    joined: dict[str, str]
    lines: dict[str, int | None]
    flags: dict[str, DataFlag]


_LINE_IDS: dict[LineIds, int | None] = {LINE: 1, OTHER_LINE: 2, LineIds(): None}
SENT = Told(StartStatus.SENT)
FAILED = Told(StartStatus.FAILED)


def derived(
    *history: Send | Status | Inbound,
    contact: int | None = 7,
    context_answers: Mapping[str, int] | None = None,
    notification_keys: frozenset[str] = frozenset(),
    known_since: int | None = None,
) -> Derivation:
    """Derives the starts of one contact, whose messages have the ids 1, 2, ... in their order."""
    messages: dict[tuple[str, int], Message] = {}
    lines: dict[tuple[str, int], int | None] = {}
    for event in history:
        one = message_of(event)
        messages.setdefault(one.identity, one).merge(one)
        lines.setdefault(one.identity, _LINE_IDS[event.line])
    rows = [
        Stored(id, lines[of], contact, None, None, row_of(message), message.at, None)
        for id, (of, message) in enumerate(messages.items(), 1)
    ]
    found = derive(rows, context_answers or {}, notification_keys, 24 * HOUR, known_since)
    keys = {one.id: str(one.row[KEY]) for one in rows}
    return Derivation(
        {
            keys[id]: Told(StartStatus(STATUSES[start[5]]), start[6], UserType(USER_TYPES[start[4]]))
            for id, start in found.starts.items()
        },
        {keys[row_id]: keys[keyed] for row_id, keyed in found.joined.items()},
        {keys[id]: start[1] for id, start in found.starts.items()},
        {keys[id]: DataFlag(start[8]) for id, start in found.starts.items()},
    )


def answered(at: int, user: UserType = UserType.NEW) -> Told:
    return Told(StartStatus.ANSWERED, at, user)


def failed(key: str, at: int, **more: Any) -> Send:
    return send(key, at, failed_at=at + SECOND, failure=Failure(131026), **more)


@pytest.mark.parametrize(
    ("after", "is_answer"),
    [(HOUR, True), (24 * HOUR, True), (24 * HOUR + 1, False), (0, True), (-5000, True), (-5001, False)],
)
def test_a_message_in_answers_the_notification_before_it_within_the_window(after: int, is_answer: bool) -> None:
    # A message before the send makes the contact known.
    user = UserType.RECURRENT if after < 0 else UserType.NEW
    told = derived(send("a"), inbound("i", NOON + after)).starts["a"]
    assert told == (answered(NOON + after, user) if is_answer else SENT._replace(user=user))


def test_the_latest_notification_of_the_line_that_did_not_fail_is_answered() -> None:
    later = NOON + HOUR
    again = UserType.RECURRENT
    assert derived(send("a"), send("b", NOON + 9), inbound("i", later)).starts == {
        "a": SENT,
        "b": answered(later, again),
    }
    assert derived(send("b"), send("a"), inbound("i", later)).starts == {"a": SENT, "b": answered(later)}
    assert derived(send("a"), failed("b", NOON + 9), inbound("i", later)).starts == {
        "a": answered(later),
        "b": FAILED._replace(user=again),
    }
    other = send("b", NOON + 9, line=OTHER_LINE)
    assert derived(send("a"), other, inbound("i", later)).starts["a"] == answered(later)
    assert derived(send("a"), other, inbound("i", later, line=OTHER_LINE)).starts["b"] == answered(later, again)
    assert derived(send("a"), inbound("i", later, line=LineIds())).starts == {"a": SENT}
    text = send("b", NOON + 9, kind="text")
    assert derived(send("a"), text, inbound("i", later)).starts == {"a": answered(later)}


def test_the_earliest_answer_counts() -> None:
    first, second = inbound("i", NOON + HOUR), inbound("j", NOON + 2 * HOUR)
    for order in ((first, second), (second, first)):
        assert derived(send("a"), *order).starts["a"] == answered(NOON + HOUR)
    assert derived(send("a"), second, context_answers={"a": NOON + HOUR}).starts["a"] == answered(NOON + HOUR)
    assert derived(send("a"), first, context_answers={"a": NOON + 2 * HOUR}).starts["a"] == answered(NOON + HOUR)


def test_some_messages_in_answer_nothing() -> None:
    for kind in ("reaction", "system", "echo"):
        assert derived(send("a"), inbound("i", NOON + HOUR, kind=kind)).starts["a"].answered_at is None
    quoting = inbound("i", NOON + HOUR, context="x")
    assert derived(send("a"), quoting).starts["a"] == answered(NOON + HOUR)
    assert derived(send("a"), quoting, notification_keys=frozenset("x")).starts["a"] == SENT
    assert derived(send("a"), inbound("i", NOON + HOUR), contact=None).starts["a"] == SENT


@pytest.mark.parametrize(
    ("distance", "is_joined"), [(0, True), (60_000, True), (-60_000, True), (60_001, False), (-60_001, False)]
)
def test_a_row_of_a_platform_is_one_start_with_the_notification_near_it(distance: int, is_joined: bool) -> None:
    found = derived(send("a"), row("r", NOON + distance, delivered_at=NOON + 70_000))
    assert found.joined == ({"r": "a"} if is_joined else {})
    assert set(found.starts) == ({"a"} if is_joined else {"a", "r"})
    assert found.starts["a"].status == ("delivered" if is_joined else "sent")


def test_rows_are_joined_to_the_nearest_then_by_key_and_each_once() -> None:
    assert derived(send("a"), send("b", NOON + 20), row("r", NOON + 12)).joined == {"r": "b"}
    assert derived(send("a"), send("b", NOON + 20), row("r", NOON + 8)).joined == {"r": "a"}
    assert derived(send("b"), send("a", NOON + 20), row("r", NOON + 10)).joined == {"r": "a"}
    assert derived(send("a"), row("s", NOON + 9), row("r", NOON + 9)).joined == {"r": "a"}
    two = derived(send("a"), send("b", NOON + 20), row("r", NOON + 12), row("s", NOON + 13))
    assert two.joined == {"s": "b", "r": "a"}


def test_a_row_is_joined_only_where_template_line_and_kind_agree() -> None:
    assert derived(send("a"), row("r", template="other")).joined == {}
    assert derived(send("a"), row("r", template=None)).joined == {"r": "a"}
    assert derived(send("a", template=None), row("r")).joined == {"r": "a"}
    assert derived(send("a"), row("r", line=OTHER_LINE)).joined == {}
    assert derived(send("a"), row("r", line=LineIds())).joined == {"r": "a"}
    unknown_line = derived(send("a", line=LineIds()), row("r"))
    assert (unknown_line.joined, unknown_line.lines) == ({"r": "a"}, {"a": 1})
    assert derived(send("a"), row("r", line=LineIds())).lines == {"a": 1}
    assert derived(send("a", kind="text"), row("r")).joined == {}
    assert derived(send("a"), row("r", kind="text")).joined == {}
    assert derived(send("a"), row("r"), contact=None).joined == {}
    log = Send("r", Rank.SEND_LOG, NOON, LINE, keyless=True, kind="template", template="promo", accepted_at=NOON)
    assert derived(send("a"), log).joined == {}
    assert derived(send("a"), row("r", origin=Origin.WEBCHAT)).joined == {}


def test_what_a_joined_row_says_counts_for_the_notification() -> None:
    gone = derived(send("a"), row("r", failed_at=NOON + 9, failure=Failure(131026)), send("b", NOON + HOUR))
    assert gone.starts == {"a": FAILED, "b": SENT}
    answer = derived(send("a"), row("r", answered_at=NOON + 9), inbound("i", NOON + HOUR))
    assert answer.starts == {"a": answered(NOON + 9)}


@pytest.mark.parametrize(
    ("before", "makes_known"),
    [
        (send("b", NOON - HOUR), True),
        (failed("b", NOON - HOUR), False),
        (failed("b", NOON - HOUR, read_at=NOON), True),
        (send("b", NOON - HOUR, flags=Flags(not_sent=True)), False),
        (send("b", NOON - HOUR, flags=Flags(not_sent=True, delivered=True)), True),
        (send("b", NOON - HOUR, flags=Flags(not_sent=True, answered=True)), True),
        (failed("b", NOON - HOUR, answered_at=NOON), True),
        (send("b", NOON - HOUR, kind="text"), True),
        (failed("b", NOON - HOUR, kind="text"), False),
        (inbound("b", NOON - HOUR), True),
        (inbound("b", NOON - HOUR, kind="system"), False),
        (inbound("b", NOON - HOUR, group=True), False),
        (row("b", NOON - HOUR), True),
        (row("b", NOON - HOUR, origin=Origin.WEBCHAT), True),
        (send("b", NOON), False),
        (send("b", NOON - 1), True),
    ],
)
def test_a_contact_is_recurrent_after_a_message_that_makes_it_known(before: Send | Inbound, makes_known: bool) -> None:
    for order in ((before, send("a")), (send("a"), before)):
        user = derived(*order).starts["a"].user
        assert user is (UserType.RECURRENT if makes_known else UserType.NEW)
    referred = derived(before, inbound("i", NOON, origin=Origin.WEBCHAT)).starts["i"]
    assert referred == Told(StartStatus.RECEIVED, None, UserType.RECURRENT if makes_known else UserType.NEW)
    assert derived(before, send("a"), contact=None).starts["a"].user is UserType.NEW


def test_a_contact_that_is_known_from_elsewhere_is_recurrent_after_that() -> None:
    for since, user in ((NOON - 1, UserType.RECURRENT), (NOON, UserType.NEW), (None, UserType.NEW)):
        assert derived(send("a"), known_since=since).starts["a"] == SENT._replace(user=user)
    assert derived(send("b", NOON - 5), send("a"), known_since=NOON - 9).starts["b"].user is UserType.RECURRENT
    assert derived(send("b", NOON - 5), send("a"), known_since=NOON - 2).starts["a"].user is UserType.RECURRENT


def test_what_a_record_states_and_a_join_are_in_the_start() -> None:
    platform = send(rank=Rank.PLATFORM, flags=Flags(delivered=True))
    found = derived(platform, row("r"), send("b", NOON + HOUR))
    assert found.starts == {"w1": Told(StartStatus.DELIVERED), "b": SENT._replace(user=UserType.RECURRENT)}
    assert found.flags == {"w1": DataFlag.JOINED, "b": DataFlag(0)}
    stored = Stored(1, 1, 7, None, None, row_of(message_of(platform)), NOON, None)
    assert single_message_start(stored, {}) == derive([stored], {}, frozenset(), 24 * HOUR).starts[1]
    referred = derived(inbound("i", origin=Origin.WEBCHAT, line=OTHER_LINE))
    assert (referred.starts["i"].status, referred.lines) == (StartStatus.RECEIVED, {"i": 2})


def test_an_answer_on_a_line_without_notifications_does_not_hide_the_next() -> None:
    other = inbound("i", NOON + 9, line=OTHER_LINE)
    assert derived(send("a"), other, inbound("j", NOON + HOUR)).starts == {"a": answered(NOON + HOUR)}
