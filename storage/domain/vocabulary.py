"""What starts a conversation. Apart from the events that tell it: a report needs no event."""

from __future__ import annotations

from enum import IntFlag, StrEnum


class Origin(StrEnum):
    """What started a conversation."""

    TEMPLATE = "template"
    NOTIFICATION = "notification"
    WEBCHAT = "webchat"
    CAMPAIGN = "campaign"


REFERRED = frozenset({Origin.WEBCHAT, Origin.CAMPAIGN})


class UserType(StrEnum):
    """Whether the contact was known before the start."""

    NEW = "new"
    RECURRENT = "recurrent"


class StartStatus(StrEnum):
    """The furthest a start got; RECEIVED is the status of referred starts."""

    FAILED = "failed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ANSWERED = "answered"
    RECEIVED = "received"


class DataFlag(IntFlag):
    """What the data of a start has that a person should know."""

    IMPLIED = 1
    CONFLICT = 2
    JOINED = 4
