"""A breakdown as plain text: a table with a row a value, and a last row for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database.unknown_ids import NO_TEMPLATE, UNKNOWN_ID
from storage.domain.dimension import OF_FAILURES, Dimension
from storage.domain.proportions import Rate
from storage.language.texts import _, pgettext
from storage.report.breakdown import Breakdown, BreakdownRow
from storage.report.breakdown_comparison import compared_rows
from storage.report.comparison import Comparison
from storage.report.grouping import GroupCounts
from storage.report.report import Report
from tui.commands.output import printable
from tui.commands.text_report import heading
from tui.commands.text_table import cells_of, padded
from tui.words.breakdown_words import row_name
from tui.words.changes import count_change, rate_change
from tui.words.numbers import number, percent
from tui.words.wording import DIMENSION_NAMES

_GAP = "  "
_NARROWEST = 8  # cells of a name that is cut
_NAMES_WITH_POINTS = 20  # cells that names keep beside changes in points
_FAILURE_HEADER = (pgettext("sends", "failed"), _("users"))
_HEADER = (
    *(_("starts"), _("sends"), _("users"), pgettext("sends", "delivered"), "", pgettext("sends", "read"), ""),
    *(pgettext("sends", "answered"), "", pgettext("sends", "failed"), ""),
)
_NAMED = (Dimension.ORIGIN, Dimension.USER_TYPE, Dimension.REASON)
_RATES = 4
_POINTS, _CHANGE = pgettext("column", "points"), _("change")
_HEADER_AND_TOTAL = 2  # rows
_NO_RATE = ""  # of a base under 30 there are only counts


def render_breakdown(
    report: Report,
    comparison: Comparison | None,
    breakdown: Breakdown,
    previous: Breakdown | None,
    columns: int | None = None,
    ascii_only: bool = False,
) -> str:
    """A breakdown as text.

    Args:
        report: the report of the same filter; its numbers are the last row.
        comparison: if given, `report` is its report.
        previous: the breakdown of the days before, if these are compared; then each row tells the change of its starts.
        columns: cells of the terminal, to which names are cut; None cuts nothing.
        ascii_only: replaces all other characters.
    """
    of_failures = breakdown.dimension in OF_FAILURES
    if previous is None:
        table = _rows(report, breakdown)
    else:
        table = _compared_rows(report, comparison, breakdown, previous, with_points=not of_failures)
        if columns is not None and _room_for_names(table, columns) < _NAMES_WITH_POINTS:
            table = _compared_rows(report, comparison, breakdown, previous, with_points=False)
    lines = [*heading(report, comparison), ""]
    nothing = _("No failed sends in this period.") if of_failures else _("No starts in this period.")
    lines += _table(table, columns) if len(table) > _HEADER_AND_TOTAL else [nothing]
    text = "\n".join(lines)
    return text.replace("…", "~").encode("ascii", "replace").decode() if ascii_only else text


def _rows(report: Report, breakdown: Breakdown) -> list[list[str]]:
    """The cells: a header, a row a value, and a row for all."""
    of_failures = breakdown.dimension in OF_FAILURES
    figures = _failure_figures if of_failures else _figures
    header = [DIMENSION_NAMES[breakdown.dimension], *(_FAILURE_HEADER if of_failures else _HEADER)]
    rows = [[_name(row, breakdown.dimension), *figures(row.counts)] for row in breakdown.rows]
    return [header, *rows, [pgettext("starts", "all"), *figures(_total(report))]]


def _compared_rows(
    report: Report, comparison: Comparison | None, breakdown: Breakdown, previous: Breakdown, with_points: bool
) -> list[list[str]]:
    """The same with the change of the starts.

    Args:
        with_points: whether the change of each rate stands beside it, in points.
    """
    of_failures = breakdown.dimension in OF_FAILURES
    header, *_, total = _rows(report, breakdown)
    compared = compared_rows(breakdown, previous)
    figures = _failure_figures if of_failures else _figures
    rows = [[_name(one.row, breakdown.dimension), *figures(one.row.counts)] for one in compared]
    changes = [_change(one.previous, one.row.counts) for one in compared]
    all_before = None if comparison is None else _total(comparison.previous)
    changes.append(_change(all_before, _total(report), of_failures))
    if with_points:
        before = [*(one.previous for one in compared), all_before]
        after = [*(one.row.counts for one in compared), _total(report)]
        header = _interleaved(header, [_POINTS] * _RATES)
        *rows, total = (
            _interleaved(row, _points(earlier, now))
            for row, earlier, now in zip([*rows, total], before, after, strict=True)
        )
    table = [header, *rows, total]
    return [[*row, change] for row, change in zip(table, [_CHANGE, *changes], strict=True)]


def _interleaved(row: Sequence[str], points: Sequence[str]) -> list[str]:
    """The cells of a row with the change of each rate after it."""
    front, rates = row[: -2 * _RATES], row[-2 * _RATES :]
    pairs = zip(rates[::2], rates[1::2], points, strict=True)
    return [*front, *(cell for triple in pairs for cell in triple)]


def _points(before: GroupCounts | None, after: GroupCounts) -> list[str]:
    """The change of each rate in points, or that it is unclear; a dash where a base is under 30."""
    if before is None:
        return [""] * _RATES
    return [rate_change(*pair)[-1] for pair in zip(_rates(before), _rates(after), strict=True)]


def _name(row: BreakdownRow, dimension: Dimension) -> str:
    """The value of a row; a name where the value is a word of the program."""
    is_name = dimension in _NAMED or row.key in (None, UNKNOWN_ID, NO_TEMPLATE)
    return row_name(row, dimension) if is_name else row.label


def _change(before: GroupCounts | None, after: GroupCounts, of_failures: bool = False) -> str:
    if before is None:
        return ""
    return count_change(before.failed, after.failed) if of_failures else count_change(before.starts, after.starts)


def _total(report: Report) -> GroupCounts:
    rates = report.rates
    status = report.status
    return GroupCounts(
        report.starts,
        report.sends,
        report.users,
        status.failed,
        rates.delivered.count,
        rates.read.count,
        rates.answered.count,
    )


def _figures(counts: GroupCounts) -> tuple[str, ...]:
    """The cells of a row, without its value."""
    return (
        number(counts.starts),
        number(counts.sends),
        number(counts.users),
        *(text for rate in _rates(counts) for text in (number(rate.count), _percent(rate))),
    )


def _rates(counts: GroupCounts) -> tuple[Rate, ...]:
    rates = counts.rates
    return rates.delivered, rates.read, rates.answered, rates.failed


def _failure_figures(counts: GroupCounts) -> tuple[str, ...]:
    """The cells of a row of failed sends; the report knows no users of all of them."""
    return number(counts.failed), number(counts.users) if counts.failed == counts.starts else ""


def _percent(rate: Rate) -> str:
    return _NO_RATE if rate.shown is None else percent(rate.shown)


def _table(rows: Sequence[Sequence[str]], columns: int | None) -> list[str]:
    """Lines with the first column aligned left, cut to fit, and the others right."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = _widths(cells)
    if columns is not None:
        widths[0] = min(widths[0], max(_NARROWEST, _room_for_names(cells, columns)))
    return [
        _GAP.join((padded(first, widths[0]), *map(str.rjust, others, widths[1:]))).rstrip() for first, *others in cells
    ]


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells_of, column)) for column in zip(*cells, strict=True)]


def _room_for_names(cells: Sequence[Sequence[str]], columns: int) -> int:
    """The cells that are left for the first column, or what it needs if that is less."""
    first, *others = _widths(cells)
    return min(first, columns - sum(others) - len(_GAP) * len(others))
