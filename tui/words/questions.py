"""What the owner of a campaign asks, and the keys that answer it, for the help. Knows no number."""

from __future__ import annotations

from storage.language.texts import _
from tui.terminal.style import key_names
from tui.words.keys import KEYS, Where, shown_key


def questions() -> list[tuple[str, str]]:
    """Each question, and which keys to press: those of the settings file where it changes them."""
    keys = {key.action: key_names(shown_key(key).shown) for key in KEYS if key.where is Where.DASHBOARD and key.action}
    named = {
        "breakdown": keys["breakdown"],
        "clear": keys["clear"],
        "compare_weeks": keys["compare_weeks"],
        "filter": keys["filter_line"],
        "find": keys["find"],
        "period": keys["choose('period')"],
        "people": keys["save_people"],
        "retry": keys["retry"],
        "reverse": keys["reverse"],
        "save": keys["save"],
        "sort": keys["sort"],
        "versus": keys["versus"],
    }
    return [(question, answer.format(**named)) for question, answer in _QUESTIONS]


_QUESTIONS = (
    (
        _("Why did it fail yesterday?"),
        _("{period}, then type yesterday and Enter: panel 7 says why. 7, then Enter shows a reason's codes and sends."),
    ),
    (
        _("Who did not get it?"),
        _("3, then Enter on Failed: their sends. {people} saves these people, {retry} those who can be tried again."),
    ),
    (
        _("Which template works best?"),
        _("{breakdown} shows a row for each. {sort} sorts by the next column, {reverse} the other way, {save} saves."),
    ),
    (
        _("Which of two is better?"),
        _("{breakdown}, then Space on each of them, then {versus}."),
    ),
    (
        _("Which line is broken?"),
        _("{breakdown} twice shows a row for each line, with what failed. Enter on one shows its starts."),
    ),
    (
        _("What changed this week?"),
        _("{compare_weeks} compares it with the last one, tiles, charts and breakdowns alike."),
    ),
    (
        _("What did one person get?"),
        _("{find}, then a part of the name or number and Enter. Enter opens the start, again Enter all of the person."),
    ),
    (
        _("Back to everything?"),
        _("Esc goes back one step, {clear} clears all filters."),
    ),
)
