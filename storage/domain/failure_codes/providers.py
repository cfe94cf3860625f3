"""The codes of the older on-premises API, of Twilio and of Gupshup: most stand for a code of the Cloud API.

Twilio's by its list of corresponding codes of the on-premises API and its own error pages; Gupshup's by the list of its
partner documentation. Gupshup's small numbers are the on-premises API's as well: the text decides.
"""

from __future__ import annotations

from datetime import timedelta

from storage.domain.failure_codes.accounts import ACCOUNTS
from storage.domain.failure_codes.limits import LIMITS
from storage.domain.failure_codes.people import PEOPLE
from storage.domain.failure_codes.record import FailureCode, Reason, Retry, standing_for
from storage.domain.failure_codes.templates import TEMPLATES
from storage.language.texts import mark

_CLOUD_API = (*PEOPLE, *LIMITS, *TEMPLATES, *ACCOUNTS)
_DAY = timedelta(hours=24)

_EXPIRED = (
    mark("Not delivered in time"),
    mark("The person's phone was not reached before the message expired: it may be off or without a network for long."),
    mark("Send again, perhaps at another time of day."),
)
_RECIPIENT = (
    mark("Recipient not valid"),
    mark(
        "The recipient cannot get this kind of message: the number is malformed, not on WhatsApp, or too old a version."
    ),
    mark("Correct the number in the customer's record, or reach the person by another channel."),
)
_CONTENT = (
    mark("Media or content not accepted"),
    mark("The media or the content of the message could not be used."),
    mark("Check that anyone can open the link. Check the type and size of the file."),
)

ON_PREMISES: tuple[FailureCode, ...] = (
    *standing_for(
        _CLOUD_API,
        {
            **dict.fromkeys((402, 430, 432, 433, 1005), 131005),
            **{402: 131042, 429: 130429, 470: 131047, 471: 131048, 472: 130472, 480: 137000},
            **{500: 131000, 1000: 131000, 1008: 131008, 1009: 131009, 1013: 131026, 1015: 130429, 1026: 131026},
            **{2000: 132000, 2001: 132001, 2002: 132001, 2003: 132001, 2004: 132005, 2005: 132005, 2012: 132012},
        },
    ),
    FailureCode(400, Reason.MEDIA, *_CONTENT, Retry.UNKNOWN),
    FailureCode(408, Reason.SERVICE, *_EXPIRED, Retry.YES),
    FailureCode(410, Reason.SERVICE, *_EXPIRED, Retry.YES),
    FailureCode(1002, Reason.WRONG_NUMBER, *_RECIPIENT),
)

TWILIO: tuple[FailureCode, ...] = (
    *standing_for(
        _CLOUD_API,
        {
            **{63001: 131005, 63007: 133010, 63020: 131042, 63022: 131045, 63018: 130429, 63049: 131049},
            **{21610: 131050, 63032: 130472, 63033: 131050, 63003: 131026, 63016: 131047},
            **{63005: 131000, 63010: 131000, 63012: 131016, 63013: 131009, 63028: 132000, 63030: 131009},
            **{21655: 132001, 21656: 132008, 63027: 132001, 63029: 132001, 63040: 132007, 63041: 132015, 63042: 132016},
            **{63062: 134011},
        },
    ),
    FailureCode(21211, Reason.WRONG_NUMBER, *_RECIPIENT),
    FailureCode(
        63015,
        Reason.WRONG_NUMBER,
        "Not joined to the sandbox",
        "Twilio's sandbox sends only to people who joined it.",
        "Have the person join the sandbox, or send from a real line.",
    ),
    FailureCode(63019, Reason.MEDIA, *_CONTENT, Retry.UNKNOWN),
    FailureCode(63021, Reason.SERVICE, *_EXPIRED, Retry.YES),
    FailureCode(63024, Reason.WRONG_NUMBER, *_RECIPIENT),
    FailureCode(63025, Reason.MEDIA, *_CONTENT, Retry.UNKNOWN),
    FailureCode(
        63038,
        Reason.LIMIT_REACHED,
        "Daily limit of the account",
        "The account sent as many messages as Twilio allows it in a day.",
        "Have the limit raised, or send the rest after a day.",
        Retry.LATER,
        _DAY,
    ),
)

_NOT_OPTED_IN = (
    mark("Not opted in at Gupshup"),
    mark("The person has not opted in at Gupshup, and did not write within the last 24 hours."),
    mark("Record the person's consent at Gupshup, then send again."),
)
_OPT_IN = ("opted", "opt-in")
# Without these words the number is the on-premises API's, or nobody's.
_GUPSHUP_WORDS = {
    1002: ("not exist",),
    1003: ("balance", "wallet"),
    1010: ("media",),
    1011: ("media",),
    1012: ("opted",),
}

GUPSHUP: tuple[FailureCode, ...] = (
    *standing_for(
        _CLOUD_API,
        {1002: 131026, 1003: 131042, 1010: 131014, 1011: 131053, 1012: 131050, 4001: 80007, 4002: 131000, 4003: 132001},
        words=_GUPSHUP_WORDS,
    ),
    FailureCode(
        1004,
        Reason.TEMPLATE_UNAVAILABLE,
        "Templates off at Gupshup",
        "Templates are switched off for this app, and the person did not write within the last 24 hours.",
        "Switch templates on in Gupshup's panel, then send again.",
        words=("template",),
    ),
    FailureCode(
        1005,
        Reason.TEMPLATE_UNAVAILABLE,
        "No template matches the text",
        "The person did not write within the last 24 hours, and the text is no approved template.",
        "Compare the text with the template, letter by letter; then send again.",
        words=("template",),
    ),
    FailureCode(1006, Reason.OPTED_OUT, *_NOT_OPTED_IN, words=_OPT_IN),
    FailureCode(1007, Reason.OPTED_OUT, *_NOT_OPTED_IN, words=_OPT_IN),
    FailureCode(1008, Reason.OPTED_OUT, *_NOT_OPTED_IN, words=_OPT_IN),
)
