"""The oracle: computes a report in memory from events alone, as directly as docs/definitions.md words it.

`tests/oracle_starts.py` makes the starts; this half counts them. Independent of the program: it must not use SQL, the
database, ingest, timeline or report, which tests compare with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from storage.domain.events import (
    Event,
    Origin,
)
from storage.domain.vocabulary import StartStatus, UserType
from tests.oracle_messages import SENT_STATUSES, Contact, ReasonOf, none_last
from tests.oracle_starts import OracleStart, no_reason, starts_of


def everything(start: OracleStart) -> bool:
    """The filter that selects every start."""
    return True


def recount(
    events: Iterable[Event],
    *,
    time_zone: ZoneInfo,
    answer_window_ms: int,
    since: date,
    until: date,
    now: datetime,
    where: Callable[[OracleStart], bool] = everything,
    reason_of: ReasonOf = no_reason,
) -> dict[str, Any]:
    """The report as JSON, without its member `filter`.

    Args:
        events: The history, in any order.
        time_zone: The time zone of the days.
        answer_window_ms: How long after a send a message answers it.
        since: First day of the period.
        until: The day after the last day of the period.
        now: The current time, which decides the week of the funnel, unless the period ends before it.
        where: The filter, except its period: whether a start is selected.
        reason_of: The reason of a failure, from its code, text and detail.
    """
    starts = starts_of(events, time_zone=time_zone, answer_window_ms=answer_window_ms, reason_of=reason_of)
    matching = [start for start in starts if where(start)]
    selection = [start for start in matching if since <= start.day < until]
    today = now.astimezone(time_zone).date()
    monday = today - timedelta(days=today.isoweekday() - 1)
    if until <= monday:
        last = until - timedelta(days=1)
        monday = last - timedelta(days=last.isoweekday() - 1)
    week = [start for start in matching if monday <= start.day < monday + timedelta(days=7)]

    sends = [start for start in selection if start.is_send]
    referred = [start for start in selection if not start.is_send]
    reached = [start for start in sends if not start.failed]
    come = _users(reached + referred)
    new = _users([start for start in reached + referred if start.user_type is UserType.NEW])
    return {
        "time_zone": time_zone.key,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "starts": len(selection),
        "sends": len(sends),
        "users": len(_users(selection)),
        "users_sent": len(_users(sends)),
        "origins": {origin.value: len([s for s in selection if s.origin is origin]) for origin in Origin},
        "answered": _answered(reached),
        "status": _status_counts(sends),
        "rates": _rates(sends),
        "user_types": {"new": len(new), "recurrent": len(come - new)},
        "daily": _daily(selection, since, until),
        "funnel": _funnel(week, monday),
        "failures": _failures(sends),
        "data": _data_quality(selection, sends),
    }


def _answered(reached: Sequence[OracleStart]) -> dict[str, int]:
    answered = [start for start in reached if start.status is StartStatus.ANSWERED]
    return {
        "users_reached": len(_users(reached)),
        "users_answered": len(_users(answered)),
        "sends_reached": len(reached),
        "sends_answered": len(answered),
    }


def _data_quality(selection: Sequence[OracleStart], sends: Sequence[OracleStart]) -> dict[str, int]:
    return {
        "joined": len([start for start in selection if start.joined]),
        "unknown_template": len([start for start in sends if start.template is None]),
        "implied": len([start for start in sends if start.implied]),
        "conflicts": len([start for start in sends if start.conflict]),
        "rejects": 0,
        "unknown_contacts": len([start for start in selection if not start.contact]),
    }


def _users(starts: Iterable[OracleStart]) -> set[Contact]:
    return {start.contact for start in starts if start.contact}


def _status_counts(sends: Sequence[OracleStart]) -> dict[str, int]:
    return {status: len([send for send in sends if send.status.value == status]) for status in SENT_STATUSES}


def _rates(sends: Sequence[OracleStart]) -> dict[str, dict[str, int]]:
    def reached(*statuses: str) -> int:
        return len([send for send in sends if send.status.value in statuses])

    delivered = reached("delivered", "read", "answered")
    return {
        "delivered": {"count": delivered, "of": len(sends)},
        "read": {"count": reached("read", "answered"), "of": delivered},
        "answered": {"count": reached("answered"), "of": delivered},
    }


def _daily(selection: Sequence[OracleStart], since: date, until: date) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = []
    day = since
    while day < until:
        that_day = [start for start in selection if start.day == day]
        sends = [start for start in that_day if start.is_send]
        days.append({"day": day.isoformat(), **_status_counts(sends), "referred": len(that_day) - len(sends)})
        day += timedelta(days=1)
    return days


def _funnel(week: Sequence[OracleStart], monday: date) -> dict[str, Any]:
    ladder = ["sent", "delivered", "read", "answered"]
    reached = [start for start in week if start.is_send and not start.failed]
    counts = [len([s for s in reached if ladder.index(s.status.value) >= index]) for index in range(len(ladder))]
    steps = []
    for index, step in enumerate(ladder):
        before = counts[index - 1] if index > 0 else 0
        of_previous = counts[index] / before if before else None
        of_first = counts[index] / counts[0] if counts[0] else None
        steps.append({"step": step, "count": counts[index], "of_previous": of_previous, "of_first": of_first})
    return {"since": monday.isoformat(), "until": (monday + timedelta(days=7)).isoformat(), "steps": steps}


def _failures(sends: Sequence[OracleStart]) -> list[dict[str, Any]]:
    groups: dict[tuple[int | None, str], list[OracleStart]] = {}
    for send in sends:
        if send.failed:
            assert send.failure is not None
            assert send.reason is not None
            groups.setdefault((send.failure.code, send.reason), []).append(send)
    rows = [
        {"code": code, "reason": reason, "count": len(group), "users": len(_users(group))}
        for (code, reason), group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-_int(row["count"]), none_last(row["code"]), str(row["reason"])))


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
