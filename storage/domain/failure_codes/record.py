"""What is known of one error code. Knows no code in particular."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why a send failed: the classes that error codes are grouped by (`docs/definitions.md`)."""

    WRONG_PARAMETERS = "wrong_parameters"
    TEMPLATE_UNAVAILABLE = "template_unavailable"
    LIMIT_REACHED = "limit_reached"
    NUMBER_GONE = "number_gone"
    WRONG_NUMBER = "wrong_number"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    ACCOUNT = "account"
    SERVICE = "service"
    MEDIA = "media"
    OTHER = "other"


class Retry(StrEnum):
    """Whether sending the same message to the same person again can help."""

    YES = "yes"
    LATER = "later"  # but not before `FailureCode.wait` is over
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def can_help(self) -> bool:
        """Whether a new try promises something."""
        return self in (Retry.YES, Retry.LATER)


NOW = timedelta()


@dataclass(frozen=True, slots=True)
class FailureCode:
    """One error code.

    Attributes:
        code: the number that the API gives.
        reason: the class that it is counted in.
        title: what happened, in a few words.
        meaning: what happened, in a sentence or two.
        advice: what to do, in a sentence or two.
        retry: whether sending again can help.
        wait: from the failure to the earliest new try that can help.
        since: the date or year from which it exists; empty for long.
        same_as: the code of the Cloud API that it stands for; None if it is one itself.
        words: this record applies only where the failure's text has one of these words (in lower case); empty: to all
            failures with this code that no other record of the code applies to.
    """

    code: int
    reason: Reason
    title: str
    meaning: str
    advice: str
    retry: Retry = Retry.NO
    wait: timedelta = NOW
    since: str = ""
    same_as: int | None = None
    words: tuple[str, ...] = ()


def standing_for(
    records: Iterable[FailureCode], codes: dict[int, int], words: dict[int, tuple[str, ...]] | None = None
) -> tuple[FailureCode, ...]:
    """Records of codes that stand for other codes, in order.

    Args:
        records: of the codes that they stand for.
        codes: the new codes, each with the code that it stands for.
        words: `FailureCode.words` of some of the new codes.
    """
    known = {record.code: record for record in records if not record.words}
    some = words or {}
    return tuple(
        replace(known[same], code=code, same_as=same, since="", words=some.get(code, ()))
        for code, same in sorted(codes.items())
    )
