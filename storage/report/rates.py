"""The three rates of some sends, each with one name and one denominator wherever they are shown."""

from __future__ import annotations

from typing import NamedTuple

from storage.domain.proportions import Rate
from storage.report.metrics import StatusCounts


class Rates(NamedTuple):
    """The rates of some sends.

    Attributes:
        delivered: the sends delivered or further, of all sends.
        read: the sends read or further, of those delivered or further.
        answered: the answered sends, of those delivered or further.
    """

    delivered: Rate
    read: Rate
    answered: Rate


def rates_of(status: StatusCounts) -> Rates:
    """The rates of sends that are counted by status."""
    answered = status.answered
    read = answered + status.read
    delivered = read + status.delivered
    return Rates(Rate(delivered, status.total), Rate(read, delivered), Rate(answered, delivered))
