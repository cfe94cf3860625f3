"""The report as plain text: for a pipe, a mail or a terminal that cannot show the dashboard."""

from __future__ import annotations

from collections.abc import Iterable

from storage.domain.failures import explain_kind
from storage.report.failure_groups import failure_groups
from storage.report.report import Report, share
from tui.words.numbers import percent, plural
from tui.words.wording import reason_name, retry_words

_BAR_WIDTH = 30  # characters


def render(report: Report, ascii_only: bool = False) -> str:
    """The tiles and charts of a report as text; `ascii_only` replaces all other characters."""
    lines = [
        f"{report.filter}   {report.since} to {report.until} (not included), {report.time_zone}",
        "",
        *_tiles(report),
        "",
        *_charts(report),
        *_daily(report),
        *_funnel(report),
        *_failures(report),
    ]
    text = "\n".join(line.rstrip() for line in lines)
    if ascii_only:
        text = text.replace("█", "#").replace("–", "-").encode("ascii", "replace").decode()
    return text


def _tiles(report: Report) -> list[str]:
    per_user = report.sends / report.users_sent if report.users_sent else None
    answered = report.answered
    tiles = [
        ("Starts", f"{report.starts:,}"),
        ("Sends", f"{report.sends:,}"),
        ("Users", f"{report.users:,}"),
        ("Users sent to", f"{report.users_sent:,}"),
        ("Sends per user", "–" if per_user is None else f"{per_user:.2f}"),
        ("Answered", _rate(answered.users_answered, answered.users_reached, "users reached")),
        ("Failed", _rate(report.status.failed, report.sends, "sends")),
    ]
    tiles += [(f"  by {origin}", f"{count:,}") for origin, count in report.origins.items()]
    return [f"{name:<18}{value}" for name, value in tiles]


def _rate(count: int, base: int, of: str) -> str:
    return f"{percent(share(count, base))} ({count:,} of {base:,} {of})"


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
        *_bars("Sends by status", statuses),
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


def _funnel(report: Report) -> list[str]:
    funnel = report.funnel
    first = funnel.steps[0].count
    return [
        f"Funnel, {funnel.since} to {funnel.until} (not included)",
        *(
            f"  {step.step:<14}{step.count:>12,}  {percent(step.of_previous):>6} of previous"
            f"  {percent(step.of_first):>6} of first  {_bar(step.count, first)}"
            for step in funnel.steps
        ),
        "",
    ]


def _failures(report: Report) -> list[str]:
    if not report.failures:
        return []
    rows = ["Failures"]
    for group in failure_groups(report.failures):
        rows.append(f"  {reason_name(group.reason)}: {plural(group.count, 'send')}")
        for failure in group.codes:
            code = "–" if failure.code is None else str(failure.code)
            known = explain_kind(failure.reason, failure.code)
            rows.append(f"  {code:>8}  {failure.count:>10,} sends {failure.users:>10,} users  {known.title}")
            rows += [f"            {line}" for line in (known.meaning, f"{known.advice} {retry_words(known)}")]
    return rows
