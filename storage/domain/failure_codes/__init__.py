"""Every error code that saludo knows, one record a code: what it means, what to do and whether a new try can help.

The modules divide the Cloud API's codes by what is at fault; the codes of the older on-premises API, of Twilio and of
Gupshup stand for them. docs/failures.md is made from these tables.
"""

from __future__ import annotations

from storage.domain.failure_codes.accounts import ACCOUNTS
from storage.domain.failure_codes.limits import LIMITS
from storage.domain.failure_codes.people import PEOPLE
from storage.domain.failure_codes.providers import GUPSHUP, ON_PREMISES, TWILIO
from storage.domain.failure_codes.record import FailureCode
from storage.domain.failure_codes.templates import TEMPLATES

CLOUD_API: tuple[FailureCode, ...] = tuple(
    sorted((*PEOPLE, *LIMITS, *TEMPLATES, *ACCOUNTS), key=lambda record: (record.code, record.words))
)
EVERY_CODE: tuple[FailureCode, ...] = (*CLOUD_API, *ON_PREMISES, *TWILIO, *GUPSHUP)
