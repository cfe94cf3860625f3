"""The Cloud API's codes about the business itself: permission, payment, policy, registration."""

from __future__ import annotations

from storage.domain.failure_codes.record import FailureCode, Reason

_PERMISSIONS = range(200, 300)  # each stands for one missing permission


def _account(code: int, title: str, meaning: str, advice: str, since: str = "") -> FailureCode:
    return FailureCode(code, Reason.ACCOUNT, title, meaning, advice, since=since)


ACCOUNTS: tuple[FailureCode, ...] = (
    _account(
        0,
        "Login failed",
        "WhatsApp could not authenticate your app.",
        "Renew the access token, and check the app's secret.",
    ),
    _account(
        3,
        "Capability missing",
        "Your app lacks a capability or permission for this call.",
        "Check the app's permissions in the developer panel.",
    ),
    _account(
        10,
        "Permission missing",
        "A permission was not granted, or was taken back.",
        "Grant it to the app again.",
    ),
    _account(
        190,
        "Access token expired",
        "The access token has expired or was revoked.",
        "Make a new one, best one that does not expire (of a system user).",
    ),
    _account(
        368,
        "Account restricted",
        "The business account is restricted or disabled because it broke a policy.",
        "Read the violation in Business Manager, and appeal or wait until it is lifted.",
    ),
    _account(
        130497,
        "Country not allowed",
        "The account may not send messages to people of this country.",
        "Check Meta's list of countries, and the country of the business.",
    ),
    _account(
        131005,
        "Access denied",
        "A permission was not granted, or was taken back.",
        "Grant it to the app again.",
    ),
    _account(
        131031,
        "Account locked",
        "The business account is locked for a policy violation, or its data could not be verified.",
        "Open Business Manager and follow what it asks for.",
    ),
    _account(
        131037,
        "Display name not approved",
        "The line needs an approved display name before it may send.",
        "Have the display name approved in WhatsApp Manager.",
    ),
    _account(
        131042,
        "Payment or balance",
        "There is a problem with the payment: no method, no credit line, or the balance is used up. The message does "
        "not say which.",
        "Open the payment settings of the account and of the provider, resolve it, then send again.",
    ),
    _account(
        131044,
        "No payment method",
        "The account has no valid payment method.",
        "Add one in the payment settings, then send again.",
    ),
    _account(
        131045,
        "Registration of the line wrong",
        "The line could not be used because its registration or certificate is wrong.",
        "Register the line again.",
    ),
    _account(
        131065,
        "No max price in this country",
        "Maximum prices are not available in the person's country.",
        "Send the template without a maximum price.",
        since="2026",
    ),
    _account(
        131070,
        "Chat belongs to another partner",
        "Another partner or app owns this chat at the moment.",
        "Have the chat handed over, or write when it is free.",
        since="2026",
    ),
    _account(
        133010,
        "Line not registered",
        "The line is not registered at the Cloud API.",
        "Register the line, then send again.",
    ),
    _account(
        133016,
        "Too many registrations",
        "The line was registered or deregistered too often.",
        "Wait 72 hours before you register it again.",
    ),
    _account(
        134011,
        "Terms of payment pending",
        "The terms of payment of the marketing messages API are not accepted yet.",
        "Accept them in WhatsApp Manager, then send again.",
        since="2026",
    ),
    _account(
        138000,
        "Calls not enabled",
        "Calling is not enabled for this line.",
        "Enable it in the line's settings.",
        since="2026",
    ),
    _account(
        138038,
        "Not the line for calls",
        "This line or app is not the primary one for calls.",
        "Call from the primary one.",
        since="2026",
    ),
    _account(
        139200,
        "Direct Send blocked",
        "The account may not send with Direct Send.",
        "Send an approved template, and ask the provider why Direct Send is blocked.",
        since="2026",
    ),
    _account(
        147005,
        "User names not available",
        "The account may not use the API of user names here.",
        "Use phone numbers or user ids.",
        since="2026",
    ),
    *(
        _account(
            code,
            "Permission missing",
            "A permission was not granted, or was taken back.",
            "Grant it to the app again.",
        )
        for code in _PERMISSIONS
    ),
)
