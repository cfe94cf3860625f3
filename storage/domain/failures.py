"""Why sends fail: the reason of an error code or text, what it means and what to do. Knows no database and no screen.

The reasons follow the error code pages of the Cloud API, of the older on-premises API and of Twilio.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a send failed: the classes that error codes are grouped by (`docs/definitions.md`)."""

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
    """What a failure means and what a person can do.

    Attributes:
        reason: why it failed.
        title: the reason in a few words.
        meaning: what happened, in a sentence or two.
        advice: what to do, in a sentence or two.
        retry: whether sending again can help: yes, no, later or unknown.
    """

    reason: Reason
    title: str
    meaning: str
    advice: str
    retry: str


_CODES: dict[Reason, tuple[int, ...]] = {
    Reason.ACCOUNT: (
        *(0, 3, 10, 190, 368, 402, 430, 432, 433, 1005, 130497, 131005, 131031, 131037, 131042, 131044, 131045),
        *(131065, 131070, 133010, 133016, 134011, 138000, 138038, 139200, 147005),
        *range(200, 300),
    ),
    Reason.LIMIT_REACHED: (4, 429, 471, 1015, 80007, 130429, 131048, 131049, 131056, 131064),
    Reason.WRONG_NUMBER: (33, 100, 480, 1002, 131021, 131030, 131062, 137000),
    Reason.OPTED_OUT: (472, 130403, 130472, 131050),
    Reason.SERVICE: (408, 410, 1000, 131000, 131016, 131057, 135000),
    Reason.WRONG_PARAMETERS: (
        *(1008, 1009, 2000, 2004, 2005, 2012, 131008, 131009),
        *(131061, 132000, 132005, 132008, 132012, 132018),
    ),
    Reason.MEDIA: (400, 131014, 131051, 131052, 131053),
    Reason.NUMBER_GONE: (1013, 1026, 131026),
    Reason.WINDOW_CLOSED: (470, 131047),
    Reason.TEMPLATE_UNAVAILABLE: (
        *(2001, 2002, 2003, 131055, 131063, 132001, 132007, 132015, 132016, 132068, 132069),
        *(134100, 134101, 134102),
    ),
}
# Twilio's codes, by its list of corresponding codes of the on-premises API and its own error pages.
_TWILIO_CODES: dict[Reason, tuple[int, ...]] = {
    Reason.ACCOUNT: (63001, 63007, 63020, 63022),
    Reason.LIMIT_REACHED: (63018, 63038, 63049),
    Reason.WRONG_NUMBER: (21211, 63015, 63024),
    Reason.OPTED_OUT: (21610, 63032, 63033),
    Reason.SERVICE: (63005, 63010, 63012, 63021),
    Reason.WRONG_PARAMETERS: (21656, 63013, 63028, 63030),
    Reason.MEDIA: (63019, 63025),
    Reason.NUMBER_GONE: (63003,),
    Reason.WINDOW_CLOSED: (63016,),
    Reason.TEMPLATE_UNAVAILABLE: (21655, 63027, 63029, 63040, 63041, 63042),
}
_REASON_OF_CODE = {
    code: reason for known in (_CODES, _TWILIO_CODES) for reason, codes in known.items() for code in codes
}

# These codes have two reasons. The second one applies if the text has one of the words.
_TWO_REASONS: dict[int, tuple[Reason, tuple[str, ...]]] = {
    33: (Reason.WRONG_PARAMETERS, ("parameter",)),
    100: (Reason.WRONG_PARAMETERS, ("parameter", "template", "component")),
    131008: (Reason.WRONG_NUMBER, ("recipient", "phone number", "'to'", '"to"')),
    131009: (Reason.WRONG_NUMBER, ("recipient", "phone number", "'to'", '"to"')),
}

# The first words that are found in the lower-case text decide.
_TEXTS: tuple[tuple[str, Reason], ...] = (
    ("experiment", Reason.OPTED_OUT),
    ("healthy ecosystem", Reason.LIMIT_REACHED),
    ("re-engagement", Reason.WINDOW_CLOSED),
    ("24 hour", Reason.WINDOW_CLOSED),
    ("24 hs", Reason.WINDOW_CLOSED),
    ("24 horas", Reason.WINDOW_CLOSED),
    ("not a valid whatsapp user", Reason.NUMBER_GONE),
    ("no tiene whatsapp", Reason.NUMBER_GONE),
    ("não tem whatsapp", Reason.NUMBER_GONE),
    ("nao tem whatsapp", Reason.NUMBER_GONE),
    ("not on whatsapp", Reason.NUMBER_GONE),
    ("número não existe", Reason.NUMBER_GONE),
    ("numero nao existe", Reason.NUMBER_GONE),
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
    ("invalid number", Reason.WRONG_NUMBER),
    ("invalid phone", Reason.WRONG_NUMBER),
    ("número inválido", Reason.WRONG_NUMBER),
    ("numero invalido", Reason.WRONG_NUMBER),
    ("número no válido", Reason.WRONG_NUMBER),
    ("numero no valido", Reason.WRONG_NUMBER),
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
    **dict.fromkeys((63005, 63010, 63012, 63021), "yes"),
    **dict.fromkeys((131048, 131049, 131064, 132015, 134101, 471, 63018, 63049), "later"),
    135000: "unknown",
}

_EXPLANATIONS: dict[Reason, tuple[str, str, str, str]] = {
    Reason.WRONG_PARAMETERS: (
        "Wrong template parameters",
        "The parameters do not fit the template: one is missing, too long or of the wrong type.",
        "Compare the parameters with the template's variables, correct them and send again.",
        "no",
    ),
    Reason.TEMPLATE_UNAVAILABLE: (
        "Template not available",
        "The template does not exist in that language, or WhatsApp paused or disabled it.",
        "Check its name, language and status in the template manager. Improve or replace a paused template.",
        "no",
    ),
    Reason.LIMIT_REACHED: (
        "Sending limit reached",
        "WhatsApp did not deliver: too many sends, low quality, or too much marketing for this person.",
        "Send more slowly, and to people who read. Wait a day before you send to this person again.",
        "later",
    ),
    Reason.NUMBER_GONE: (
        "Number no longer exists",
        "The number is not on WhatsApp, uses an old version, or has not accepted the current terms.",
        "Ask the person by another channel. Remove the number if it is no longer in use.",
        "no",
    ),
    Reason.WRONG_NUMBER: (
        "Wrong destination number",
        "The number cannot receive this message: it is malformed, the sender's own, or not allowed.",
        "Correct the number in the customer's record: country code, no extra digits.",
        "no",
    ),
    Reason.WINDOW_CLOSED: (
        "24-hour window closed",
        "The person last wrote more than 24 hours ago, so only a template can be sent.",
        "Send a template instead of free text.",
        "no",
    ),
    Reason.OPTED_OUT: (
        "Marketing not allowed for this person",
        "The person stopped marketing messages, or is in a WhatsApp experiment without them.",
        "Do not send marketing to this person. A utility template is still possible.",
        "no",
    ),
    Reason.ACCOUNT: (
        "Account problem",
        "The business account cannot send, because of a permission, a payment, a policy or its registration.",
        "Open the account's settings at the provider and resolve the problem. Until then no message is sent.",
        "no",
    ),
    Reason.SERVICE: (
        "Temporary service error",
        "WhatsApp or the provider had a temporary problem.",
        "Send again later.",
        "yes",
    ),
    Reason.MEDIA: (
        "Media problem",
        "The image, document or video could not be loaded, or its type is not supported.",
        "Check that anyone can open the link. Check the type and size of the file.",
        "unknown",
    ),
    Reason.OTHER: (
        "Other",
        "saludo does not know this reason.",
        "Read the provider's message.",
        "unknown",
    ),
}


def reason_of(code: int | None, text: str | None = None, detail: str | None = None) -> Reason:
    """The reason of a failure: by its code if that is known, else by the words of its text.

    Args:
        code: the error code.
        text: the provider's title or message.
        detail: the provider's details.
    """
    said = f"{text or ''} {detail or ''}".lower()
    if code is not None and (known := _REASON_OF_CODE.get(code)) is not None:
        second, second_words = _TWO_REASONS.get(code, (known, ()))
        return second if any(word in said for word in second_words) else known
    for phrase, reason in _TEXTS:
        if phrase in said:
            return reason
    return Reason.OTHER


def explain(code: int | None, text: str | None = None, detail: str | None = None) -> Explanation:
    """What a failure means and what to do; the arguments are those of `reason_of`."""
    reason = reason_of(code, text, detail)
    title, meaning, advice, _ = _EXPLANATIONS[reason]
    return Explanation(reason, title, meaning, advice, retry_of(reason, code))


HELPFUL_RETRIES = frozenset(("yes", "later"))  # results of `retry_of` that promise something


def retry_of(reason: str, code: int | None) -> str:
    """Whether sending again can help after a failure of this reason and code: yes, no, later or unknown."""
    retry = _EXPLANATIONS[Reason(reason)][3]
    return retry if code is None else _RETRY_BY_CODE.get(code, retry)


def title_of(reason: Reason) -> str:
    """The reason in a few words."""
    return _EXPLANATIONS[reason][0]


def advice_of(reason: Reason) -> str:
    """What to do about failures of this reason with any code."""
    return _EXPLANATIONS[reason][2]


NO_CODE = "none"  # stands for the missing code in `failure_value`


def failure_value(reason: str, code: int | None) -> str:
    """The failures of one reason and one code as a value of the filter; None: those without a code."""
    return f"{reason}/{NO_CODE if code is None else code}"
