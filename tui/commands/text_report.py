"""The report as plain text: for a pipe, a mail or a terminal that cannot show the dashboard."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from storage.domain.failures import explain_kind
from storage.domain.proportions import Rate
from storage.domain.vocabulary import Origin
from storage.language.conventions import localized
from storage.language.texts import _, pgettext
from storage.report.comparison import Comparison
from storage.report.failure_groups import failure_groups
from storage.report.report import Report, share
from tui.words import counted
from tui.words.changes import count_change, whole_rate_change
from tui.words.numbers import NO_VALUE, number, percent
from tui.words.wording import reason_name, retry_words

_BAR_WIDTH = 30  # characters
_TEXT_WIDTH = 100  # characters of a line of advice
_AFTER_USERS = 4  # the place of the sends per user among the counts
_LABEL_WIDTH = 18  # characters, or more where a language has longer labels
_COUNT_WIDTH = 10  # characters of a column of counts, or more where its title needs them

_OF_ORIGIN = {
    Origin.TEMPLATE: _("by template"),
    Origin.NOTIFICATION: _("by notification"),
    Origin.WEBCHAT: _("by webchat"),
    Origin.CAMPAIGN: _("by campaign"),
}
# What became of several sends.
_FAILED, _SENT, _DELIVERED, _READ, _ANSWERED = (
    pgettext("sends", "failed"),
    pgettext("sends", "sent"),
    pgettext("sends", "delivered"),
    pgettext("sends", "read"),
    pgettext("sends", "answered"),
)
_STEPS = {"sent": _SENT, "delivered": _DELIVERED, "read": _READ, "answered": _ANSWERED}


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
    of_report = _("{filter}   {since} to {until} (not included), {zone}").format(
        filter=report.filter, since=report.since, until=report.until, zone=report.time_zone
    )
    return [of_report, *_compared(comparison)]


def _compared(comparison: Comparison | None) -> list[str]:
    if comparison is None:
        return []
    previous, left_out = comparison.previous, comparison.compared.left_out
    if left_out is None:
        words = _("compared with {since} to {until} (not included)")
    else:
        words = _("compared with {since} to {until} (not included); today, {today}, is left out of both")
    return [words.format(since=previous.since, until=previous.until, today=left_out)]


def _tiles(report: Report, previous: Report | None) -> list[str]:
    before = None if previous is None else dict(_counts(previous))
    rows = [
        (name, number(count), "" if before is None else count_change(before[name], count))
        for name, count in _counts(report)
    ]
    told = "" if previous is None else _("before: {count}").format(count=_per_user(previous))
    rows.insert(_AFTER_USERS, (_("Sends per user"), _per_user(report), told))
    width = _wide_enough(_LABEL_WIDTH, (name for name, *others in rows))
    return [f"{name:<{width}}{value:<13}{change}" for name, value, change in rows]


def _wide_enough(usual: int, names: Iterable[str]) -> int:
    """The width of a column of names with a blank behind the longest."""
    return max(usual, max(map(len, names)) + 1)


def _counts(report: Report) -> list[tuple[str, int]]:
    return [
        (_("Starts"), report.starts),
        (_("Sends"), report.sends),
        (_("Users"), report.users),
        (_("Users sent to"), report.users_sent),
        *((f"  {_OF_ORIGIN[origin]}", count) for origin, count in report.origins.items()),
    ]


def _per_user(report: Report) -> str:
    return localized(f"{report.sends / report.users_sent:.2f}") if report.users_sent else NO_VALUE


def _rates(report: Report, previous: Report | None) -> list[str]:
    """The rates with both counts; of a base under 30 there are only the counts."""
    before = None if previous is None else _named_rates(previous)
    lines = []
    named = _named_rates(report)
    width = _wide_enough(_LABEL_WIDTH, (name for name, *others in named))
    for index, (name, rate, of) in enumerate(named):
        counts = of.format(count=number(rate.count), all=number(rate.of))
        line = f"{name:<{width}}{percent(rate.shown):<7} {counts}"
        if before is not None:
            told = whole_rate_change(before[index][1], rate)
            line = f"{line:<62} {count_change(before[index][1].count, rate.count):>10}  {told}"
        lines.append(line)
    return lines


def _named_rates(report: Report) -> list[tuple[str, Rate, str]]:
    """Each rate with its name and the sentence of its counts."""
    rates, answered = report.rates, report.answered
    of_sends, of_delivered = _("{count} of {all} sends"), _("{count} of {all} delivered")
    of_users = _("{count} of {all} users reached")
    return [
        (pgettext("sends", "Delivered"), rates.delivered, of_sends),
        (pgettext("sends", "Read"), rates.read, of_delivered),
        (pgettext("sends", "Answered"), rates.answered, of_delivered),
        (pgettext("sends", "Failed"), Rate(report.status.failed, report.sends), of_sends),
        (_("Users answered"), Rate(answered.users_answered, answered.users_reached), of_users),
    ]


def _charts(report: Report) -> list[str]:
    answered, status = report.answered, report.status
    users = (
        (pgettext("users", "answered"), answered.users_answered),
        (pgettext("users", "not answered"), answered.users_reached - answered.users_answered),
    )
    sends = (
        (_ANSWERED, answered.sends_answered),
        (pgettext("sends", "not answered"), answered.sends_reached - answered.sends_answered),
    )
    statuses = (
        (_FAILED, status.failed),
        (_SENT, status.sent),
        (_DELIVERED, status.delivered),
        (_READ, status.read),
        (_ANSWERED, status.answered),
    )
    types = ((pgettext("users", "new"), report.new_users), (pgettext("users", "recurrent"), report.recurrent_users))
    return [
        *_bars(_("Users reached"), users),
        *_bars(_("Sends reached"), sends),
        *_bars(_("Sends by furthest step"), statuses),
        *_bars(_("New and recurrent users"), types),
    ]


def _bars(title: str, parts: Iterable[tuple[str, int]]) -> list[str]:
    parts = list(parts)
    total = sum(count for name, count in parts)
    return [
        title,
        *(
            f"  {name:<14}{number(count):>12}  {percent(share(count, total)):>6}  {_bar(count, total)}"
            for name, count in parts
        ),
        "",
    ]


def _bar(count: int, total: int) -> str:
    return "█" * round(_BAR_WIDTH * count / total) if total else ""


def _daily(report: Report) -> list[str]:
    days = [day for day in report.daily if day.status.total or day.referred]
    if not days:
        return [_("No starts in this period."), ""]
    titles = (_FAILED, _SENT, _DELIVERED, _READ, _ANSWERED, pgettext("starts", "referred"))
    widths = [_wide_enough(_COUNT_WIDTH, (title,)) for title in titles]
    head = "".join(f"{title:>{width}}" for title, width in zip(titles, widths, strict=True))
    most = max(day.status.total + day.referred for day in days)
    rows = []
    for day in days:
        status = day.status
        counts = (status.failed, status.sent, status.delivered, status.read, status.answered, day.referred)
        figures = "".join(f"{number(count):>{width}}" for count, width in zip(counts, widths, strict=True))
        rows.append(f"  {day.day}{figures}  {_bar(sum(counts), most)}")
    return [_("By day"), f"  {'':<10}{head}", *rows, ""]


def _funnel(report: Report, previous: Report | None) -> list[str]:
    funnel = report.funnel
    first = funnel.steps[0].count
    lines = [_("Funnel, {since} to {until} (not included)").format(since=funnel.since, until=funnel.until)]
    for index, step in enumerate(funnel.steps):
        told = "" if previous is None else f"  {count_change(previous.funnel.steps[index].count, step.count):>12}"
        of_previous = _("{share} of previous").format(share=f"{percent(step.of_previous):>6}")
        of_first = _("{share} of first").format(share=f"{percent(step.of_first):>6}")
        lines.append(
            f"  {_STEPS[step.step]:<14}{number(step.count):>12}{told}  {of_previous}  {of_first}"
            f"  {_bar(step.count, first)}"
        )
    return [*lines, ""]


def _failures(report: Report) -> list[str]:
    if not report.failures:
        return []
    rows = [_("Failures")]
    for group in failure_groups(report.failures):
        sends = counted.sends(group.sends)
        rows.append(f"  {reason_name(group.reason)}: {sends}")
        for failure in group.codes:
            code = "–" if failure.code is None else str(failure.code)
            known = explain_kind(failure.reason, failure.code)
            counts = _("{sends} sends {users} users").format(
                sends=f"{number(failure.count):>10}", users=f"{number(failure.users):>10}"
            )
            rows.append(f"  {code:>8}  {counts}  {known.title}")
            for text in (known.meaning, f"{known.advice} {retry_words(known)}"):
                rows += wrap(text, _TEXT_WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12)
    return rows
