"""What many rows of a table of messages have in common: the line, what was sent, and how far it got.

Each part is made of the cells of a few columns, which repeat, so that a reader can keep what it made of them. Knows no
header.
"""

from __future__ import annotations

from typing import NamedTuple

from storage.domain.events import NO_FLAGS, Failure, Flags, Ignored, LineIds, Origin
from storage.sources.fields import Unreadable, code_of, header_of, identifier_of
from storage.sources.identity import number_of
from storage.sources.status_words import Outcome, is_inbound, outcome_of
from storage.sources.table_cells import cell_text, is_scientific

LINE_COLUMNS = ("line id", "line number", "line name")
CONTENT_COLUMNS = ("template", "campaign", "language", "type", "direction", "origin", "channel")
OUTCOME_COLUMNS = ("status", "error code", "error", "error detail", "status text")

STEP_FLAGS = {
    Outcome.DELIVERED: Flags(delivered=True),
    Outcome.READ: Flags(read=True),
    Outcome.ANSWERED: Flags(answered=True),
}
UNSENT = Ignored("row of a message that was not sent")
_OTHER_CHANNEL = Ignored("row of another channel")
_NO_ERROR = frozenset(("0", "ok", "no error", "none", "success", "sin error", "sem erro", "ninguno", "nenhum", "no"))
_OTHER_CHANNELS = frozenset(
    ("sms", "mms", "rcs", "email", "mail", "correo", "voice", "voz", "call", "push", "telegram", "instagram", "viber")
) | frozenset(("messenger", "facebook", "facebook messenger", "webchat", "web", "line", "apple", "twitter"))
_TEMPLATES = frozenset(
    ("template", "hsm", "plantilla", "modelo", "marketing", "utility", "authentication", "notification", "utilidad")
) | frozenset(("notificacion", "notificacao", "autenticacion", "utilidade", "autenticacao", "whatsapp template"))

Cells = tuple[str, ...]


class Line(NamedTuple):
    """The line of a row; text: as the row names it."""

    ids: LineIds
    text: str | None


class Content(NamedTuple):
    """What was sent; inbound: whether a person wrote it; ignored: why the row holds nothing for the report."""

    template: str | None
    language: str | None
    campaign: str | None
    kind: str | None
    origin: Origin | None
    inbound: bool
    ignored: Ignored | None


class Result(NamedTuple):
    """How far a message got, as its status and its error say.

    Attributes:
        failure: The error; it counts only if the message failed.
        failed: Whether status or error say that it failed.
        flags: The step that the status names.
        ignored: Why the row holds nothing for the report.
        unknown: A status that is not understood.
    """

    failure: Failure
    failed: bool
    flags: Flags
    ignored: Ignored | None
    unknown: str | None


def line_of(cells: Cells) -> Line:
    """The line that the cells of LINE_COLUMNS name; a number that a spreadsheet rounded names none."""
    identifier, number, name = map(cell_text, cells)
    text, digits = identifier or number or name, number_of(number)
    if name is None and digits is None and number is not None and not is_scientific(number):
        name = number
    known = identifier is not None and not is_scientific(identifier)
    return Line(LineIds(identifier_of(identifier) if known else None, digits, name), text)


def content_of(cells: Cells) -> Content:
    """What the cells of CONTENT_COLUMNS say was sent. Raises Unreadable."""
    template, campaign, language, kind, direction, origin, channel = map(cell_text, cells)
    inbound, known_kind = _direction_and_kind(direction, kind, template)
    ignored = _OTHER_CHANNEL if channel is not None and header_of(channel) in _OTHER_CHANNELS else None
    return Content(template, language, campaign, known_kind, _origin(origin, campaign), inbound, ignored)


def _direction_and_kind(direction: str | None, kind: str | None, template: str | None) -> tuple[bool, str]:
    """Whether a message came from a person, and its type; some tables say the direction in the column of the type."""
    inbound = None if direction is None else is_inbound(direction)
    if direction is not None and inbound is None:
        raise Unreadable(f"unknown direction {direction[:40]!r}")
    if direction is None and kind is not None and (inbound := is_inbound(kind)) is not None:
        kind = None
    if kind is None or template is not None or header_of(kind) in _TEMPLATES:
        return bool(inbound), "template"
    return bool(inbound), kind.lower()


def _origin(text: str | None, campaign: str | None) -> Origin | None:
    if campaign:
        return Origin.NOTIFICATION
    if text is None:
        return None
    try:
        return Origin(text.lower())
    except ValueError:
        raise Unreadable(f"unknown origin {text[:40]!r}") from None


def result_of(cells: Cells) -> Result:
    """How far a message got by the cells of OUTCOME_COLUMNS; an error code of 0 is none."""
    status, error_code, text, detail, more = map(cell_text, cells)
    outcome = None if status is None else outcome_of(status)
    code = code_of(error_code)
    text = error_code if code is None and text is None else text
    text = None if text is None or header_of(text) in _NO_ERROR else text
    code = code or None
    failed = outcome is Outcome.FAILED or (outcome not in STEP_FLAGS and (code is not None or text is not None))
    return Result(
        Failure(code, text or (more if failed else None), detail),
        failed,
        NO_FLAGS if outcome is None else STEP_FLAGS.get(outcome, NO_FLAGS),
        UNSENT if outcome is Outcome.UNSENT else None,
        status if outcome is None else None,
    )
