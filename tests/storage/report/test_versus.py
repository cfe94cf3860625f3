"""A against B: hand-checked verdicts, and what holds for any rates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.proportions import Rate, power
from storage.report.versus import Finding, verdicts


def test_a_clear_difference_is_better_or_worse() -> None:
    # z = 2.69, p = 0.0072; Newcombe's interval of the difference is 1.6 to 10.3 points (statsmodels 0.15).
    (better,) = verdicts([Rate(500, 1000), Rate(560, 1000)], [1000, 1000])
    assert better.finding is Finding.BETTER
    assert better.difference is not None
    assert [round(bound, 3) for bound in better.difference.interval] == [0.016, 0.103]
    (worse,) = verdicts([Rate(560, 1000), Rate(500, 1000)], [1000, 1000])
    assert worse.finding is Finding.WORSE


def test_beside_more_rows_the_same_difference_is_unclear() -> None:
    # Holm's correction: nine tests, 9 * 0.0072 = 0.065.
    rates = [Rate(500, 1000), Rate(560, 1000), *[Rate(505, 1000)] * 8]
    first, *others = verdicts(rates, [1000] * 10)
    assert first.finding is Finding.UNCLEAR
    assert {verdict.finding for verdict in others} == {Finding.UNCLEAR}


def test_the_more_sends_are_those_of_a_power_of_eighty_percent() -> None:
    # 40 % against 45 %: 1,531 of each without correction for continuity (Fleiss 1981, 3.2), so 1,431 more.
    (verdict,) = verdicts([Rate(40, 100), Rate(45, 100)], [100, 100])
    assert verdict.finding is Finding.UNCLEAR
    assert verdict.more_sends is not None
    assert abs(verdict.more_sends - 1431) <= 3


def test_a_base_under_thirty_and_equal_rates_have_verdicts_of_their_own() -> None:
    found = verdicts([Rate(15, 30), Rate(29, 29), Rate(30, 60)], [30, 29, 60])
    assert [verdict.finding for verdict in found] == [Finding.TOO_FEW, Finding.EQUAL]
    assert found[0].difference is None
    assert verdicts([Rate(0, 0), Rate(3, 40)], [0, 40])[0].finding is Finding.TOO_FEW


@st.composite
def sent(draw: st.DrawFn) -> tuple[Rate, int]:
    """A rate of some sends, as a read rate is: its base are the delivered ones."""
    sends = draw(st.integers(0, 3000))
    base = draw(st.integers(0, sends))
    return Rate(draw(st.integers(0, base)), base), sends


@given(sent(), sent())
def test_turned_round_better_is_worse_and_what_is_missing_is_the_same(
    one: tuple[Rate, int], other: tuple[Rate, int]
) -> None:
    (forth,) = verdicts([one[0], other[0]], [one[1], other[1]])
    (back,) = verdicts([other[0], one[0]], [other[1], one[1]])
    turned = {Finding.BETTER: Finding.WORSE, Finding.WORSE: Finding.BETTER}
    assert back.finding is turned.get(forth.finding, forth.finding)
    assert back.more_sends == forth.more_sends


@given(st.lists(sent(), min_size=2, max_size=5))
def test_so_many_more_sends_give_the_power_and_more_rows_never_make_a_difference_clearer(
    groups: list[tuple[Rate, int]],
) -> None:
    rates, sends = [rate for rate, _ in groups], [count for _, count in groups]
    tests = len(groups) - 1
    for place, verdict in enumerate(verdicts(rates, sends), 1):
        pair, of = (rates[0], rates[place]), (sends[0], sends[place])
        if verdict.finding is Finding.UNCLEAR and verdict.more_sends is not None:
            growth = min(verdict.more_sends * rate.of // count for rate, count in zip(pair, of, strict=True))
            assert power(*pair, growth, tests) >= 0.8
        (alone,) = verdicts(pair, of)
        if verdict.finding in (Finding.BETTER, Finding.WORSE):
            assert alone.finding is verdict.finding
