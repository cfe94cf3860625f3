"""What starts a conversation. Apart from the events that tell it: a report needs no event."""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """What started a conversation."""

    TEMPLATE = "template"
    NOTIFICATION = "notification"
    WEBCHAT = "webchat"
    CAMPAIGN = "campaign"


REFERRED = frozenset({Origin.WEBCHAT, Origin.CAMPAIGN})
