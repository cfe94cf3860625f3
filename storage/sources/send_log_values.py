"""Values that a send log's readers share: its name, kinds of messages and contacts."""

from __future__ import annotations

from typing import Any

from storage.domain.events import ContactIds
from storage.sources.fields import number_of, text_of

NAME = "send_log"


def kind_of(type: Any, with_template: bool) -> str:
    """The kind of a message: what the request says, else by whether it has a template."""
    return (text_of(type) or ("template" if with_template else "text")).lower()


def contact_of(wa_id: Any, typed: Any, to: str | None, user_id: Any) -> ContactIds:
    """The ids of a recipient.

    Args:
        wa_id: The number that the response gives.
        typed: The recipient as the request had it, repeated in the response.
        to: The recipient in the request: a number or a user id.
        user_id: The user id that the response gives.
    """
    numbers: list[str] = []
    for value in (wa_id, typed, to):
        number = number_of(value)
        if number is not None and number not in numbers:
            numbers.append(number)
    user = text_of(user_id)
    if user is None and to is not None and number_of(to) is None:
        user = to
    return ContactIds(tuple(numbers), user)
