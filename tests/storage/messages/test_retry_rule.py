"""Whom a new try can reach and when: the rule for one person."""

from __future__ import annotations

import pytest

from storage.database.codes import (
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
)
from storage.domain.failures import Reason
from storage.messages.retry_rule import Again, Sent, Since, Wish, try_again
from tests.databases import DAY, HOUR, NOON, SECOND


def failed(key: str, at: int, code: int | None, reason: Reason | None, line: int = 1) -> Sent:
    return Sent(at, key, STATUS_FAILED, at + SECOND, code, None if reason is None else reason.value, line)


def sent(key: str, at: int, status: int = STATUS_SENT) -> Sent:
    return Sent(at, key, status, at, None, None, 1)


SERVICE = failed("m", NOON, 131016, Reason.SERVICE)  # can be tried again at once
LIMIT = failed("n", NOON - HOUR, 131049, Reason.LIMIT_REACHED)  # Meta's limit for the person: 24 hours


def test_alone_it_can_be_tried_again_after_its_own_wait() -> None:
    assert try_again(SERVICE, [SERVICE]) == Again(NOON + SECOND, SERVICE)
    assert try_again(LIMIT, [LIMIT]) == Again(NOON - HOUR + SECOND + DAY, LIMIT)


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (131050, Reason.OPTED_OUT, Reason.OPTED_OUT),
        (None, None, Reason.OTHER),
        (131026, Reason.NUMBER_GONE, Reason.NUMBER_GONE),
    ],
)
def test_a_failure_that_no_try_helps_is_told(code: int | None, reason: Reason | None, told: Reason) -> None:
    one = failed("m", NOON, code, reason)
    assert try_again(one, [one]) is told


@pytest.mark.parametrize("status", [STATUS_DELIVERED, STATUS_READ, STATUS_ANSWERED])
def test_what_arrived_since_reached_the_person(status: int) -> None:
    waiting = sent("z", NOON + 2 * HOUR)
    for key, at in (("a", NOON + 1), ("n", NOON)):
        assert try_again(SERVICE, [waiting, sent(key, at, status), SERVICE]) is Since.REACHED
    for key, at in (("z", NOON - 1), ("l", NOON)):
        assert isinstance(try_again(SERVICE, [SERVICE, sent(key, at, status)]), Again)


def test_what_was_sent_since_is_waited_for() -> None:
    assert try_again(SERVICE, [sent("a", NOON + 1), SERVICE]) is Since.WAITING
    assert isinstance(try_again(SERVICE, [sent("a", NOON - 1), SERVICE]), Again)
    assert isinstance(try_again(SERVICE, [sent("a", NOON + 1, STATUS_RECEIVED), SERVICE]), Again)


def test_another_send_says_that_the_person_is_gone_or_wants_no_more() -> None:
    stop = failed("s", NOON - 3 * DAY, 131050, Reason.OPTED_OUT)
    gone = failed("g", NOON - 2 * DAY, 131026, Reason.NUMBER_GONE)
    assert try_again(SERVICE, [SERVICE, stop]) is Reason.OPTED_OUT
    assert try_again(SERVICE, [SERVICE, gone]) is Reason.NUMBER_GONE
    assert try_again(SERVICE, [gone, stop, SERVICE]) is Reason.NUMBER_GONE  # the later one
    arrived = sent("a", NOON - DAY, STATUS_READ)
    assert try_again(SERVICE, [SERVICE, gone, arrived]) == Again(NOON + SECOND, SERVICE)
    assert try_again(SERVICE, [SERVICE, gone, arrived, sent("b", NOON - 3 * DAY, STATUS_READ)]) == Again(
        NOON + SECOND, SERVICE
    )
    assert try_again(SERVICE, [SERVICE, gone, sent("a", NOON - 3 * DAY, STATUS_READ)]) is Reason.NUMBER_GONE
    assert try_again(SERVICE, [SERVICE, stop, arrived]) is Reason.OPTED_OUT


def test_the_limit_of_the_person_that_ends_last_decides() -> None:
    before = failed("k", NOON - 2 * HOUR, 131049, Reason.LIMIT_REACHED)
    assert try_again(SERVICE, [before, SERVICE, LIMIT]) == Again(NOON - HOUR + SECOND + DAY, LIMIT)
    other_failure = failed("o", NOON - 1, 131016, Reason.SERVICE)
    assert try_again(SERVICE, [SERVICE, other_failure]) == Again(NOON + SECOND, SERVICE)
    later_failure = failed("z", NOON + HOUR, 131016, Reason.SERVICE)
    assert try_again(SERVICE, [SERVICE, later_failure]) == Again(NOON + SECOND, SERVICE)
    without_reason = failed("a", NOON - 1, None, None)
    assert try_again(SERVICE, [SERVICE, without_reason]) == Again(NOON + SECOND, SERVICE)
    same = LIMIT._replace(key="a")
    assert try_again(LIMIT, [LIMIT, same]) == try_again(same, [same, LIMIT]) == Again(NOON - HOUR + SECOND + DAY, LIMIT)


def test_who_stopped_marketing_on_any_line_and_did_not_resume_it_is_left_out() -> None:
    early, late = Wish(NOON - DAY, True, 1), Wish(NOON - HOUR, False, 1)
    assert try_again(SERVICE, [SERVICE], [early]) is Since.STOPPED
    assert isinstance(try_again(SERVICE, [SERVICE], [late, early]), Again)
    assert try_again(SERVICE, [SERVICE], [late, Wish(NOON - HOUR, True, 1)]) is Since.STOPPED  # at the same time
    assert try_again(SERVICE, [SERVICE], [late, Wish(NOON - HOUR + 1, True, 1)]) is Since.STOPPED
    assert try_again(SERVICE, [SERVICE], [late, Wish(NOON - 2 * DAY, True, 2)]) is Since.STOPPED


def test_who_resumed_marketing_after_a_stop_can_be_tried_on_that_line() -> None:
    stop = failed("s", NOON - 3 * DAY, 131050, Reason.OPTED_OUT)
    resumed = [Wish(NOON - DAY, False, 1)]
    assert isinstance(try_again(SERVICE, [SERVICE, stop], resumed), Again)
    assert try_again(SERVICE, [SERVICE, stop], [Wish(NOON - DAY, False, 2)]) is Reason.OPTED_OUT
    assert try_again(SERVICE, [SERVICE, stop], [Wish(stop.failed_at, False, 1)]) is Reason.OPTED_OUT
    assert isinstance(try_again(SERVICE, [SERVICE, stop], [Wish(stop.failed_at + 1, False, 1)]), Again)
    experiment = failed("e", NOON - 3 * DAY, 130472, Reason.OPTED_OUT)  # by Meta, which the person cannot take back
    assert try_again(SERVICE, [SERVICE, experiment], resumed) is Reason.OPTED_OUT


def test_limits_of_others_than_the_person_wait_by_their_own_code() -> None:
    rate = failed("r", NOON, 130429, Reason.LIMIT_REACHED)
    assert try_again(rate, [rate]) == Again(NOON + SECOND + 60 * SECOND, rate)
    of_account = failed("s", NOON - HOUR, 131048, Reason.LIMIT_REACHED)  # waits a day, but is not the person's
    assert try_again(SERVICE, [SERVICE, of_account]) == Again(NOON + SECOND, SERVICE)
