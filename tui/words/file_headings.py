"""The headings of what is copied and saved of charts and breakdowns. What stands below them is in no language.

Exports of starts and people have headings of their own, which importers read (`storage/table/export_*.py`).
"""

from __future__ import annotations

from storage.language.texts import pgettext

DAILY = (
    pgettext("heading", "day"),
    pgettext("heading", "failed"),
    pgettext("heading", "sent"),
    pgettext("heading", "delivered"),
    pgettext("heading", "read"),
    pgettext("heading", "answered"),
    pgettext("heading", "referred"),
)
FAILURES = (
    pgettext("heading", "reason"),
    pgettext("heading", "code"),
    pgettext("heading", "sends"),
    pgettext("heading", "users"),
    pgettext("heading", "title"),
)
FUNNEL = (
    pgettext("heading", "step"),
    pgettext("heading", "count"),
    pgettext("heading", "of_previous"),
    pgettext("heading", "of_first"),
)
PARTS = (pgettext("heading", "count"), pgettext("heading", "share"))
TILES = (
    pgettext("heading", "tile"),
    pgettext("heading", "value"),
    pgettext("heading", "count"),
    pgettext("heading", "of"),
)
TILES_BEFORE = (
    pgettext("heading", "value before"),
    pgettext("heading", "count before"),
    pgettext("heading", "of before"),
)
NAME = pgettext("heading", "Name")
COUNTS = (
    pgettext("heading", "Starts"),
    pgettext("heading", "Sends"),
    pgettext("heading", "Users"),
    pgettext("heading", "Delivered"),
    pgettext("heading", "Read"),
    pgettext("heading", "Answered"),
    pgettext("heading", "Failed"),
)
RATES = (
    pgettext("heading", "Delivered rate"),
    pgettext("heading", "Read rate"),
    pgettext("heading", "Answered rate"),
    pgettext("heading", "Failed rate"),
)
RATES_BEFORE = (
    pgettext("heading", "Delivered rate before"),
    pgettext("heading", "Read rate before"),
    pgettext("heading", "Answered rate before"),
    pgettext("heading", "Failed rate before"),
)
OF_FAILURES = (
    pgettext("heading", "Failed"),
    pgettext("heading", "Users"),
    pgettext("heading", "Share of failed"),
)
CHANGE = pgettext("heading", "Change of starts")
