"""Reads single values as sources write them: times, numbers, booleans, errors. Makes keys and rejects of records.

Knows no format in particular.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from storage.domain.events import Failure, Reject

Text = str | int | float | None  # a text in JSON: some programs write texts of digits as numbers

# UTC epoch ms. WhatsApp began in 2009; other times come from a wrong unit or clock, and would stretch every chart.
EARLIEST = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)

_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})[ T,]*(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_EXCERPT, _EXCERPT_BYTES = 80, 400  # of a reject: shown characters, and bytes that they are made of
_ASCII_BLANKS = bytes(one for one in range(128) if chr(one).isspace())
_TRUE = frozenset(("true", "1", "si", "sí", "yes", "y", "t", "v", "x", "verdadero", "verdadeiro", "sim"))
_FALSE = frozenset(("false", "0", "no", "n", "f", "falso", "nao", "não"))
_FRACTION = re.compile(r"\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+")
_WHOLE_DECIMAL = re.compile(r"(\d+)[.,]0")  # data frames write whole numbers so, in columns with empty cells
_SPACED_ZONE = re.compile(r"(?<=\d) +(?:(UTC|GMT|Z)|([+-]\d\d:?\d\d))$")


class Unreadable(ValueError):
    """A record cannot be read; the message says why."""


def time_of(value: Any, zone: ZoneInfo) -> int | None:
    """A time as UTC epoch ms; None where the value is empty.

    Args:
        value: Epoch seconds or (from 10^12 on) milliseconds, as number or text; or text in ISO 8601 or day/month/year.
        zone: The zone of a text that names none.

    Raises:
        Unreadable: It is none of these, or not from 2009 to 2099.
    """
    if type(value) is str and len(value) == 10:  # the form of webhooks: epoch seconds of these years have ten digits
        try:
            at = int(value) * 1000
        except ValueError:
            at = 0
        if EARLIEST <= at < LATEST:
            return at
    elif type(value) is int and EARLIEST <= value < LATEST:  # the form of programs: milliseconds
        return value
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Unreadable(f"invalid time {str(value)[:40]!r}")
    try:
        at = _epoch(float(value)) if not isinstance(value, str) else _time_of_text(value.strip(), zone)
    except (ValueError, OverflowError):
        raise Unreadable(f"invalid time {str(value)[:40]!r}") from None
    if not EARLIEST <= at < LATEST:
        raise Unreadable(f"time {str(value)[:40]!r} is before 2009 or after 2099")
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
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is added below
    else:
        moment = datetime.fromisoformat(_SPACED_ZONE.sub(lambda found: found[2] or "+00:00", text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def text_of(value: Any) -> str | None:
    """A value as text that can be stored; None where it is empty. NUL and lone surrogates become U+FFFD."""
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
    """An identifier as text, without the ".0" or ",0" that data frames add; None where it is empty."""
    text = text_of(value)
    whole = None if text is None else _WHOLE_DECIMAL.fullmatch(text)
    return text if whole is None else whole[1]


def code_of(value: Any) -> int | None:
    """An error code as a number; None where the value is no number."""
    text = text_of(value)
    if text is None or isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}(\.0+)?", text):
        return None
    return int(float(text))


def boolean_of(text: str | None) -> bool | None:
    """A boolean in any spelling; None where the text is empty.

    Raises:
        Unreadable: It is another word.
    """
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
    """A column's name for comparison, without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.replace("\ufeff", "")).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def keyless_key(format: str, *parts: str | None) -> str:
    """The key of a record that has none: records with equal parts are one message in any file.

    Args:
        format: The name of the format.
        parts: What tells two messages apart.
    """
    text = "\x1f".join(part or "" for part in parts)
    return f"{format}:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"


def keyless_pattern(formats: Iterable[str]) -> re.Pattern[str]:
    """Matches the keys that `keyless_key` makes for formats of these names."""
    return re.compile(rf"({'|'.join(map(re.escape, formats))}):[0-9a-f]{{32}}")


def failure_of(code: Any, text: Any, detail: Any) -> Failure:
    """A failure of an error's parts. A code that is no number becomes the text where there is none."""
    number, words, more = code_of(code), text_of(text), text_of(detail)
    if number is None and code is not None and words is None:
        words = text_of(code)
    return Failure(number, words, more)


def reject(where: str, reason: str, record: bytes) -> Reject:
    """A reject whose excerpt has digits masked and control characters removed, to protect people and terminals.

    Args:
        where: The record's place in the file.
        reason: Why it cannot be read.
        record: Its bytes.
    """
    start = record[:_EXCERPT_BYTES]
    if start.isascii():  # a tenth of the time, where a table is nothing but rejects
        shown = start.strip(_ASCII_BLANKS)[:_EXCERPT].translate(_ASCII_SHOWN).decode()
    else:
        shown = "".join(map(_shown, start.decode("utf-8", "replace").strip()[:_EXCERPT]))
    digest = hashlib.sha256(record.strip()).hexdigest()[:32]
    return Reject(where, _reason_of(reason), shown, digest)


@lru_cache(maxsize=1_000)  # the same text for the same reason, as a batch holds many thousands
def _reason_of(text: str) -> str:
    return " ".join(text.split())[:200]


def _shown(sign: str) -> str:
    return "#" if sign.isdigit() else sign if sign.isprintable() else " "


_ASCII_SHOWN = "".join(map(_shown, map(chr, range(128)))).encode() + bytes(range(128, 256))


def base64_text(value: str) -> str | None:
    """The text that was encoded as base64; None where it was not."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return None
