"""Many sends of one table, column by column: a table of a million rows has no time for an event of each row.

A `Sends` says no more than the list of events that it iterates over. Knows no format and no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress, repeat
from typing import TypeVar, final

import msgspec

from storage.domain.events import NO_FLAGS, ContactIds, Failure, Flags, LineIds, Origin, Rank, Send

_Value = TypeVar("_Value")
_NO_LINE = LineIds()
Times = Sequence["int | None"]
Texts = Sequence["str | None"]


@final
class Sends(msgspec.Struct, frozen=True, gc=False):
    """Messages that were sent, each a row of the columns. No text in them is empty.

    The columns are as long as `keys`; a column that is None has no value in any row. The members are those of `Send`.

    Attributes:
        numbers: The number of each contact, where every contact is known by one number and has no name.
        contacts: The contacts, where `numbers` is None.
        lines: The line of each; `default_line` is that of the rows whose line is unknown.
        origins: The origin of each; `default_origin` is that of the rows without one. None of them is referred.
        failures: Why a message failed: where it has a value, `failed_at` has one, and only there.
    """

    rank: Rank
    keys: Sequence[str]
    at: Sequence[int]
    lines: Sequence[LineIds]
    numbers: Sequence[str] | None = None
    contacts: Sequence[ContactIds] | None = None
    keyless: bool = False
    derived: bool = False
    kinds: Texts | None = None
    templates: Texts | None = None
    languages: Texts | None = None
    campaigns: Texts | None = None
    origins: Sequence[Origin | None] | None = None
    default_origin: Origin | None = None
    default_line: LineIds | None = None
    accepted_at: Times | None = None
    session_start: Times | None = None
    sent_at: Times | None = None
    delivered_at: Times | None = None
    read_at: Times | None = None
    answered_at: Times | None = None
    failed_at: Times | None = None
    failures: Sequence[Failure | None] | None = None
    flags: Sequence[Flags] | None = None
    channel_ids: Texts | None = None
    agent_groups: Texts | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Send]:
        """The same as events."""
        contacts = self.contacts or [ContactIds((number,)) for number in self.numbers or ()]
        columns = (
            *(self.kinds, self.templates, self.languages, self.campaigns, self.origins, self.accepted_at),
            *(self.session_start, self.sent_at, self.delivered_at, self.read_at, self.answered_at, self.failed_at),
            *(self.failures, self.flags, self.channel_ids, self.agent_groups),
        )
        rows = zip(self.keys, self.at, self.lines, contacts, *(_filled(column) for column in columns), strict=False)
        for key, at, line, contact, kind, template, language, campaign, origin, accepted, *times_and_more in rows:
            session, sent, delivered, read, answered, failed, failure, flags, channel, groups = times_and_more
            yield Send(
                key,
                self.rank,
                at,
                line,
                contact,
                keyless=self.keyless,
                derived=self.derived,
                kind=kind,
                template=template,
                language=language,
                campaign=campaign,
                origin=origin,
                default_origin=None if origin is not None else self.default_origin,
                default_line=None if line != _NO_LINE else self.default_line,
                accepted_at=accepted,
                session_start=session,
                sent_at=sent,
                delivered_at=delivered,
                read_at=read,
                answered_at=answered,
                failed_at=failed,
                failure=failure,
                flags=NO_FLAGS if flags is None else flags,
                channel_id=channel,
                agent_groups=groups,
            )

    def only(self, kept: Sequence[bool]) -> Sends:
        """The rows for which `kept` is true."""
        chosen: dict[str, Sequence[object]] = {}
        of_column: dict[int, Sequence[object]] = {}  # one column may stand in two places, which is worth to be known
        for name in _COLUMNS:
            if (column := getattr(self, name)) is not None:
                if id(column) not in of_column:
                    of_column[id(column)] = list(compress(column, kept))
                chosen[name] = of_column[id(column)]
        return msgspec.structs.replace(self, **chosen)


_CONSTANTS = ("rank", "keyless", "derived", "default_origin", "default_line")
_COLUMNS = tuple(name for name in Sends.__struct_fields__ if name not in _CONSTANTS)


def _filled(column: Sequence[_Value] | None) -> Iterator[_Value | None]:
    return repeat(None) if column is None else iter(column)
