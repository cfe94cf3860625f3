"""The integers that `messages` stores for origins, user types and statuses. Knows no table.

An integer is the position of the value in ORIGINS, USER_TYPES or STATUSES. Databases hold these integers: append new
values, never reorder. The order also carries meaning: origins from REFERRED_FROM on are referred starts, and statuses
from STATUS_SENT to STATUS_ANSWERED are steps, each further than the one before.
"""

from __future__ import annotations

from storage.domain.vocabulary import Origin, StartStatus, UserType

ORIGINS = (Origin.TEMPLATE, Origin.NOTIFICATION, Origin.WEBCHAT, Origin.CAMPAIGN)
ORIGIN_TEMPLATE, ORIGIN_NOTIFICATION, ORIGIN_WEBCHAT, ORIGIN_CAMPAIGN = range(len(ORIGINS))
REFERRED_FROM = ORIGIN_WEBCHAT  # sends come before, referred starts from here on

USER_TYPES = (UserType.NEW, UserType.RECURRENT)
USER_NEW, USER_RECURRENT = range(len(USER_TYPES))

STATUSES = (
    StartStatus.FAILED,
    StartStatus.SENT,
    StartStatus.DELIVERED,
    StartStatus.READ,
    StartStatus.ANSWERED,
    StartStatus.RECEIVED,
)
STATUS_FAILED, STATUS_SENT, STATUS_DELIVERED, STATUS_READ, STATUS_ANSWERED, STATUS_RECEIVED = range(len(STATUSES))
