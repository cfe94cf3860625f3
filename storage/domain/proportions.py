"""Proportions, their intervals and their differences, in plain formulas. Knows no filter and no report.

The reference values of the tests are those of statsmodels 0.15, which is too heavy to be a dependency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import NamedTuple

SMALLEST_BASE = 30  # below it a share says too little to be shown
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution: intervals at 95 %
_MOST_FURTHER = 10**12  # a greater answer would help nobody


class Interval(NamedTuple):
    """The bounds of an interval at 95 %, fractions of 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a base: `count` of `of`, with 0 <= count <= of."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """The fraction of 1; None if the base is 0."""
        return self.count / self.of if self.of else None

    @property
    def shown(self) -> float | None:
        """The share to show people; None if the base is under 30: then only the counts are shown."""
        return None if self.of < SMALLEST_BASE else self.count / self.of

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval at 95 %; None if the base is 0."""
        return wilson(self) if self.of else None


class Change(NamedTuple):
    """The difference of two rates, the second minus the first, with its interval at 95 %.

    Attributes:
        difference: a fraction of 1; times 100 it is in points.
        interval: Newcombe's.
    """

    difference: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0. If not, the difference can be chance."""
        return self.interval.low > 0 or self.interval.high < 0


def change(before: Rate, after: Rate) -> Change | None:
    """The change from one rate to another; None if either base is under 30, so that no rate is shown."""
    if before.shown is None or after.shown is None:
        return None
    return Change(after.shown - before.shown, newcombe(before, after))


def wilson(rate: Rate) -> Interval:
    """Wilson's score interval at 95 % (E. B. Wilson 1927, JASA 22, 209-212); the base must not be 0."""
    count, of = rate.count, rate.of
    centre = (count + _Z**2 / 2) / (of + _Z**2)
    half = _Z / (of + _Z**2) * sqrt(count * (of - count) / of + _Z**2 / 4)
    # At 0 and 1 the bounds are exact, which rounding would hide.
    return Interval(centre - half if count else 0.0, centre + half if count < of else 1.0)


def newcombe(first: Rate, second: Rate) -> Interval:
    """Newcombe's hybrid score interval at 95 % for the difference of two independent proportions, second minus first.

    Source: R. G. Newcombe 1998, Statistics in Medicine 17, 873-890, method 10. The bases must not be 0.
    """
    of_first, of_second = wilson(first), wilson(second)
    one, two = first.count / first.of, second.count / second.of
    below = sqrt((two - of_second.low) ** 2 + (of_first.high - one) ** 2)
    above = sqrt((of_second.high - two) ** 2 + (one - of_first.low) ** 2)
    return Interval(two - one - below, two - one + above)


def p_value(first: Rate, second: Rate) -> float:
    """The two-sided p-value of the hypothesis that two proportions are equal: the z-test with pooled variance.

    Source: J. L. Fleiss 1981, Statistical Methods for Rates and Proportions, 2.1 (without its correction for
    continuity). The bases must not be 0. Two rates that are both 0 or both 1 differ in nothing: the value is 1.
    """
    pooled = (first.count + second.count) / (first.of + second.of)
    variance = pooled * (1 - pooled) * (1 / first.of + 1 / second.of)
    if not variance:
        return 1.0
    return erfc(abs(first.count / first.of - second.count / second.of) / sqrt(2 * variance))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number, in the same order: a difference is clear if its own is at most 0.05.

    Source: S. Holm 1979, Scandinavian Journal of Statistics 6, 65-70.
    """
    corrected = [0.0] * len(p_values)
    greatest = 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        greatest = max(greatest, min(1.0, p_values[index] * (len(p_values) - position)))
        corrected[index] = greatest
    return corrected


def power(first: Rate, second: Rate, further: int = 0, tests: int = 1) -> float:
    """How likely the z-test of `p_value` at 5 % finds the difference, if the two seen rates are the true ones.

    Source: Fleiss 1981, 3.2, for two bases of any size. The other tail, which would find the opposite, is left out.

    Args:
        first: one rate; its base must not be 0.
        second: the other one.
        further: how much both bases grow.
        tests: how many differences are tested together: the level is divided by it.
    """
    one, two = first.count / first.of, second.count / second.of
    bases = first.of + further, second.of + further
    pooled = (one * bases[0] + two * bases[1]) / sum(bases)
    null = sqrt(pooled * (1 - pooled) * (1 / bases[0] + 1 / bases[1]))
    deviation = sqrt(one * (1 - one) / bases[0] + two * (1 - two) / bases[1])
    reach = abs(two - one) - _quantile(0.05 / tests) * null
    if not deviation:
        return 1.0 if reach > 0 else 0.0
    return erfc(-reach / deviation / sqrt(2)) / 2


def further_base(first: Rate, second: Rate, tests: int = 1) -> int | None:
    """The smallest growth of both bases that gives the test a power of 80 %, if the seen rates are the true ones.

    It is counted in what the rates are of: for the rate *read*, in sends that were delivered.

    Args:
        first: one rate; its base must not be 0.
        second: the other one.
        tests: how many differences are tested together.

    Returns:
        The growth, 0 if the power is there already; None if the rates are equal or so close that none would do.
    """
    if first.count * second.of == second.count * first.of:
        return None
    if power(first, second, 0, tests) >= 0.8:
        return 0
    low, high = 0, 1
    while power(first, second, high, tests) < 0.8:
        low, high = high, high * 2
        if high > _MOST_FURTHER:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(first, second, middle, tests) >= 0.8 else (middle, high)
    return high


def growth_of_sends(further: int, sends: int, base: int) -> int:
    """How many more sends let a base grow by `further`, if as many of the sends get into it as before.

    Args:
        further: growth of the base.
        sends: the sends so far.
        base: how many of them are in the base; not 0.
    """
    return -(-further * sends // base)


def _quantile(level: float) -> float:
    """The z that a normal value exceeds, on either side, with this probability."""
    if level == 0.05:
        return _Z
    from statistics import NormalDist  # only where three rows or more are compared

    return -NormalDist().inv_cdf(level / 2)
