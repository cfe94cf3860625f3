"""Fills a published version with the starts of the benchmarks, generated inside ClickHouse: those of `starts` by kind.

The same distributions as `tests.benchmarks.starts` draws from, with hashes of the start's number in place of dice. Only
what reports and pages read is filled in. 100 million starts take minutes and not hours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from zoneinfo import ZoneInfo

from storage.clickhouse.engine import Engine
from storage.domain.calendar import Calendar
from storage.published.version_tables import name_in
from tests.benchmarks.starts import DAYS, FAILURES, FIRST, LINES, TEMPLATES, ZONE, line_value, template_name

_AT_ONCE = 5_000_000
_DRAWS = 17  # templates that a line draws on a day, as in `starts`

_STARTS = """
INSERT INTO {messages} (start_at, key, origin, day, line, start_template, contact, user_type, status, failure_code,
                        failure_reason, marks, contact_label, contact_name)
WITH arrayFirstIndex(weight -> {dice_line} < weight, {lines}) AS drawn_line,
     if({dice_referred} < 0.9, bitXor(toUInt8(drawn % 3 > 0), toUInt8({dice_origin} < 0.05)),
        2 + toUInt8({dice_referred} < 0.95)) AS drawn_origin,
     if(drawn_origin >= 2, 5, multiIf({dice_status} < 0.04, 0, {dice_status} < 0.1, 1, {dice_status} < 0.45, 2,
                                      {dice_status} < 0.82, 3, 4)) AS drawn_status,
     least({failures}, 1 + toUInt32(-log(1 - {dice_failure}) / 0.9)) AS failure
SELECT at, concat('wamid.HBgNNTQ5MTE2', lower(hex(toUInt32(number * 2654435761 % 4294967296))), lower(hex(number)),
                  'FQIAERgSOEQ5QzZFQjU0RkE5'),
       drawn_origin, local_day, drawn_line, if(drawn_origin >= 2, NULL, drawn),
       toUInt32(1 + floor({contacts} * pow({dice_contact}, 1.6))) AS drawn_contact, toUInt8({dice_user} >= 0.12),
       drawn_status,
       if(drawn_status = 0, {codes}[failure], NULL), if(drawn_status = 0, {reasons}[failure], NULL),
       drawn_status = 4 AND {dice_marks} < 0.2, {label}, {name}
FROM (
    SELECT number, at, local_day, s.used[1 + toUInt32(floor(length(s.used) * pow({dice_template}, 2)))] AS drawn
    FROM (
        SELECT number, {start} + intDiv(number * {length}, {count} * 1000) * 1000 AS at,
               toInt32(toDate(toDateTime(intDiv(at, 1000), '{zone}'))) AS local_day,
               arrayFirstIndex(weight -> {dice_line} < weight, {lines}) AS of_line
        FROM numbers({first}, {some})
    ) AS n
    INNER JOIN (
        SELECT toInt32({first_day} + number % {days}) AS used_day, 1 + intDiv(number, {days}) AS used_line,
               arrayDistinct(arrayMap(
                   draw -> toInt64(1 + floor({templates} * pow(cityHash64(number, draw) / pow(2, 64), 2.5))),
                   range({draws}))) AS used
        FROM numbers({days} * {all_lines})
    ) AS s ON s.used_day = n.local_day AND s.used_line = n.of_line
)
"""
_CONTACTS = """
INSERT INTO {table} (id, label, name)
SELECT toUInt32(1 + number) AS drawn_contact, {label}, {name} FROM numbers({contacts})
"""
_LABEL = "concat('549116', leftPad(toString(drawn_contact), 7, '0'))"
_NAME = "concat('Person ', toString(drawn_contact))"
_DICE = ("line", "template", "referred", "origin", "status", "failure", "contact", "user", "marks")


def fill(engine: Engine, version: int, count: int, progress: Callable[[int], None]) -> None:
    """Fills the tables of a version, which are empty.

    Args:
        count: how many starts.
        progress: called now and then with the number of starts written.
    """
    calendar = Calendar(ZoneInfo(ZONE))
    start = calendar.start_of(FIRST)
    weights = list(accumulate(1 / (rank + 2) ** 0.9 for rank in range(LINES)))
    values = {
        **{"messages": name_in(version, "messages"), "zone": ZONE, "count": count, "contacts": max(1_000, count // 10)},
        **{"start": start, "length": calendar.start_of(FIRST + DAYS) - start, "first_day": FIRST, "days": DAYS},
        **{"all_lines": LINES, "templates": TEMPLATES, "draws": _DRAWS, "failures": len(FAILURES)},
        "lines": [weight / weights[-1] for weight in weights],
        "codes": f"[{', '.join('NULL' if code is None else str(code) for code, _ in FAILURES)}]",
        "reasons": [reason for _, reason in FAILURES],
        **{"label": _LABEL, "name": _NAME},
        **{f"dice_{name}": f"(cityHash64(number, '{name}') / pow(2, 64))" for name in _DICE},
    }
    for first in range(0, count, _AT_ONCE):
        engine.run(_STARTS.format(first=first, some=min(_AT_ONCE, count - first), **values))
        progress(min(count, first + _AT_ONCE))
    engine.run(_CONTACTS.format(table=name_in(version, "contacts"), **values))
    _insert(engine, version, "settings", [("time_zone", ZONE)], ("key", "value"))
    lines = [(line, f"Line {line}", line_value(line)) for line in range(1, LINES + 1)]
    _insert(engine, version, "lines", lines, ("id", "label", "value"))
    _insert(engine, version, "line_ids", [(value[1:], 0, line) for line, _, value in lines], ("text", "kind", "line"))
    names = [(template, template_name(template)) for template in range(1, TEMPLATES + 1)]
    _insert(engine, version, "templates", names, ("id", "name"))


def _insert(
    engine: Engine, version: int, table: str, rows: Sequence[tuple[object, ...]], columns: tuple[str, ...]
) -> None:
    engine.insert(name_in(version, table), dict(zip(columns, zip(*rows, strict=True), strict=True)))
