"""Error codes and texts to reasons, what they mean and what to do (the classes of the providers' documentation).

Knows no database and no screen. Codes of the on-premises API that a modern table lacks are matched by the same map.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a send failed, in the report's words."""

    WRONG_PARAMETERS = "wrong_parameters"
    TEMPLATE_UNAVAILABLE = "template_unavailable"
    LIMIT_REACHED = "limit_reached"
    NUMBER_GONE = "number_gone"
    WRONG_NUMBER = "wrong_number"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    ACCOUNT = "account"
    SERVICE = "service"
    MEDIA = "media"
    OTHER = "other"


class Explanation(NamedTuple):
    """What a failure means and what a person can do. `retry` is yes, no, later or unknown."""

    reason: Reason
    title: str
    meaning: str
    advice: str
    retry: str


_CODES: dict[Reason, tuple[int, ...]] = {
    Reason.ACCOUNT: (
        *(0, 3, 10, 190, 368, 402, 430, 432, 433, 1005, 130497, 131005, 131031, 131037, 131042, 131044, 131045),
        *(133010, 133016),
        *range(200, 300),
    ),
    Reason.LIMIT_REACHED: (4, 429, 471, 1015, 80007, 130429, 131048, 131049, 131056, 131064),
    Reason.WRONG_NUMBER: (33, 100, 480, 1002, 131021, 131030, 131062, 137000),
    Reason.OPTED_OUT: (472, 130472, 131050),
    Reason.SERVICE: (408, 410, 1000, 131000, 131016, 131057, 135000),
    Reason.WRONG_PARAMETERS: (
        *(1008, 1009, 2000, 2004, 2005, 2012, 131008, 131009),
        *(132000, 132005, 132008, 132012),
    ),
    Reason.MEDIA: (400, 131014, 131051, 131052, 131053),
    Reason.NUMBER_GONE: (1013, 1026, 131026),
    Reason.WINDOW_CLOSED: (470, 131047),
    Reason.TEMPLATE_UNAVAILABLE: (*(2001, 2002, 2003, 131063, 132001, 132007, 132015, 132016, 132068, 132069),),
}
_REASON_OF_CODE = {code: reason for reason, codes in _CODES.items() for code in codes}

# A code with two classes is decided by its text: these words make the second class of it.
_TWO_CLASSES: dict[int, tuple[Reason, tuple[str, ...]]] = {
    33: (Reason.WRONG_PARAMETERS, ("parameter",)),
    100: (Reason.WRONG_PARAMETERS, ("parameter", "template", "component")),
    131008: (Reason.WRONG_NUMBER, ("recipient", "phone number", "'to'", '"to"')),
    131009: (Reason.WRONG_NUMBER, ("recipient", "phone number", "'to'", '"to"')),
}

# In this order: the first that is found in the lower-case text decides.
_TEXTS: tuple[tuple[str, Reason], ...] = (
    ("experiment", Reason.OPTED_OUT),
    ("healthy ecosystem", Reason.LIMIT_REACHED),
    ("re-engagement", Reason.WINDOW_CLOSED),
    ("24 hour", Reason.WINDOW_CLOSED),
    ("24 hs", Reason.WINDOW_CLOSED),
    ("24 horas", Reason.WINDOW_CLOSED),
    ("not a valid whatsapp user", Reason.NUMBER_GONE),
    ("número ya no existe", Reason.NUMBER_GONE),
    ("numero ya no existe", Reason.NUMBER_GONE),
    ("no longer exists", Reason.NUMBER_GONE),
    ("undeliverable", Reason.NUMBER_GONE),
    ("parámetros incorrectos", Reason.WRONG_PARAMETERS),
    ("parametros incorrectos", Reason.WRONG_PARAMETERS),
    ("wrong template parameters", Reason.WRONG_PARAMETERS),
    ("number of parameters", Reason.WRONG_PARAMETERS),
    ("número de destino incorrecto", Reason.WRONG_NUMBER),
    ("numero de destino incorrecto", Reason.WRONG_NUMBER),
    ("wrong destination number", Reason.WRONG_NUMBER),
    ("límite de envío", Reason.LIMIT_REACHED),
    ("limite de envio", Reason.LIMIT_REACHED),
    ("límite de envíos", Reason.LIMIT_REACHED),
    ("sending limit", Reason.LIMIT_REACHED),
    ("rate limit", Reason.LIMIT_REACHED),
    ("stopped marketing", Reason.OPTED_OUT),
    ("opted out", Reason.OPTED_OUT),
    ("template does not exist", Reason.TEMPLATE_UNAVAILABLE),
    ("template name does not exist", Reason.TEMPLATE_UNAVAILABLE),
    ("template is paused", Reason.TEMPLATE_UNAVAILABLE),
    ("payment", Reason.ACCOUNT),
    ("media", Reason.MEDIA),
)

_RETRY_BY_CODE = {
    **dict.fromkeys((4, 80007, 130429, 131000, 131016, 131056, 131057, 131053, 408, 410, 429, 1000, 1015), "yes"),
    **dict.fromkeys((131048, 131049, 131064, 132015, 471), "later"),
    135000: "unknown",
}

_EXPLANATIONS: dict[Reason, tuple[str, str, str, str]] = {
    Reason.WRONG_PARAMETERS: (
        "Wrong template parameters",
        "The send did not fill the template as it was approved: a parameter is missing, too long or of another type.",
        "Compare the parameters of the send with the template's variables, correct them and send again.",
        "no",
    ),
    Reason.TEMPLATE_UNAVAILABLE: (
        "Template not available",
        "The template does not exist in that language, or WhatsApp paused or disabled it.",
        "Check its name, language and state in the template manager; improve or replace a paused one.",
        "no",
    ),
    Reason.LIMIT_REACHED: (
        "Sending limit reached",
        "WhatsApp held the message back: too many sends, too low a quality, or too much marketing for this person.",
        "Spread the sends over more time and send to people who read; wait a day before trying this person again.",
        "later",
    ),
    Reason.NUMBER_GONE: (
        "Number no longer exists",
        "The number is not on WhatsApp (any more), runs too old a version, or has not accepted the current terms.",
        "Check the number with its owner by another channel and take it off the list if it is gone.",
        "no",
    ),
    Reason.WRONG_NUMBER: (
        "Wrong destination number",
        "The destination is not a number that can get this message: malformed, the sender itself, or not allowed.",
        "Correct the number (country code, no extra digits) in the customer's record.",
        "no",
    ),
    Reason.WINDOW_CLOSED: (
        "24-hour window closed",
        "More than 24 hours have passed since the person last wrote, so only a template may be sent.",
        "Send a template instead of free text.",
        "no",
    ),
    Reason.OPTED_OUT: (
        "Person does not get marketing",
        "The person stopped marketing messages, or is part of a WhatsApp experiment that withholds them.",
        "Do not send marketing to this person; a utility template can still go out.",
        "no",
    ),
    Reason.ACCOUNT: (
        "Account problem",
        "The business account may not send: permission, payment, policy or registration.",
        "Open the account's settings at the provider and settle what it asks for; no message goes out until then.",
        "no",
    ),
    Reason.SERVICE: (
        "Service trouble",
        "WhatsApp or the provider had a passing problem.",
        "Send again later.",
        "yes",
    ),
    Reason.MEDIA: (
        "Media problem",
        "The image, document or video could not be fetched, or it or the message is of an unsupported type.",
        "Check that the link opens for everyone, and the file's type and size.",
        "unknown",
    ),
    Reason.OTHER: (
        "Other",
        "The provider gave a reason that is in no table of known ones.",
        "Read the provider's own words.",
        "unknown",
    ),
}


def reason_of(code: int | None, text: str | None = None, detail: str | None = None) -> Reason:
    """The reason of a failure: by its code, a code with two classes by its text too, and by text where no code is
    known.

    Source of the classes: the Cloud API's and the on-premises API's error code pages.
    """
    words = f"{text or ''} {detail or ''}".lower()
    if code is not None and (known := _REASON_OF_CODE.get(code)) is not None:
        second, marks = _TWO_CLASSES.get(code, (known, ()))
        return second if any(mark in words for mark in marks) else known
    for mark, reason in _TEXTS:
        if mark in words:
            return reason
    return Reason.OTHER


def explain(code: int | None, text: str | None = None, detail: str | None = None) -> Explanation:
    """What the failure means and what to do about it."""
    reason = reason_of(code, text, detail)
    title, meaning, advice, retry = _EXPLANATIONS[reason]
    return Explanation(reason, title, meaning, advice, _RETRY_BY_CODE.get(code, retry) if code is not None else retry)


def title_of(reason: Reason) -> str:
    """The reason in words for a list."""
    return _EXPLANATIONS[reason][0]


def advice_of(reason: Reason) -> str:
    """What to do about failures of this reason, whatever their code."""
    return _EXPLANATIONS[reason][2]


NO_CODE = "none"  # after the reason of failures that have no code


def failure_value(reason: str, code: int | None) -> str:
    """The failures of one reason and one code (None: that have none) as a value of the filter."""
    return f"{reason}/{NO_CODE if code is None else code}"
