"""Reads the single values of Meta's webhooks: lines, people, steps, categories, failures. Shared by the plain rule in
`cloud_api` and its fast path.

Format: the Cloud API's webhook reference.
"""

from __future__ import annotations

import re

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import ContactIds, Failure, Ignored, LineIds, Origin, Preference, Step
from storage.sources import cloud_api_types as types
from storage.sources.fields import Text, failure_of, text_of
from storage.sources.identity import PEOPLE_OF_ONE, number_of, person

_PEOPLE_KEPT = 50_000
_LINES_KEPT = _CAMPAIGNS_KEPT = 10_000
_WORDS_KEPT = 1_000


class ValueCaches:
    """Values that come again and again in one file: the statuses of a message follow each other closely."""

    def __init__(self) -> None:
        self.lines = BoundedCache(_line_of, _LINES_KEPT)
        self.people = BoundedCache(_person_of, _PEOPLE_KEPT)
        self.campaigns = BoundedCache(text_of, _CAMPAIGNS_KEPT)


def category_of(conversation: types.Conversation | None) -> str | None:
    """The category of a message in older versions of the API."""
    if conversation is None or conversation.origin is None:
        return None
    return CATEGORIES[conversation.origin.type]


def first_failure(errors: list[types.Error] | None) -> Failure:
    """What the first of a status's errors says; an empty failure where there is none."""
    if not errors:
        return Failure()
    error = errors[0]
    details = error.error_data.details if error.error_data is not None else error.details
    return failure_of(error.code, error.title or error.message, details)


def replied_key(context: types.Context | None) -> str | None:
    """The key of the message that a person replies to. A forwarded message or a product enquiry replies to none."""
    if context is None or context.forwarded or context.frequently_forwarded or context.referred_product:
        return None
    return text_of(context.id)


def origin_of(referral: types.Referral | None) -> Origin | None:
    """What brought the person who writes."""
    if referral is None:
        return None
    return Origin.CAMPAIGN if referral.source_type in ("ad", "post") else Origin.WEBCHAT


def preference_of(preference: types.UserPreference) -> Preference | None:
    """Whether a person stops or resumes marketing; None if it is about something else."""
    if text_of(preference.category) not in (None, "marketing_messages"):
        return None
    return _PREFERENCES.get((text_of(preference.value) or "").lower())


def _line_of(ids: tuple[Text, Text]) -> LineIds:
    return LineIds(identifier=text_of(ids[0]), number=number_of(ids[1]))


def _person_of(ids: tuple[Text, Text]) -> ContactIds:
    return PEOPLE_OF_ONE[ids[0]] if ids[1] is None else person(*ids)


def _step_of(word: Text) -> Step | Ignored:
    plain = (text_of(word) or "").lower()
    return _STEP_OF_WORD.get(plain) or Ignored(f"status {plain or 'missing'}"[:60])


def _category(word: Text) -> str | None:
    """A category in lower case with `_`: webhooks also write "authentication-international" and "utilityLite"."""
    category = text_of(word)
    return None if category is None else _CAMEL_CASE.sub("_", category).lower().replace("-", "_")


_PREFERENCES = {"stop": Preference.STOP, "resume": Preference.RESUME}
_STEP_OF_WORD = {step.value: step for step in Step}
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
STEPS = BoundedCache(_step_of, _WORDS_KEPT)
CATEGORIES = BoundedCache(_category, _WORDS_KEPT)
