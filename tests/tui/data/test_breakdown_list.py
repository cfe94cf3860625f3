"""The rows of a breakdown in the order of the table: sorting by any column, finding text, marks."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from storage.domain.dimension import Dimension
from storage.report.breakdown import Breakdown, BreakdownRow
from storage.report.grouping import GroupCounts
from tui.data.breakdown_list import BreakdownList, SortBy, Sorting, columns_of, first_sorting, rates_of


def counts(draw: st.DrawFn) -> GroupCounts:
    answered, read, delivered, failed, sent, referred, users = (draw(st.integers(0, 40)) for _ in range(7))
    read, delivered = read + answered, delivered + read + answered
    sends = delivered + failed + sent
    return GroupCounts(sends + referred, sends, users, failed, delivered, read, answered)


@st.composite
def breakdowns(draw: st.DrawFn, dimension: Dimension = Dimension.TEMPLATE) -> Breakdown:
    """Any rows, with names that differ in accents and case only."""
    values = draw(st.lists(st.sampled_from(("a", "A", "á", "b", "Ñandú", "nandu", "z 9")), unique=True))
    rows = tuple(BreakdownRow(value, value, key, counts(draw)) for key, value in enumerate(values, 1))
    return Breakdown(dimension, date(2026, 11, 1), date(2026, 12, 1), rows)


def listed(breakdown: Breakdown, sorting: Sorting | None = None) -> BreakdownList:
    return BreakdownList(breakdown, None, sorting or first_sorting(breakdown.dimension), 0)


@given(breakdowns(), st.sampled_from(columns_of(Dimension.TEMPLATE, False)), st.booleans())
def test_any_column_sorts_the_rows(breakdown: Breakdown, by: SortBy, reverse: bool) -> None:
    rows = listed(breakdown, Sorting(by, reverse))
    assert {one.row for one in rows.rows} == set(breakdown.rows)
    found = [one.row.counts for one in rows.rows]
    if by in (SortBy.STARTS, SortBy.SENDS, SortBy.USERS):
        numbers = [getattr(counts, by) for counts in found]
        assert numbers == sorted(numbers, reverse=not reverse)
    elif by is not SortBy.NAME:
        shares = [rates_of(counts)[by].shown for counts in found]
        shown = [share for share in shares if share is not None]
        assert shown == sorted(shown, reverse=not reverse)
        # What has no rate stands together at one end.
        assert (shares[::-1] if reverse else shares)[: len(shown)] == (shown[::-1] if reverse else shown)


@given(breakdowns(), st.booleans())
def test_names_sort_without_case_and_accents(breakdown: Breakdown, reverse: bool) -> None:
    rows = listed(breakdown, Sorting(SortBy.NAME, reverse))
    letters = [{"á": "a", "ñ": "n"}.get(one.row.label[0].lower(), one.row.label[0].lower()) for one in rows.rows]
    assert letters == sorted(letters, reverse=reverse)


@given(
    breakdowns(), st.sampled_from(("a", "NANDU", "ú", "9", "none of them")), st.integers(0, 6), st.sampled_from((1, -1))
)
def test_the_next_match_is_the_nearest_one_round_the_end(breakdown: Breakdown, text: str, place: int, by: int) -> None:
    rows = listed(breakdown)
    place = min(place, max(0, rows.count - 1))
    plain = {"a": "a", "NANDU": "nandu", "ú": "u", "9": "9"}.get(text, text)
    matching = [
        number
        for number, one in enumerate(rows.rows)
        if plain in one.row.label.lower().replace("á", "a").replace("ñ", "n").replace("ú", "u")
    ]
    found = rows.find(text, place, by)
    if not matching:
        assert found is None
    else:
        assert found == min(matching, key=lambda number: (by * (number - place) - 1) % rows.count)


def test_days_and_codes_sort_by_number() -> None:
    rows = tuple(BreakdownRow(str(key), str(key), key, GroupCounts(1, 1, 1, 1)) for key in (190, 131026, 80007))
    by_code = Breakdown(Dimension.CODE, date(2026, 11, 1), date(2026, 12, 1), rows)
    assert [one.row.key for one in listed(by_code, Sorting(SortBy.NAME)).rows] == [190, 80007, 131026]


def test_marks_stay_in_the_order_in_which_they_were_set() -> None:
    rows = tuple(BreakdownRow(value, value, key, GroupCounts(1)) for key, value in enumerate("abc"))
    found = listed(Breakdown(Dimension.TEMPLATE, date(2026, 11, 1), date(2026, 12, 1), rows))
    for key in (2, 0, 1, 0):
        found.toggle(key)
    assert [row.value for row in found.marked_rows()] == ["c", "b"]
