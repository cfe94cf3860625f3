"""Intervals and tests of proportions, against the values of statsmodels 0.15.0 and by the rules that they obey.

The values were printed by `proportion_confint(…, method="wilson")`, `confint_proportions_2indep(…, method="newcomb",
compare="diff")`, `proportions_ztest`, `power_proportions_2indep`, `samplesize_proportions_2indep_onetail(…, power=0.8,
alternative="two-sided")` and `multipletests(…, method="holm")`.
"""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storage.domain.proportions import (
    Rate,
    change,
    further_base,
    growth_of_sends,
    holm,
    newcombe,
    p_value,
    power,
    wilson,
)


@st.composite
def rates(draw: st.DrawFn, smallest: int = 1) -> Rate:
    of = draw(st.integers(smallest, 100_000))
    return Rate(draw(st.integers(0, of)), of)


WILSON = [
    (Rate(0, 10), 0.0, 0.27753279986288926),
    (Rate(1, 30), 0.005908590381612455, 0.16670390991409176),
    (Rate(12, 40), 0.1807484522974653, 0.45430018818144946),
    (Rate(25, 25), 0.8668077490609515, 1.0),
    (Rate(3, 3000), 0.0003401472190391638, 0.002936143808836148),
    (Rate(9000, 9500), 0.9426946280686228, 0.9516805608304921),
]
# first, second: Newcombe's low and high, the p-value, and the size of two equal samples (None: the bases differ)
PAIRS = [
    (Rate(0, 30), Rate(1, 30), -0.08344597543254348, 0.16670390991409176, 0.3132437734013077, 230.35949062157965),
    (Rate(12, 40), Rate(22, 45), -0.019001069237108426, 0.3736067252843229, 0.07601318380299812, None),
    (
        Rate(530, 1000),
        Rate(501, 1000),
        -0.0726245963129557,
        0.014781389203198547,
        0.19444440400023845,
        4660.733470358982,
    ),
    (Rate(9000, 9500), Rate(8800, 9400), -0.01789371900550392, -0.004523168194459253, 0.001009913621047454, None),
    (Rate(3, 3000), Rate(9, 2500), 2.0235880455031323e-05, 0.005894785627580135, 0.03961639529804014, None),
    (Rate(56, 70), Rate(48, 80), -0.33387265403690614, -0.05243147240236498, 0.00804508136819656, None),
    (Rate(5, 56), Rate(0, 29), -0.19256001385511165, 0.038137147903536936, 0.09718656817057973, None),
    (Rate(25, 25), Rate(14, 33), -0.7276440336658979, -0.3616117945413975, 3.7153448928987564e-06, None),
]
# first, second, growth: the power, in which statsmodels counts the improbable other tail as well
POWERS = [
    (Rate(12, 40), Rate(22, 45), 0, 0.42465492060967774),
    (Rate(530, 1000), Rate(501, 1000), 1000, 0.4503297330559104),
    (Rate(9000, 9500), Rate(8800, 9400), 0, 0.9078337060371707),
    (Rate(3, 3000), Rate(9, 2500), 1000, 0.6608189176809829),
]
HOLM = [
    ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
    ([0.2], [0.2]),
    ([0.5, 0.5, 0.9], [1.0, 1.0, 1.0]),
    ([0.001, 0.02, 0.02, 0.6], [0.004, 0.06, 0.06, 0.6]),
]


@pytest.mark.parametrize(("rate", "low", "high"), WILSON)
def test_wilson_agrees_with_statsmodels(rate: Rate, low: float, high: float) -> None:
    assert wilson(rate) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("first", "second", "low", "high", "p", "size"), PAIRS)
def test_newcombe_and_the_test_agree_with_statsmodels(
    first: Rate, second: Rate, low: float, high: float, p: float, size: float | None
) -> None:
    assert newcombe(first, second) == pytest.approx((low, high), abs=1e-12)
    assert p_value(first, second) == pytest.approx(p, abs=1e-12)
    if size is not None:
        assert further_base(first, second) == ceil(size) - first.of


@pytest.mark.parametrize(("first", "second", "further", "expected"), POWERS)
def test_power_agrees_with_statsmodels(first: Rate, second: Rate, further: int, expected: float) -> None:
    assert power(first, second, further) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("given", "corrected"), HOLM)
def test_holm_agrees_with_statsmodels(given: list[float], corrected: list[float]) -> None:
    assert holm(given) == pytest.approx(corrected)


@given(rates())
def test_wilsons_interval_holds_the_share_and_stays_within_0_and_1(rate: Rate) -> None:
    low, high = wilson(rate)
    assert rate.share is not None
    assert 0 <= low <= rate.share + 1e-12
    assert rate.share - 1e-12 <= high <= 1
    assert rate.interval == (low, high)


@given(rates(), rates())
def test_a_difference_seen_from_the_other_side_has_the_opposite_interval(first: Rate, second: Rate) -> None:
    low, high = newcombe(first, second)
    assert newcombe(second, first) == pytest.approx((-high, -low))
    assert p_value(first, second) == p_value(second, first)


@given(rates(), rates())
def test_the_growth_is_the_smallest_one_that_gives_enough_power(first: Rate, second: Rate) -> None:
    further = further_base(first, second)
    assume(further is not None)
    assert further is not None
    assert power(first, second, further) >= 0.8
    assert further == 0 or power(first, second, further - 1) < 0.8


def test_equal_rates_need_no_growth_because_none_would_tell() -> None:
    assert further_base(Rate(1, 2), Rate(50, 100)) is None


def test_more_tests_need_a_greater_growth() -> None:
    first, second = Rate(530, 1000), Rate(501, 1000)
    of_one, of_three = further_base(first, second), further_base(first, second, tests=3)
    assert of_one is not None
    assert of_three is not None
    assert of_one < of_three


@given(st.lists(st.floats(0, 1), max_size=6))
def test_holms_values_are_not_smaller_and_keep_the_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(value <= new <= 1 for value, new in zip(p_values, corrected, strict=True))
    by_value = sorted(zip(p_values, corrected, strict=True))
    assert [new for _, new in by_value] == sorted(corrected)


def test_a_base_under_30_shows_no_rate_and_no_change() -> None:
    assert Rate(10, 29).shown is None
    assert Rate(10, 30).shown == 10 / 30
    assert change(Rate(10, 29), Rate(10, 300)) is None
    assert change(Rate(10, 300), Rate(10, 29)) is None
    assert Rate(0, 0).share is None
    assert Rate(0, 0).interval is None


def test_a_change_is_clear_where_its_interval_excludes_0() -> None:
    clear, unclear = change(Rate(9000, 9500), Rate(8800, 9400)), change(Rate(530, 1000), Rate(501, 1000))
    assert clear is not None
    assert unclear is not None
    assert (clear.is_clear, unclear.is_clear) == (True, False)
    assert unclear.difference == pytest.approx(-0.029)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 10**9))
def test_so_many_sends_let_the_base_grow_and_one_less_would_not(further: int, sends: int, base: int) -> None:
    assume(base <= sends)
    growth = growth_of_sends(further, sends, base)
    assert growth * base >= further * sends
    assert growth == 0 or (growth - 1) * base < further * sends
