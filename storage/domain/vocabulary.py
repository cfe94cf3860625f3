"""The words that a start is described with; `docs/definitions.md` defines each. Values only.

Apart from `events`, which loads msgspec: what only reads a report needs these words and no event.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum


class Origin(StrEnum):
    """What started a conversation: a template sent alone, a mass notification, a web chat, or an ad or post."""

    TEMPLATE = "template"
    NOTIFICATION = "notification"
    WEBCHAT = "webchat"
    CAMPAIGN = "campaign"


REFERRED = frozenset({Origin.WEBCHAT, Origin.CAMPAIGN})  # the person wrote first, after a referral


class UserType(StrEnum):
    """Whether the contact was unknown (new) or known (recurrent) before the start."""

    NEW = "new"
    RECURRENT = "recurrent"


class StartStatus(StrEnum):
    """The furthest step that a start reached. A notification has one of the first five, a referred start RECEIVED."""

    FAILED = "failed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    RECEIVED = "received"


class Preference(StrEnum):
    """What a person told WhatsApp about your marketing. It is stored as the kind of a message in."""

    STOP = "marketing_stop"
    RESUME = "marketing_resume"


class DataFlag(IntFlag):
    """The data-quality flags of a start.

    Attributes:
        IMPLIED: a step is known only because a later one is recorded.
        CONFLICT: a failure is recorded, and also that the message arrived.
        JOINED: a platform row without a key was joined to this start.
        UNKNOWN_CONTACT: no record identifies the contact.
    """

    IMPLIED = 1
    CONFLICT = 2
    JOINED = 4
    UNKNOWN_CONTACT = 8


# ms: as far from a send is a keyless row that is joined to it. Their start has the earlier time.
JOIN_DISTANCE = 60_000
