"""Single values as sources write them: times, numbers, booleans, error codes; and what a reject shows of a record.

Knows no format and no event's meaning.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from storage.domain.events import Reject

# WhatsApp began in 2009; what lies outside is a wrong unit or a broken clock, and would stretch every chart.
EARLIEST = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)

_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})[ T,]*(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_TRUE = frozenset(("true", "1", "si", "sí", "yes", "y", "t", "v", "x", "verdadero", "verdadeiro", "sim"))
_FALSE = frozenset(("false", "0", "no", "n", "f", "falso", "nao", "não"))
_NUMBER = re.compile(r"\+?[\d\s().\-/]+")
_FRACTION = re.compile(r"\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+")
_WAS_FLOAT = re.compile(r"(\d+)\.0")  # how tables with gaps write whole numbers
_ZONE_APART = re.compile(r"(?<=\d) +(?:(UTC|GMT|Z)|([+-]\d\d:?\d\d))$")


class Unreadable(ValueError):
    """A record that cannot be read; the message says why."""


def time_of(value: Any, zone: ZoneInfo) -> int | None:
    """A time as UTC epoch ms, None where there is none.

    Epoch seconds or (from 10^12 on) milliseconds, as number or text; ISO 8601, or day/month/year, in `zone` where it
    names none. Raises Unreadable for anything else, and for what lies before 2009 or after 2099.
    """
    if type(value) is str and len(value) == 10:  # as webhooks write it: seconds of these years have ten digits
        try:
            at = int(value) * 1000
        except ValueError:
            at = 0
        if EARLIEST <= at < LATEST:
            return at
    elif type(value) is int and EARLIEST <= value < LATEST:  # as programs write it
        return value
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Unreadable(f"the time {str(value)[:40]!r} cannot be read")
    try:
        at = _epoch(float(value)) if not isinstance(value, str) else _time_of_text(value.strip(), zone)
    except (ValueError, OverflowError):
        raise Unreadable(f"the time {str(value)[:40]!r} cannot be read") from None
    if not EARLIEST <= at < LATEST:
        raise Unreadable(f"the time {str(value)[:40]!r} lies before 2009 or after 2099")
    return at


def _epoch(number: float) -> int:
    return round(number if number >= 1e12 else number * 1000)


def _time_of_text(text: str, zone: ZoneInfo) -> int:
    if re.fullmatch(r"\d{9,14}", text):
        number = int(text)
        return number if number >= 10**12 else number * 1000
    if _FRACTION.fullmatch(text) is not None:
        return _epoch(float(text))
    if (found := _DAY_FIRST.fullmatch(text)) is not None:
        day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone follows
    else:
        moment = datetime.fromisoformat(_ZONE_APART.sub(lambda zone: zone[2] or "+00:00", text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def text_of(value: Any) -> str | None:
    """A value as text that can be stored; None where it is empty. Lone surrogates and NUL become U+FFFD."""
    if value is None:
        return None
    if type(value) is str and value.isascii() and "\0" not in value:
        return value.strip() or None
    if isinstance(value, (dict, list)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else str(value)
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.strip() or None


def identifier_of(value: Any) -> str | None:
    """An identifier of digits as text, also where a table with gaps made a decimal of it; None where it is empty."""
    text = text_of(value)
    whole = None if text is None else _WAS_FLOAT.fullmatch(text)
    return text if whole is None else whole[1]


def number_of(value: Any) -> str | None:
    """The digits of a phone number, whatever its formatting; None where it is none."""
    if type(value) is str and value.isascii() and value.isdigit():
        return value
    text = text_of(value)
    if text is None or _NUMBER.fullmatch(text) is None:
        return None
    if _WAS_FLOAT.fullmatch(text) is not None:
        return identifier_of(text)
    return re.sub(r"\D", "", text) or None


def code_of(value: Any) -> int | None:
    """An error code as a number, None where it is none."""
    text = text_of(value)
    if text is None or isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}(\.0+)?", text):
        return None
    return int(float(text))


def boolean_of(text: str | None) -> bool | None:
    """A boolean in any spelling, None where it is empty; raises Unreadable for any other word."""
    if text is None:
        return None
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if not word:
        return None
    raise Unreadable(f"{text[:40]!r} is neither true nor false")


def header_of(text: str) -> str:
    """A column's name for comparison: no case, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", text.replace("\ufeff", "")).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def keyless_key(format: str, *parts: str | None) -> str:
    """The key of a row that has none: the same text of the same columns is the same message in any file."""
    text = "\x1f".join(part or "" for part in parts)
    return f"{format}:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"


KEYLESS_KEY = re.compile(r"(botmaker|send_log):[0-9a-f]{32}")


def reject(where: str, reason: str, record: bytes) -> Reject:
    """A reject with an excerpt in which no digit and no control character is left."""
    start = record[:400].decode("utf-8", "replace").strip()
    shown = "".join("#" if sign.isdigit() else sign if sign.isprintable() else " " for sign in start)
    digest = hashlib.sha256(record.strip()).hexdigest()[:32]
    return Reject(where, " ".join(reason.split())[:200], shown[:80], digest)


def base64_text(value: str) -> str | None:
    """Text that was packed as base64, None where it was not."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return None
