"""TODO."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from zoneinfo import ZoneInfo

from storage.domain.events import Item, LineIds, Origin
from storage.sources.stream import Stream


class UnknownFormat(ValueError):
    """The file is of no known format; the message says what is wrong with it in one line."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an import is told: the zone of naive times, what rows without an origin or a line are of, and a format."""

    time_zone: ZoneInfo
    origin: Origin = Origin.TEMPLATE
    line: LineIds | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """A place between two records: bytes of the content before it, and lines."""

    position: int = 0
    lines: int = 0


START = Offset()


@dataclass(slots=True)
class OpenedSource:
    """A recognised file: `items` reads it once; `position` and `records` say how far that is. Reading can go on another
    time where it was `done`."""

    format: str
    _stream: Stream
    _read: Callable[[OpenedSource], Iterator[Item]]
    begin: Offset
    records: int = 0
    reached: tuple[int, int] = field(init=False)  # position and lines: all before was given out with the last item

    def __post_init__(self) -> None:
        self.reached = self.begin.position, self.begin.lines

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return self._stream.position

    @property
    def done(self) -> Offset:
        """The last place that everything before was given out of."""
        return Offset(*self.reached)

    @property
    def packed(self) -> bool:
        """Whether the file is compressed: then reading can't go on at a place."""
        return self._stream.packed

    def items(self) -> Iterator[Item]:
        """Everything the file holds, in its order; never raises for what is in it."""
        return chain(self._read(self), self._stream.end())
