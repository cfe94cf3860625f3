"""A breakdown as plain text: a table with a row a value, and a last row for all of them."""

from __future__ import annotations

from collections.abc import Sequence

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
from tui.words.changes import count_change
from tui.words.numbers import number, percent
from tui.words.wording import DIMENSION_NAMES

_GAP = "  "
_NARROWEST = 8  # cells of a name that is cut
_FAILURE_HEADER = (pgettext("sends", "failed"), _("users"))
_HEADER = (
    *(_("starts"), _("sends"), _("users"), pgettext("sends", "delivered"), "", pgettext("sends", "read"), ""),
    *(pgettext("sends", "answered"), "", pgettext("sends", "failed"), ""),
)
_NAMED = (Dimension.ORIGIN, Dimension.USER_TYPE, Dimension.REASON)
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
    figures = _failure_figures if of_failures else _figures
    header = [DIMENSION_NAMES[breakdown.dimension], *(_FAILURE_HEADER if of_failures else _HEADER)]
    total = [pgettext("starts", "all"), *figures(_total(report))]
    if previous is None:
        rows = [[_name(row, breakdown.dimension), *figures(row.counts)] for row in breakdown.rows]
    else:
        rows = [
            [_name(one.row, breakdown.dimension), *figures(one.row.counts), _change(one.previous, one.row.counts)]
            for one in compared_rows(breakdown, previous)
        ]
        header.append(_("change"))
        total.append("" if comparison is None else _change(_total(comparison.previous), _total(report), of_failures))
    lines = [*heading(report, comparison), ""]
    nothing = _("No failed sends in this period.") if of_failures else _("No starts in this period.")
    lines += _table([header, *rows, total], columns) if rows else [nothing]
    text = "\n".join(lines)
    return text.replace("…", "~").encode("ascii", "replace").decode() if ascii_only else text


def _name(row: BreakdownRow, dimension: Dimension) -> str:
    """The value of a row; a name where the value is a word of the program."""
    return row_name(row, dimension) if dimension in _NAMED else row.label


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
    rates = counts.rates
    with_rates = (rates.delivered, rates.read, rates.answered, rates.failed)
    return (
        number(counts.starts),
        number(counts.sends),
        number(counts.users),
        *(text for rate in with_rates for text in (number(rate.count), _percent(rate))),
    )


def _failure_figures(counts: GroupCounts) -> tuple[str, ...]:
    """The cells of a row of failed sends; the report knows no users of all of them."""
    return number(counts.failed), number(counts.users) if counts.failed == counts.starts else ""


def _percent(rate: Rate) -> str:
    return _NO_RATE if rate.shown is None else percent(rate.shown)


def _table(rows: Sequence[Sequence[str]], columns: int | None) -> list[str]:
    """Lines with the first column aligned left, cut to fit, and the others right."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cells_of, column)) for column in zip(*cells, strict=True)]
    if columns is not None:
        others = sum(widths[1:]) + len(_GAP) * len(widths[1:])
        widths[0] = min(widths[0], max(_NARROWEST, columns - others))
    return [
        _GAP.join((padded(first, widths[0]), *map(str.rjust, others, widths[1:]))).rstrip() for first, *others in cells
    ]
