"""The Cloud API's codes about the person or the number: not reachable, wrong, opted out, or the window is closed."""

from __future__ import annotations

from storage.domain.failure_codes.record import FailureCode, Reason

PEOPLE: tuple[FailureCode, ...] = (
    FailureCode(
        131026,
        Reason.NUMBER_GONE,
        "Message undeliverable",
        "WhatsApp could not deliver it and does not say why: the number may not be on WhatsApp, the person may use an "
        "old version or may not have accepted the terms. Meta also hides other causes behind this code.",
        "Reach the person by another channel, and ask whether they use WhatsApp on this number. Remove the number only "
        "if it fails again.",
    ),
    FailureCode(
        33,
        Reason.WRONG_NUMBER,
        "Number or object unknown",
        "The number or object that the request names does not exist, or may not be used.",
        "Check the line's id and the destination number in the request.",
    ),
    FailureCode(
        100,
        Reason.WRONG_NUMBER,
        "Invalid request or number",
        "A part of the request is not valid: often the destination number, which is not on WhatsApp or malformed.",
        "Compare number and parameters with the API's documentation; its message names the parameter.",
    ),
    FailureCode(
        131021,
        Reason.WRONG_NUMBER,
        "Sent to itself",
        "Sender and destination are the same number.",
        "Correct the destination number.",
    ),
    FailureCode(
        131030,
        Reason.WRONG_NUMBER,
        "Not on the test number's list",
        "A test number sends only to the numbers on its list, and this one is not on it.",
        "Add the number to the list in the app's panel, or send from a real line.",
    ),
    FailureCode(
        131062,
        Reason.WRONG_NUMBER,
        "User id not accepted here",
        "The destination is a user id (BSUID), and this kind of message needs a phone number.",
        "Send to the phone number, or choose a kind of message that takes user ids. Max-price and authentication "
        "templates do not.",
        since="2026",
    ),
    FailureCode(
        137000,
        Reason.WRONG_NUMBER,
        "Identity changed",
        "The person's identity key is not the one that the request names: they may have a new phone, or the number a "
        "new owner.",
        "Verify the person, acknowledge the new identity, then send again.",
    ),
    FailureCode(
        130472,
        Reason.OPTED_OUT,
        "Part of a Meta experiment",
        "Meta's experiment withholds marketing messages from this person.",
        "Do not send it again: it fails as long as the experiment runs. A utility template, or an answer to the "
        "person's own message, still arrives.",
    ),
    FailureCode(
        131050,
        Reason.OPTED_OUT,
        "Stopped your marketing",
        "The person chose in WhatsApp to get no marketing messages from you.",
        "Take them off your marketing lists. They can resume in WhatsApp, and you may not ask for it by marketing.",
    ),
    FailureCode(
        130403,
        Reason.OPTED_OUT,
        "Blocked by you",
        "Your business has blocked this person.",
        "Unblock the person if you want to write to them again.",
        since="2026",
    ),
    FailureCode(
        131047,
        Reason.WINDOW_CLOSED,
        "24-hour window closed",
        "The person last wrote more than 24 hours ago, so only a template can be sent.",
        "Send a template instead of free text.",
    ),
)
