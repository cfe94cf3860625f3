"""The Cloud API's codes that pass with time: limits of speed, of quality, of marketing; and errors of the service."""

from __future__ import annotations

from datetime import timedelta

from storage.domain.failure_codes.record import FailureCode, Reason, Retry

_MINUTES, _HOUR, _DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24)

LIMITS: tuple[FailureCode, ...] = (
    FailureCode(
        131049,
        Reason.LIMIT_REACHED,
        "Meta's limit per person",
        "Meta limits how much marketing each person gets from all businesses together, and withheld this one. It says "
        "nothing against your line. People with a US number get no marketing at all.",
        "Wait at least 24 hours before you send marketing to this person again, longer each time: repeated tries "
        "within 24 hours block the person for up to a day more. A utility template still arrives.",
        Retry.LATER,
        _DAY,
    ),
    FailureCode(
        130429,
        Reason.LIMIT_REACHED,
        "Sending too fast",
        "The line sent more messages a second than WhatsApp takes. It has nothing to do with the person.",
        "Send more slowly and send these again, a few minutes later.",
        Retry.YES,
        timedelta(minutes=1),
    ),
    FailureCode(
        131056,
        Reason.LIMIT_REACHED,
        "Too many to this person at once",
        "This line sent too many messages to this person in a short time.",
        "Wait a few minutes and send again; leave a few seconds between two messages to one person.",
        Retry.YES,
        _MINUTES,
    ),
    FailureCode(
        4,
        Reason.LIMIT_REACHED,
        "Too many calls of your app",
        "Your app called the API too often within an hour.",
        "Spread the calls over more time and send again after an hour.",
        Retry.YES,
        _HOUR,
    ),
    FailureCode(
        80007,
        Reason.LIMIT_REACHED,
        "Too many calls of your account",
        "The business account called the API too often within an hour.",
        "Spread the calls over more time and send again after an hour.",
        Retry.YES,
        _HOUR,
    ),
    FailureCode(
        131048,
        Reason.LIMIT_REACHED,
        "Line restricted: seen as spam",
        "WhatsApp restricts this line because too many people blocked or reported it.",
        "Stop the campaign and look at the line's quality in WhatsApp Manager. Write to people who expect it; try "
        "again when the quality has recovered.",
        Retry.LATER,
        _DAY,
    ),
    FailureCode(
        131064,
        Reason.LIMIT_REACHED,
        "Templates in a wrong category",
        "Meta limits the account for a time because its templates were filed under a wrong category.",
        "File marketing templates as marketing. The limit lifts itself; try again after a day.",
        Retry.LATER,
        _DAY,
        since="2026-04-17",
    ),
    FailureCode(
        131000,
        Reason.SERVICE,
        "Unknown error at WhatsApp",
        "Something went wrong at WhatsApp.",
        "Send again. If it keeps failing, ask the provider's support.",
        Retry.YES,
    ),
    FailureCode(
        131016,
        Reason.SERVICE,
        "WhatsApp unavailable",
        "A service of WhatsApp was not available for a time.",
        "Look at WhatsApp's status page, and send again when it is up.",
        Retry.YES,
    ),
    FailureCode(
        131057,
        Reason.SERVICE,
        "Account in maintenance",
        "The account was in maintenance, often for a few minutes while its throughput is raised.",
        "Send again a few minutes later.",
        Retry.YES,
        _MINUTES,
    ),
    FailureCode(
        135000,
        Reason.SERVICE,
        "Generic error, or held and dropped",
        "An error that WhatsApp does not explain. Since 2026 it is also the end of a message that WhatsApp held to "
        "check the quality of a new or changed template, and then dropped.",
        "Check the request and the template's quality in WhatsApp Manager. Do not send a template again that people "
        "report; what was dropped is not charged.",
        Retry.UNKNOWN,
    ),
    FailureCode(
        135000,
        Reason.SERVICE,
        "Held for quality, then dropped",
        "WhatsApp held it to see how the first people take the template, and dropped it: too many blocked or reported "
        "it.",
        "Do not send this template again as it is: change its text, or whom it goes to.",
        Retry.UNKNOWN,
        since="2026",
        words=("held", "quality", "pacing", "dropped"),
    ),
)
