"""Generates the log of a business: requests to send and webhooks, one JSON text a line, in order of arrival.

Deterministic; generated a day at a time. As in real data, a few templates, lines and people get most of the messages.
Knows no database.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TextIO

from tests.benchmarks.flattened import flat_line

_DAY = 86_400
_FIRST = 1_760_000_000 // _DAY * _DAY  # epoch seconds of the first day
_LATE = 0.03  # share of lines that arrive up to two days late
_TWICE = 0.01  # share of lines that arrive twice
_CODES = (
    (131026, "Message undeliverable"),
    (131049, "This message was not delivered to maintain healthy ecosystem engagement."),
    (131047, "Re-engagement message"),
    (130472, "User's number is part of an experiment"),
)
_CATEGORIES = ("marketing", "utility", "utility", "authentication")


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a log.

    Attributes:
        events: about how many lines the log has.
        days: over how many days they are spread.
        contacts: how many people the sends are drawn from.
        first_day: the first day; a second log can continue where the first one ended.
    """

    events: int
    days: int = 365
    lines: int = 20
    templates: int = 200
    contacts: int = 1_000_000
    first_day: int = 0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line of the log.

    Attributes:
        at: when it arrived, epoch seconds.
        flat: the eight facts that a report needs, as a flat row.
    """

    at: float
    text: str
    flat: dict[str, str | int | None]


def arrivals(size: Size) -> Iterator[Arrival]:
    """The lines of the log in order of arrival; about 3.74 lines a send."""
    chance = random.Random(size.seed)
    sends_a_day = size.events / 3.74 / size.days
    waiting: list[Arrival] = []
    owed = 0.0
    number = size.seed * 1_000_000_000
    for day in range(size.first_day, size.first_day + size.days):
        owed += sends_a_day
        start = _FIRST + day * _DAY
        while owed >= 1:
            owed -= 1
            number += 1
            for one in _lifetime(chance, size, start, number):
                waiting.append(one)
                if chance.random() < _TWICE:
                    waiting.append(Arrival(one.at + chance.random() * 60, one.text, one.flat))
        waiting.sort(key=lambda one: one.at)
        end = start + _DAY
        due = next((place for place, one in enumerate(waiting) if one.at >= end), len(waiting))
        yield from waiting[:due]
        del waiting[:due]
    yield from waiting


def write(path: Path, size: Size, facts: Path | None = None, flattened: Path | None = None) -> int:
    """Writes the log, and optionally the same lines as flat rows. A file gets its name when it is complete.

    Args:
        path: the log.
        facts: rows with the eight facts that a report needs.
        flattened: rows with every value of the line (`flattened.py`).

    Returns:
        The number of lines.
    """
    count = 0
    with _complete_file(path) as log, _complete_file(facts) as few, _complete_file(flattened) as all_of_it:
        for one in arrivals(size):
            log.write(one.text)
            if facts is not None:
                few.write(json.dumps(one.flat) + "\n")
            if flattened is not None:
                all_of_it.write(flat_line(one.text))
            count += 1
    return count


@contextmanager
def _complete_file(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield StringIO()
        return
    part = path.with_name(path.name + ".part")
    with part.open("w") as file:
        yield file
    part.rename(path)


def _skewed(chance: random.Random, count: int, power: float) -> int:
    return int(count * chance.random() ** power)


def _lifetime(chance: random.Random, size: Size, start: int, number: int) -> Iterator[Arrival]:
    """The lines about one send: the request, its statuses, and the answer."""
    line = _skewed(chance, size.lines, 3)
    template = _skewed(chance, size.templates, 3)
    contact = _skewed(chance, size.contacts, 7)
    at = start + int(chance.triangular(8, 22, 11) * 3600) + number % 60
    key = _key(f"{line:02d}O{number}")
    sender = _Sender(line, template, contact, key, f"campaign-{day_of(at) // 7}" if number % 3 else None)
    yield _arrival(chance, at, sender.send(at), sender.flat("request", at))
    category = _CATEGORIES[template % 4]
    if chance.random() < 0.04:
        code, title = chance.choice(_CODES)
        failed = at + 1 + int(chance.random() * 30)
        yield _arrival(chance, failed, sender.failed(failed, code, title), sender.flat("failed", failed, code))
        return
    moment = at + int(chance.random() * 3)
    yield _arrival(chance, moment, sender.status("sent", moment, category), sender.flat("sent", moment))
    if chance.random() < 0.95:
        moment += 1 + int(chance.expovariate(1 / 60))
        yield _arrival(chance, moment, sender.status("delivered", moment, category), sender.flat("delivered", moment))
        if chance.random() < 0.75:
            moment += 5 + int(chance.expovariate(1 / 3600))
            yield _arrival(chance, moment, sender.status("read", moment, category), sender.flat("read", moment))
            if chance.random() < 0.2:
                moment += 10 + int(chance.expovariate(1 / 900))
                answer = _key(f"{line:02d}I{number}")
                yield _arrival(
                    chance, moment, sender.answer(answer, moment, chance.random() < 0.5), sender.flat("answer", moment)
                )


def day_of(at: int) -> int:
    """The day of an epoch second, counted from the first possible day of a log."""
    return (at - _FIRST) // _DAY


def _arrival(chance: random.Random, at: int, text: str, flat: dict[str, str | int | None]) -> Arrival:
    late = chance.random() * 2 * _DAY if chance.random() < _LATE else chance.random()
    return Arrival(at + late, text, flat)


def _key(text: str) -> str:
    return "wamid." + base64.b64encode(f"HBgNNTQ5MTE{text:>22}FQIAERgS".encode()).decode()


@dataclass(frozen=True, slots=True)
class _Sender:
    line: int
    template: int
    contact: int
    key: str
    campaign: str | None

    @property
    def _number(self) -> str:
        return f"5491{100_000_000 + self.contact * 7}"

    def flat(self, what: str, at: int, code: int | None = None) -> dict[str, str | int | None]:
        return {
            "key": self.key,
            "what": what,
            "at": at,
            "line": f"10934000055{self.line:04d}",
            "contact": self._number,
            "template": f"template_{self.template:03d}",
            "campaign": self.campaign,
            "code": code,
        }

    def send(self, at: int) -> str:
        request: dict[str, object] = {
            "messaging_product": "whatsapp",
            "to": self._number,
            "type": "template",
            "template": {
                "name": f"template_{self.template:03d}",
                "language": {"code": "es_AR"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}],
            },
        }
        if self.campaign is not None:
            request["biz_opaque_callback_data"] = self.campaign
        record = {
            "at": at * 1000,
            "phone_number_id": f"10934000055{self.line:04d}",
            "request": request,
            "response": {
                "messaging_product": "whatsapp",
                "contacts": [{"input": self._number, "wa_id": self._number}],
                "messages": [{"id": self.key, "message_status": "accepted"}],
            },
        }
        return json.dumps(record, separators=(",", ":")) + "\n"

    def status(self, step: str, at: int, category: str) -> str:
        return self._webhook(
            f'"statuses":[{{"id":"{self.key}","status":"{step}","timestamp":"{at}","recipient_id":"{self._number}",'
            f'"conversation":{{"id":"c{self.contact:032d}","origin":{{"type":"{category}"}}}},'
            f'"pricing":{{"billable":true,"pricing_model":"PMP","category":"{category}","type":"regular"}}}}]'
        )

    def failed(self, at: int, code: int, title: str) -> str:
        return self._webhook(
            f'"statuses":[{{"id":"{self.key}","status":"failed","timestamp":"{at}","recipient_id":"{self._number}",'
            f'"errors":[{{"code":{code},"title":"{title}","message":"{title}",'
            f'"error_data":{{"details":"Message Undeliverable."}}}}]}}]'
        )

    def answer(self, key: str, at: int, quoted: bool) -> str:
        context = f'"context":{{"from":"5491105{self.line:06d}","id":"{self.key}"}},' if quoted else ""
        return self._webhook(
            f'"contacts":[{{"profile":{{"name":"Person {self.contact}"}},"wa_id":"{self._number}"}}],'
            f'"messages":[{{{context}"from":"{self._number}","id":"{key}","timestamp":"{at}","type":"text",'
            f'"text":{{"body":"Sí, gracias"}}}}]'
        )

    def _webhook(self, inner: str) -> str:
        return (
            '{"object":"whatsapp_business_account","entry":[{"id":"102290000417730","changes":[{"value":{'
            f'"messaging_product":"whatsapp","metadata":{{"display_phone_number":"5491105{self.line:06d}",'
            f'"phone_number_id":"10934000055{self.line:04d}"}},{inner}}},"field":"messages"}}]}}]}}\n'
        )
