"""The report as plain text: for a pipe, a mail or a terminal that cannot show the dashboard."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from storage.domain.failures import explain_kind
from storage.domain.proportions import Rate
from storage.report.comparison import Comparison
from storage.report.failure_groups import failure_groups
from storage.report.report import Report, share
from tui.words.changes import count_change, whole_rate_change
from tui.words.numbers import NO_VALUE, percent, plural
from tui.words.wording import reason_name, retry_words

_BAR_WIDTH = 30  # characters
_TEXT_WIDTH = 100  # characters of a line of advice
_AFTER_USERS = 4  # the place of the sends per user among the counts


def render(report: Report, ascii_only: bool = False, comparison: Comparison | None = None) -> str:
    """The tiles, rates and charts of a report as text.

    Args:
        report: the numbers.
        ascii_only: replaces all other characters.
        comparison: if given, `report` is its report, and the changes are told as well.
    """
    previous = None if comparison is None else comparison.previous
    lines = [
        *heading(report, comparison),
        "",
        *_tiles(report, previous),
        "",
        *_rates(report, previous),
        "",
        *_charts(report),
        *_daily(report),
        *_funnel(report, previous),
        *_failures(report),
    ]
    text = "\n".join(line.rstrip() for line in lines)
    if ascii_only:
        text = text.replace("█", "#").replace("–", "-").encode("ascii", "replace").decode()
    return text


def heading(report: Report, comparison: Comparison | None) -> list[str]:
    """The filter and the days of a report, and those that they are compared with."""
    return [
        f"{report.filter}   {report.since} to {report.until} (not included), {report.time_zone}",
        *_compared(comparison),
    ]


def _compared(comparison: Comparison | None) -> list[str]:
    if comparison is None:
        return []
    previous, left_out = comparison.previous, comparison.compared.left_out
    words = f"compared with {previous.since} to {previous.until} (not included)"
    return [words if left_out is None else f"{words}; today, {left_out}, is left out of both"]


def _tiles(report: Report, previous: Report | None) -> list[str]:
    before = None if previous is None else dict(_counts(previous))
    rows = [
        (name, f"{count:,}", "" if before is None else count_change(before[name], count))
        for name, count in _counts(report)
    ]
    told = "" if previous is None else f"before: {_per_user(previous)}"
    rows.insert(_AFTER_USERS, ("Sends per user", _per_user(report), told))
    return [f"{name:<18}{value:<13}{change}" for name, value, change in rows]


def _counts(report: Report) -> list[tuple[str, int]]:
    return [
        ("Starts", report.starts),
        ("Sends", report.sends),
        ("Users", report.users),
        ("Users sent to", report.users_sent),
        *((f"  by {origin}", count) for origin, count in report.origins.items()),
    ]


def _per_user(report: Report) -> str:
    return f"{report.sends / report.users_sent:.2f}" if report.users_sent else NO_VALUE


def _rates(report: Report, previous: Report | None) -> list[str]:
    """The rates with both counts; of a base under 30 there are only the counts."""
    before = None if previous is None else _named_rates(previous)
    lines = []
    for index, (name, rate, of) in enumerate(_named_rates(report)):
        counts = f"{rate.count:,} of {rate.of:,} {of}"
        line = f"{name:<18}{percent(rate.shown):<7} {counts}"
        if before is not None:
            told = whole_rate_change(before[index][1], rate)
            line = f"{line:<62} {count_change(before[index][1].count, rate.count):>10}  {told}"
        lines.append(line)
    return lines


def _named_rates(report: Report) -> list[tuple[str, Rate, str]]:
    """Each rate with its name and what it is of."""
    rates, answered = report.rates, report.answered
    return [
        ("Delivered", rates.delivered, "sends"),
        ("Read", rates.read, "delivered"),
        ("Answered", rates.answered, "delivered"),
        ("Failed", Rate(report.status.failed, report.sends), "sends"),
        ("Users answered", Rate(answered.users_answered, answered.users_reached), "users reached"),
    ]


def _charts(report: Report) -> list[str]:
    answered, status = report.answered, report.status
    users = (
        ("answered", answered.users_answered),
        ("not answered", answered.users_reached - answered.users_answered),
    )
    sends = (
        ("answered", answered.sends_answered),
        ("not answered", answered.sends_reached - answered.sends_answered),
    )
    statuses = (
        ("failed", status.failed),
        ("sent", status.sent),
        ("delivered", status.delivered),
        ("read", status.read),
        ("answered", status.answered),
    )
    types = (("new", report.new_users), ("recurrent", report.recurrent_users))
    return [
        *_bars("Users reached", users),
        *_bars("Sends reached", sends),
        *_bars("Sends by furthest step", statuses),
        *_bars("New and recurrent users", types),
    ]


def _bars(title: str, parts: Iterable[tuple[str, int]]) -> list[str]:
    parts = list(parts)
    total = sum(count for _, count in parts)
    return [
        title,
        *(
            f"  {name:<14}{count:>12,}  {percent(share(count, total)):>6}  {_bar(count, total)}"
            for name, count in parts
        ),
        "",
    ]


def _bar(count: int, total: int) -> str:
    return "█" * round(_BAR_WIDTH * count / total) if total else ""


def _daily(report: Report) -> list[str]:
    days = [day for day in report.daily if day.status.total or day.referred]
    if not days:
        return ["No starts in this period.", ""]
    head = f"  {'':<10}{'failed':>10}{'sent':>10}{'delivered':>10}{'read':>10}{'answered':>10}{'referred':>10}"
    most = max(day.status.total + day.referred for day in days)
    rows = []
    for day in days:
        status = day.status
        counts = (status.failed, status.sent, status.delivered, status.read, status.answered, day.referred)
        figures = "".join(f"{count:>10,}" for count in counts)
        rows.append(f"  {day.day}{figures}  {_bar(sum(counts), most)}")
    return ["By day", head, *rows, ""]


def _funnel(report: Report, previous: Report | None) -> list[str]:
    funnel = report.funnel
    first = funnel.steps[0].count
    lines = [f"Funnel, {funnel.since} to {funnel.until} (not included)"]
    for index, step in enumerate(funnel.steps):
        told = "" if previous is None else f"  {count_change(previous.funnel.steps[index].count, step.count):>12}"
        lines.append(
            f"  {step.step:<14}{step.count:>12,}{told}  {percent(step.of_previous):>6} of previous"
            f"  {percent(step.of_first):>6} of first  {_bar(step.count, first)}"
        )
    return [*lines, ""]


def _failures(report: Report) -> list[str]:
    if not report.failures:
        return []
    rows = ["Failures"]
    for group in failure_groups(report.failures):
        rows.append(f"  {reason_name(group.reason)}: {plural(group.sends, 'send')}")
        for failure in group.codes:
            code = "–" if failure.code is None else str(failure.code)
            known = explain_kind(failure.reason, failure.code)
            rows.append(f"  {code:>8}  {failure.count:>10,} sends {failure.users:>10,} users  {known.title}")
            for text in (known.meaning, f"{known.advice} {retry_words(known)}"):
                rows += wrap(text, _TEXT_WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12)
    return rows
