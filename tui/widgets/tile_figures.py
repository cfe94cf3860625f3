"""What each tile says of a report, in forms from the longest to the shortest, and its change. Knows no widget."""

from __future__ import annotations

from typing import NamedTuple

from rich.style import Style

from storage.domain.proportions import Rate
from storage.domain.vocabulary import Origin, StartStatus
from storage.language.conventions import localized
from storage.language.texts import _, pgettext
from storage.report.report import Report
from tui.data.drill import AT_LEAST
from tui.terminal.style import BOLD, DIM, status_style
from tui.words.numbers import NO_VALUE, number, percent, short_number
from tui.words.wording import SHORT_ORIGINS

SENDS = frozenset((Origin.TEMPLATE, Origin.NOTIFICATION))
_BELOW_ORIGINS = {
    Origin.TEMPLATE: (_("single sends"), _("sends")),
    Origin.NOTIFICATION: (_("mass sends"), _("sends")),
    Origin.WEBCHAT: (_("referred"),),
    Origin.CAMPAIGN: (_("referred by ads"), _("referred")),
}
_SHORTEST_ORIGINS = {
    Origin.TEMPLATE: pgettext("tile", "Single"),
    Origin.NOTIFICATION: pgettext("tile", "Mass"),
    Origin.WEBCHAT: pgettext("tile", "Web"),
    Origin.CAMPAIGN: pgettext("tile", "Ads"),
}


class Tile(NamedTuple):
    """One number with its captions.

    Attributes:
        name: its caption.
        short: its caption if there is little room.
        unit: follows the number where the caption is short and leaves open what is counted.
        value: the number.
        forms: the number as text, from the longest form to the shortest.
        below: what it counts, from the longest form to the shortest; of a comparison the change.
        drill_count: how many starts or users Enter shows.
        style: of the number.
        below_style: of what is below it.
        origins: what Enter narrows the filter to.
        statuses: what Enter narrows the filter to.
        before: the number of the period before; None if nothing is compared.
    """

    name: str
    short: str
    value: int | float | Rate | None
    forms: tuple[str, ...]
    below: tuple[str, ...]
    drill_count: int
    style: Style = BOLD
    below_style: Style = DIM
    origins: frozenset[Origin] = frozenset()
    statuses: frozenset[StartStatus] = frozenset()
    before: int | float | Rate | None = None
    unit: str = ""


def tiles_of(report: Report, previous: Report | None = None) -> list[Tile]:
    """The tiles of a report, in order.

    Args:
        report: the numbers.
        previous: the report of the period before; if given, each tile tells its change.
    """
    tiles = _tiles(report)
    if previous is None:
        return tiles
    return [_compared(tile, before) for tile, before in zip(tiles, _tiles(previous), strict=True)]


def _tiles(report: Report) -> list[Tile]:
    """Starts, sends and users, then the rates, which stay on the screen where not all tiles fit, then the rest."""
    per_user = report.sends / report.users_sent if report.users_sent else None
    return [
        _count(pgettext("tile", "Starts"), pgettext("tile", "Starts"), report.starts, (_("all origins"), "")),
        _count(pgettext("tile", "Sends"), pgettext("tile", "Sends"), report.sends, (_("notifications"), ""), SENDS),
        _count(pgettext("tile", "Users"), pgettext("tile", "Users"), report.users, (_("in all starts"), "")),
        *_rates(report),
        _count(
            pgettext("tile", "Users sent to"),
            pgettext("tile", "Sent to"),
            report.users_sent,
            (_("in sends"), _("users")),
            SENDS,
        ),
        Tile(
            pgettext("tile", "Sends per user"),
            pgettext("tile", "Per user"),
            per_user,
            (NO_VALUE if per_user is None else localized(f"{per_user:.2f}"),),
            (_("users sent to"), _("sends")),
            report.sends,
            origins=SENDS,
        ),
        *(
            _count(
                SHORT_ORIGINS[origin], _SHORTEST_ORIGINS[origin], count, _BELOW_ORIGINS[origin], frozenset((origin,))
            )
            for origin, count in report.origins.items()
        ),
    ]


def _rates(report: Report) -> list[Tile]:
    rates, answered = report.rates, report.answered
    return [
        _rate(StartStatus.DELIVERED, pgettext("tile", "Delivered"), rates.delivered, _("of {base} sends")),
        _rate(StartStatus.READ, pgettext("tile", "Read"), rates.read, _("of {base} delivered")),
        _rate(
            StartStatus.ANSWERED,
            pgettext("tile", "Users answered"),
            Rate(answered.users_answered, answered.users_reached),
            _("of {base} users"),
        ),
        _rate(
            StartStatus.FAILED,
            pgettext("tile", "Failed"),
            Rate(report.status.failed, report.sends),
            _("of {base} sends"),
        ),
    ]


def _count(name: str, short: str, count: int, below: tuple[str, ...], origins: frozenset[Origin] = frozenset()) -> Tile:
    full, few = number(count), short_number(count)
    return Tile(name, short, count, (full, few) if few != full else (full,), below, count, origins=origins)


def _rate(status: StartStatus, name: str, rate: Rate, base: str) -> Tile:
    """The tile of a rate: with its counts where there is room, and of a base under 30 the counts only.

    Args:
        base: what the rate is of, such as "of {base} sends".
    """
    of = short_number(rate.of)
    # The answered rate of sends has another denominator, so the number says "users" where the caption does not.
    short, users = (pgettext("tile", "Answered"), " " + _("users")) if status is StartStatus.ANSWERED else (name, "")
    forms: tuple[str, ...]
    if not rate.of:
        forms = (NO_VALUE,)
    elif rate.shown is None:
        forms = (_("{count} of {base}").format(count=number(rate.count), base=number(rate.of)),)
    else:
        share = percent(rate.shown)
        forms = (f"{share} {number(rate.count)}", share)
    style = status_style(status, bold=True)
    below = (base.format(base=of), _("of {base}").format(base=of))
    statuses = AT_LEAST.get(status, frozenset((status,)))
    return Tile(name, short, rate, forms, below, rate.count, style, statuses=statuses, unit=users)


def _compared(tile: Tile, before: Tile) -> Tile:
    # Only a comparison needs it, and the first screen comes sooner without it.
    from tui.words.changes import count_change, is_clear, rate_change

    style = BOLD
    match before.value, tile.value:
        case Rate() as old, Rate() as new:
            change, points = count_change(old.count, new.count), rate_change(old, new)
            below = (f"{change}, {points[0]}", *points)
            style = BOLD if is_clear(old, new) else DIM
        case int() as old, int() as new:
            below = (count_change(old, new), count_change(old, new, short=True))
        case _:
            below = tuple(text.format(value=before.forms[0]) for text in (_("before {value}"), _("was {value}")))
            style = DIM
    return tile._replace(below=below, below_style=style, before=before.value)
