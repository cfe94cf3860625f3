"""Tests of webhooks as events: contacts, lines, statuses, and odd or broken webhooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage.domain.events import ContactIds, Failure, Ignored, Inbound, Known, Origin, Send, Status, Step
from storage.sources import formats
from storage.sources.cloud_api import WebhookReader
from storage.sources.opened import Options
from tests.captures import capture, events_of, import_all, items_of, rejects_of
from tests.databases import tsv_of

T = 1795014000  # 2026-11-18T15:00:00Z


def webhook(value: Any, field: str = "messages") -> bytes:
    return json.dumps({"entry": [{"id": "9", "changes": [{"field": field, "value": value}]}]}).encode()


def status(**parts: Any) -> dict[str, Any]:
    return {"id": "wamid.1", "status": "sent", "timestamp": str(T), "recipient_id": "5491105550001"} | parts


def test_the_same_webhooks_in_any_envelope_give_the_same_events() -> None:
    shapes = ["cloud_object.json", "cloud_array.json", "cloud_array_one_line.json", "cloud_log_prefix.log"]
    shapes += ["cloud_pretty_one_after_another.json", "cloud_pretty_without_indent.json", "cloud_body_params.jsonl"]
    shapes += ["cloud_wrapped_body_object.json", "cloud_wrapped_body_text.jsonl", "cloud_wrapped_array.json"]
    expected = events_of(capture("cloud_lines.jsonl"))
    assert len(expected) == 7
    for shape in shapes:
        assert events_of(capture(shape)) == expected, shape


def test_times_in_every_unit_are_milliseconds() -> None:
    times = [event.at for event in events_of(capture("cloud_timestamps.jsonl")) if isinstance(event, Status)]
    assert times == [T * 1000, T * 1000, T * 1000 + 250, T * 1000 + 250, T * 1000]


@pytest.mark.parametrize(
    "timestamp",
    [0, -1, 1e30, 1e308, True, False, None, "", "ayer", "NaN", "Infinity", "-0", [], {}, "99999999999999999999", "²³"],
)
def test_an_invalid_timestamp_is_a_reject(timestamp: Any) -> None:
    (item,) = rejects_of(webhook({"statuses": [status(timestamp=timestamp)]}))
    assert item.where == "line 1"


def test_nan_is_accepted_in_unused_members_only() -> None:
    whole = webhook({"statuses": [status()], "odd": 1}).replace(b'"odd": 1', b'"odd": NaN')
    assert len(events_of(whole)) == 1
    (reject,) = rejects_of(webhook({"statuses": [status(timestamp=1)]}).replace(b'"timestamp": 1', b'"timestamp": NaN'))
    assert "nan" in reject.reason


def test_the_formatting_of_a_lines_number_is_ignored() -> None:
    lines = [event.line for event in events_of(capture("cloud_display_numbers.jsonl"))]
    assert [(line.identifier, line.number) for line in lines] == [
        ("100000000000001", "5491100000001"),
        (None, "5491100000001"),
        ("100000000000001", "5491100000001"),
        (None, None),
    ]


def test_a_contact_has_every_id_that_the_webhook_gives() -> None:
    contacts = [event.contact for event in events_of(capture("cloud_user_ids.jsonl"))]
    ana, beto = "AR.1000000000000001", "AR.1000000000000002"
    assert contacts == [
        ContactIds((), ana),
        ContactIds((), ana),
        ContactIds((), ana, name="Ana"),
        ContactIds(("5491105550001",)),
        ContactIds(("5491105550002",)),
        ContactIds(("5491105550002",), beto, name="Beto"),
        ContactIds(("5491105550001",), ana, name="Ana"),
    ]


def test_known_statuses_are_steps_and_unknown_ones_are_ignored() -> None:
    items = items_of(capture("cloud_statuses.jsonl"))
    assert [item.what for item in items if isinstance(item, Ignored)] == [
        "status deleted",
        "status warning",
        "status missing",
    ]
    assert {item.step for item in items if isinstance(item, Status)} == set(Step)


def test_errors_keep_code_text_and_details() -> None:
    failures = [event.failure for event in events_of(capture("cloud_errors.jsonl")) if isinstance(event, Status)]
    assert failures == [
        Failure(131026, "Message undeliverable", "not on WhatsApp"),
        Failure(131049, "healthy ecosystem", None),
        Failure(130472, None, None),
        Failure(None, "User's number is part of an experiment", None),
        Failure(),
        Failure(),
        Failure(131047, "Re-engagement message", None),
        Failure(132000, "Number of parameters does not match", None),
    ]


def test_the_category_comes_from_pricing_or_the_old_conversation() -> None:
    found = [event.category for event in events_of(capture("cloud_pricing.jsonl")) if isinstance(event, Status)]
    assert found == [
        "marketing",
        "business_initiated",
        "authentication_international",
        "marketing_lite",
        "service",
        "user_initiated",
        "referral_conversion",
        None,
        "utility",
    ]


def test_inbound_messages_keep_kind_context_referral_and_group() -> None:
    events = events_of(capture("cloud_inbound.jsonl"))
    inbound = {event.key: event for event in events if isinstance(event, Inbound)}
    assert [event.kind for event in inbound.values()] == [
        *("button", "interactive", "reaction", "revoke", "edit", "text"),
        *("text", "text", "text", "text", "unsupported"),
    ]
    assert inbound["wamid.i1"].context == "wamid.k1"
    assert inbound["wamid.i10"].context is None  # forwarded
    assert [inbound[f"wamid.i{number}"].origin for number in (1, 7, 8, 9)] == [
        None,
        Origin.CAMPAIGN,
        Origin.CAMPAIGN,
        Origin.WEBCHAT,
    ]
    assert [key for key, event in inbound.items() if event.group] == ["wamid.i6"]
    (echo,) = [event for event in events if isinstance(event, Send)]
    assert (echo.kind, echo.contact.wa_ids) == ("echo", ("5491105550005",))
    (group,) = [event for event in events if isinstance(event, Status) and event.group]
    assert group.contact == ContactIds()


def test_a_changed_number_is_the_same_person_and_a_changed_identity_is_not() -> None:
    moved, other = [
        event.contact for event in events_of(capture("cloud_number_change.jsonl")) if isinstance(event, Inbound)
    ]
    assert moved == ContactIds(("5491105550002", "5491105550001"), replaced="5491105550001")
    assert other == ContactIds(("5491105550003",))


def test_other_webhook_fields_are_ignored_by_name() -> None:
    items = items_of(capture("cloud_other_fields.jsonl"))
    assert [item.what for item in items if isinstance(item, Ignored)] == [
        "field message_template_status_update",
        "field message_template_quality_update",
        "field account_update",
        "field calls",
        "error without a message",
    ]


def test_what_a_person_wants_of_marketing_is_a_message_about_them() -> None:
    (stop,) = [event for event in events_of(capture("cloud_other_fields.jsonl")) if isinstance(event, Inbound)]
    assert (stop.kind, stop.at, stop.line.identifier) == ("marketing_stop", 1_795_014_000_000, "100000000000001")
    assert stop.contact == ContactIds(("5491105550001",), name="Ana")


WISH = {"wa_id": "5491105550001", "category": "marketing_messages", "value": "resume", "timestamp": "1795014000"}


@pytest.mark.parametrize(
    ("wish", "kinds"),
    [
        (WISH, ["marketing_resume"]),
        (WISH | {"wa_id": None, "user_id": "AR.1"}, ["marketing_resume"]),
        (WISH | {"value": "STOP"}, ["marketing_stop"]),
        (WISH | {"value": "interested"}, []),
        (WISH | {"category": "calls"}, []),
        (WISH | {"wa_id": None}, []),
        (WISH | {"timestamp": None}, []),
    ],
)
def test_only_a_stop_or_resume_of_marketing_by_somebody_at_some_time_is_kept(wish: Any, kinds: list[str]) -> None:
    found = items_of(webhook({"user_preferences": [wish]}, "user_preferences"))
    assert [item.kind for item in found if isinstance(item, Inbound)] == kinds
    assert [item.what for item in found if isinstance(item, Ignored)] == ([] if kinds else ["field user_preferences"])


def test_the_same_wish_is_one_message_in_any_file_and_another_is_another() -> None:
    wishes = [WISH, WISH | {"detail": "again"}, WISH | {"value": "stop"}, WISH | {"timestamp": 1_795_014_001}]
    keys = [event.key for event in events_of(webhook({"user_preferences": wishes})) if isinstance(event, Inbound)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_a_wish_of_an_impossible_time_is_a_reject() -> None:
    wish = WISH | {"timestamp": "yesterday"}
    (reject,) = rejects_of(webhook({"user_preferences": [wish]}, "user_preferences"))
    assert "yesterday" in reject.reason


def test_contacts_without_a_message_still_link_their_ids() -> None:
    value = {"contacts": [{"profile": {"name": "Ana"}, "wa_id": "5491105550001", "user_id": "AR.1"}]}
    assert events_of(webhook(value)) == [Known(contact=ContactIds(("5491105550001",), "AR.1", name="Ana"))]


@pytest.mark.parametrize("contact", [{"wa_id": "5491105550001"}, {"profile": {"name": "Ana"}}, {}])
def test_contacts_without_new_information_are_ignored(contact: dict[str, Any]) -> None:
    assert items_of(webhook({"contacts": [contact]})) == [Ignored("contacts without new information")]


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("cloud_broken_in_the_middle.jsonl", ["line 2", "line 4"]),
        ("cloud_broken_end.jsonl", ["line 3"]),
        ("cloud_bad_items.jsonl", ["line 1", "line 4", "line 5", "line 6"]),
    ],
)
def test_broken_records_are_rejects_with_their_line(name: str, places: list[str]) -> None:
    assert [reject.where for reject in rejects_of(capture(name))] == places


def test_a_broken_record_after_a_log_prefix_does_not_affect_the_next() -> None:
    good = webhook({"statuses": [status()]})
    text = b"app | hook " + good[:60] + b"\napp | hook " + good + b" took=3ms\napp | hook " + good + b"\n"
    assert (len(events_of(text)), len(rejects_of(text))) == (2, 1)


# Whether 1,000 levels can be read depends on the version of Python: they are too many for 3.11, and not for 3.13.
@pytest.mark.parametrize(("depth", "rejects"), [(10, {0}), (100, {0}), (1_000, {0, 1}), (100_000, {1})])
def test_deep_nesting_affects_only_its_record(depth: int, rejects: set[int]) -> None:
    good = webhook({"statuses": [status()]})
    for deep in (b'{"a":' * depth + b"1" + b"}" * depth, b'{"entry":' + b"[" * depth + b"]" * depth + b"}"):
        text = good + b"\n" + deep + b"\n" + good
        assert len(events_of(text)) == 2
        assert len(rejects_of(text)) in rejects


@pytest.mark.parametrize(
    ("record", "events", "rejects"),
    [
        ({"statuses": [status(id=123456)]}, 1, 0),
        ({"statuses": [status(id=True)]}, 0, 1),
        ({"statuses": [status(id="")]}, 0, 1),
        ({"statuses": [status(recipient_id=5491105550001)]}, 1, 0),
        ({"statuses": [status(recipient_id=1e300)]}, 1, 0),
        ({"statuses": [status(errors=[{"code": 10**400}], status="failed")]}, 1, 0),
        ({"statuses": [status(errors={"code": 1}, status="failed")]}, 1, 0),
        ({"statuses": [status(errors=[7], status="failed")]}, 0, 1),
        ({"statuses": [[status()], [[]]]}, 0, 2),
        ({"statuses": [status(pricing=[], conversation=0)]}, 0, 1),
        ({"statuses": [status()], "contacts": "nobody", "messages": 7}, 1, 2),
        ({"statuses": [status(biz_opaque_callback_data="\0\ud800x")]}, 1, 0),
        ({"messages": [{"id": "wamid.2", "timestamp": T, "type": ["text"], "from": "1"}]}, 0, 1),
        ({"messages": [{"id": "wamid.2", "timestamp": T}]}, 1, 0),
        ("text", 0, 1),
        ([], 0, 1),
        (7, 0, 1),
    ],
)
def test_values_of_wrong_types_reject_only_their_record(record: Any, events: int, rejects: int) -> None:
    good = webhook({"statuses": [status(id="wamid.good")]})
    text = webhook(record) + b"\n" + good
    assert (len(events_of(text)) - 1, len(rejects_of(text))) == (events, rejects)


def test_the_last_of_two_equal_keys_counts() -> None:
    text = webhook({"statuses": [status()]}).replace(b'"status": "sent"', b'"status": "read", "status": "delivered"')
    (event,) = events_of(text)
    assert isinstance(event, Status)
    assert event.step is Step.DELIVERED


@pytest.mark.long
def test_lines_of_megabytes_are_read_completely() -> None:
    one = webhook({"statuses": [status()]})
    count = 2_000_000 // len(one)
    assert len(events_of(b"[" + b",".join([one] * count) + b"]")) == count
    large = webhook({"statuses": [status()], "padding": "x" * 10_000_000})
    assert len(events_of(large + b"\n" + one)) == 2


def test_the_capture_of_hostile_names_reaches_the_report_as_text(tmp_path: Path) -> None:
    import_all(tmp_path / "saludo.db", capture("hostile_names.jsonl"))
    names = [row["Template/notification"] for row in tsv_of(tmp_path / "saludo.db")]
    assert len(names) == 7
    assert "[bold red]Ana[/] [link=x]" in names
    assert '\'=HYPERLINK("x")' in names
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for name in names for sign in name)


def test_a_name_of_ten_thousand_characters_is_kept() -> None:
    contact = {"profile": {"name": "ñ" * 10_000}, "wa_id": "5491105550001"}
    message = {"id": "wamid.1", "from": "5491105550001", "timestamp": T, "type": "text"}
    (event,) = events_of(webhook({"contacts": [contact], "messages": [message]}))
    assert event.contact.name == "ñ" * 10_000


def test_a_user_id_in_place_of_a_number_is_read_as_a_user_id() -> None:
    """Where people hide their numbers, `recipient_id` and `from` may hold the user id."""
    read = WebhookReader(formats.context_of(Options(ZoneInfo("UTC"))))
    status = {"id": "w", "status": "sent", "timestamp": "1795014000", "recipient_id": "US.1349"}
    message = {"id": "i", "from": "", "from_user_id": "US.1349", "timestamp": "1795014060", "type": "text"}
    found = []
    for part in ({"statuses": [status]}, {"messages": [message]}):
        value = {"metadata": {"phone_number_id": "1"}, **part}
        body = {"entry": [{"changes": [{"field": "messages", "value": value}]}]}
        text = json.dumps(body).encode()
        found += list(read.items(body, text, "line 1") or ())
    assert [item.contact.user_id for item in found if isinstance(item, (Status, Inbound))] == ["US.1349", "US.1349"]


@pytest.mark.parametrize(
    "category", ["authentication-international", "authentication_international", "authenticationInternational"]
)
def test_every_spelling_of_a_category_is_normalised(category: str) -> None:
    status = {"id": "w", "status": "sent", "timestamp": 1795014000, "pricing": {"category": category}}
    body = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [status]}}]}]}
    items = list(
        WebhookReader(formats.context_of(Options(ZoneInfo("UTC")))).items(body, json.dumps(body).encode(), "line 1")
        or ()
    )
    assert [item.category for item in items if isinstance(item, Status)] == ["authentication_international"]
