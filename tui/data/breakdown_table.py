"""A breakdown as rows of text to save: plain numbers, rates and counts in columns of their own. Knows no widget."""

from __future__ import annotations

from storage.domain.dimension import OF_FAILURES, Dimension
from storage.domain.proportions import Rate
from storage.report.breakdown_comparison import ComparedRow
from tui.data.breakdown_list import BreakdownList, change_of
from tui.words import file_headings
from tui.words.wording import DIMENSION_NAMES


def as_table(rows: BreakdownList) -> list[tuple[str, ...]]:
    """The rows in the order of the screen, with a heading; of a line its number as well, of a code its meaning.

    Rates are fractions of 1; of a base under 30 they are empty.
    """
    name = DIMENSION_NAMES[rows.dimension]
    named = rows.dimension in (Dimension.LINE, Dimension.REASON, Dimension.CODE, Dimension.ORIGIN)
    of_failures = rows.dimension in OF_FAILURES
    before = () if of_failures else file_headings.RATES_BEFORE
    change = (file_headings.CHANGE, *before) if rows.previous is not None else ()
    counts = file_headings.OF_FAILURES if of_failures else (*file_headings.COUNTS, *file_headings.RATES)
    found = [(name, *((file_headings.NAME,) if named else ()), *counts, *change)]
    for one in rows.rows:
        cells = _of_failures(rows, one) if of_failures else _all_counts(one)
        row = (one.row.value, *((rows.names[one.row.key],) if named else ()), *cells)
        found.append((*row, _change(one), *(_rates_before(one) if before else ())) if change else row)
    return found


def _all_counts(one: ComparedRow) -> tuple[str, ...]:
    counts, rates = one.row.counts, one.row.counts.rates
    numbers = (counts.starts, counts.sends, counts.users, counts.delivered, counts.read, counts.answered, counts.failed)
    return (*map(str, numbers), *map(_fraction, (rates.delivered, rates.read, rates.answered, rates.failed)))


def _of_failures(rows: BreakdownList, one: ComparedRow) -> tuple[str, ...]:
    counts = one.row.counts
    return str(counts.failed), str(counts.users), _fraction(Rate(counts.failed, rows.total))


def _fraction(rate: Rate) -> str:
    return "" if rate.shown is None else f"{rate.shown:.4f}"


def _rates_before(one: ComparedRow) -> tuple[str, ...]:
    if one.previous is None:
        return ("",) * len(file_headings.RATES)
    rates = one.previous.rates
    return tuple(map(_fraction, (rates.delivered, rates.read, rates.answered, rates.failed)))


def _change(one: ComparedRow) -> str:
    change = change_of(one)
    return "" if change is None else str(change)
