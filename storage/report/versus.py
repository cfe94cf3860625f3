"""A against B: which of some groups of sends is better at a rate, or how many more sends would tell. Pure functions.

Every group is compared with the first one. A difference is clear if Newcombe's interval at 95 % excludes 0 and the
z-test's p-value, corrected by Holm for the number of groups compared with the first, is at most 0.05.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from storage.domain.proportions import Change, Rate, change, further_base, growth_of_sends, holm, p_value

LEVEL = 0.05  # chance of calling a difference clear that is none


class Finding(Enum):
    """What the sends say of a group beside the first one."""

    BETTER = auto()
    WORSE = auto()
    UNCLEAR = auto()
    EQUAL = auto()  # the rates are the same, or so close that no number of sends would tell
    TOO_FEW = auto()  # a base is under 30, so that there is no rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """One group beside the first one, at one rate.

    Attributes:
        difference: its rate minus that of the first one, with its interval; None if a base is under 30.
        more_sends: if it is unclear, how many more sends of each group would tell with a power of 80 %, if the rates
            stay as they are.
    """

    finding: Finding
    difference: Change | None = None
    more_sends: int | None = None


def verdicts(rates: Sequence[Rate], sends: Sequence[int]) -> list[Verdict]:
    """The verdict on each group but the first one.

    Args:
        rates: the same rate of each group, two or more.
        sends: the sends of each group.
    """
    first, *others = rates
    tests = len(others)
    tested = [number for number, rate in enumerate(others) if change(first, rate) is not None]
    corrected = dict(zip(tested, holm([p_value(first, others[number]) for number in tested]), strict=True))
    return [
        Verdict(Finding.TOO_FEW)
        if number not in corrected
        else _verdict((first, rate), (sends[0], sends[number + 1]), corrected[number], tests)
        for number, rate in enumerate(others)
    ]


def _verdict(pair: tuple[Rate, Rate], sends: tuple[int, int], p: float, tests: int) -> Verdict:
    found = change(*pair)
    assert found is not None
    if found.is_clear and p <= LEVEL:
        return Verdict(Finding.BETTER if found.difference > 0 else Finding.WORSE, found)
    further = further_base(*pair, tests)
    if further is None:
        return Verdict(Finding.EQUAL, found)
    more = [growth_of_sends(further, of, rate.of) for of, rate in zip(sends, pair, strict=True)]
    return Verdict(Finding.UNCLEAR, found, max(1, *more))
