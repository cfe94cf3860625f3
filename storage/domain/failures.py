"""Why sends fail: the reason of an error code or text, what it means and what to do. Knows no database and no screen.

`failure_codes` has a record of each code. Failures of no known code are explained by their reason, which follows from
their text (`failure_texts.py`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from storage.domain.failure_codes import EVERY_CODE
from storage.domain.failure_codes.record import NOW, FailureCode, Reason, Retry
from storage.domain.failure_texts import TEXTS
from storage.language.stored_texts import translated
from storage.language.texts import ngettext

__all__ = ["Explanation", "FailureCode", "Reason", "Retry"]


class Explanation(NamedTuple):
    """What a failure means and what a person can do; the attributes are those of `FailureCode`."""

    reason: Reason
    title: str
    meaning: str
    advice: str
    retry: Retry
    wait: timedelta = NOW


def _explained(record: FailureCode) -> Explanation:
    return Explanation(record.reason, record.title, record.meaning, record.advice, record.retry, record.wait)


def _in_words(known: Explanation) -> Explanation:
    """The explanation in the language of the process."""
    title, meaning, advice = map(translated, (known.title, known.meaning, known.advice))
    return known._replace(title=title, meaning=meaning, advice=advice)


_RECORDS: dict[int, list[FailureCode]] = {}
for _record in EVERY_CODE:
    _RECORDS.setdefault(_record.code, []).append(_record)
for _same in _RECORDS.values():
    _same.sort(key=lambda record: not record.words)  # those of special words first

# What is known where the code is not.
_REASONS: dict[Reason, Explanation] = {
    known.reason: known
    for known in (
        Explanation(
            Reason.WRONG_PARAMETERS,
            "Wrong template parameters",
            "The parameters do not fit the template: one is missing, too long or of the wrong type.",
            "Compare the parameters with the template's variables, correct them and send again.",
            Retry.NO,
        ),
        Explanation(
            Reason.TEMPLATE_UNAVAILABLE,
            "Template not available",
            "The template does not exist in that language, or WhatsApp paused or disabled it.",
            "Check its name, language and status in the template manager. Improve or replace a paused template.",
            Retry.NO,
        ),
        Explanation(
            Reason.LIMIT_REACHED,
            "Sending limit reached",
            "WhatsApp did not deliver: sent too fast, low quality, or too much marketing for this person.",
            "Look at the codes: some limits are the line's, one is the person's. Where none is known, wait a day.",
            Retry.LATER,
            timedelta(hours=24),
        ),
        Explanation(
            Reason.NUMBER_GONE,
            "Number no longer exists",
            "The number is not on WhatsApp, uses an old version, or has not accepted the current terms.",
            "Ask the person by another channel. Remove the number if it is no longer in use.",
            Retry.NO,
        ),
        Explanation(
            Reason.WRONG_NUMBER,
            "Wrong destination number",
            "The number cannot receive this message: it is malformed, the sender's own, or not allowed.",
            "Correct the number in the customer's record: country code, no extra digits.",
            Retry.NO,
        ),
        Explanation(
            Reason.WINDOW_CLOSED,
            "24-hour window closed",
            "The person last wrote more than 24 hours ago, so only a template can be sent.",
            "Send a template instead of free text.",
            Retry.NO,
        ),
        Explanation(
            Reason.OPTED_OUT,
            "Marketing not allowed for this person",
            "The person stopped marketing messages, or is in a WhatsApp experiment without them.",
            "Do not send marketing to this person. A utility template is still possible.",
            Retry.NO,
        ),
        Explanation(
            Reason.ACCOUNT,
            "Account problem",
            "The business account cannot send, because of a permission, a payment, a policy or its registration.",
            "Open the account's settings at the provider and resolve the problem. Until then no message is sent.",
            Retry.NO,
        ),
        Explanation(
            Reason.SERVICE,
            "Temporary service error",
            "WhatsApp or the provider had a temporary problem.",
            "Send again later.",
            Retry.YES,
        ),
        Explanation(
            Reason.MEDIA,
            "Media problem",
            "The image, document or video could not be loaded, or its type is not supported.",
            "Check that anyone can open the link. Check the type and size of the file.",
            Retry.UNKNOWN,
        ),
        Explanation(
            Reason.OTHER,
            "Other",
            "saludo does not know this reason.",
            "Read the provider's message.",
            Retry.UNKNOWN,
        ),
    )
}


def _record_of(code: int | None, said: str) -> FailureCode | None:
    """The record of a code for a lower-case text; None if no record of the code fits it."""
    if code is None:
        return None
    records = _RECORDS.get(code, ())
    return next((one for one in records if not one.words or any(word in said for word in one.words)), None)


def _reason_of_text(said: str) -> Reason:
    return next((reason for phrase, reason in TEXTS if phrase in said), Reason.OTHER)


def reason_of(code: int | None, text: str | None = None, detail: str | None = None) -> Reason:
    """The reason of a failure: by its code if that is known, else by the words of its text.

    Args:
        code: the error code.
        text: the provider's title or message.
        detail: the provider's details.
    """
    said = f"{text or ''} {detail or ''}".lower()
    record = _record_of(code, said)
    return _reason_of_text(said) if record is None else record.reason


def explain(code: int | None, text: str | None = None, detail: str | None = None) -> Explanation:
    """What a failure means and what to do; the arguments are those of `reason_of`."""
    said = f"{text or ''} {detail or ''}".lower()
    record = _record_of(code, said)
    return _in_words(_REASONS[_reason_of_text(said)] if record is None else _explained(record))


@lru_cache(maxsize=1_000)
def explain_kind(reason: str, code: int | None) -> Explanation:
    """What the failures of a reason and code mean and what to do, where their texts are not at hand."""
    return _in_words(explain_kind_in_english(reason, code))


@lru_cache(maxsize=1_000)
def explain_kind_in_english(reason: str, code: int | None) -> Explanation:
    """As `explain_kind`, for files, whose values are the same in every language."""
    records = [] if code is None else [one for one in _RECORDS.get(code, ()) if one.reason == reason]
    return _explained(records[-1]) if records else _REASONS[Reason(reason)]


def title_of(reason: Reason) -> str:
    """The reason in a few words."""
    return translated(_REASONS[reason].title)


_LIMIT_OF_PERSON = 131049
_STOP_OF_PERSON = 131050


def is_limit_of_person(reason: str, code: int | None) -> bool:
    """Whether failures of this reason and code are Meta's limit of marketing for one person.

    A limit without a known code counts as one: it may be, and then an early try is lost.
    """
    if reason != Reason.LIMIT_REACHED:
        return False
    return code not in _RECORDS or _stands_for(code, _LIMIT_OF_PERSON)


def is_stop_of_person(reason: str, code: int | None) -> bool:
    """Whether failures of this reason and code say that the person stopped your marketing, which they can resume."""
    return reason == Reason.OPTED_OUT and _stands_for(code, _STOP_OF_PERSON)


def _stands_for(code: int | None, known: int) -> bool:
    """Whether a code is a known one, or a provider's that says the same."""
    records = [] if code is None else _RECORDS.get(code, [])
    return bool(records) and known in (records[-1].code, records[-1].same_as)


def wait_words(wait: timedelta) -> str:
    """How long to wait, in whole hours or minutes: `24 hours`, `1 minute`."""
    minutes = int(wait.total_seconds()) // 60
    if hours := minutes // 60:
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)


def wait_words_in_english(wait: timedelta) -> str:
    """As `wait_words`, for files, whose values are the same in every language."""
    minutes = int(wait.total_seconds()) // 60
    count, unit = (minutes // 60, "hour") if minutes >= 60 else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


NO_CODE = "none"  # stands for the missing code in `failure_value`


def failure_value(reason: str, code: int | None) -> str:
    """The failures of one reason and one code as a value of the filter; None: those without a code."""
    return f"{reason}/{NO_CODE if code is None else code}"
