"""What an import asks for (`Options`), where reading can resume (`Offset`), and a file that is being read.

Knows no format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from zoneinfo import ZoneInfo

from storage.domain.events import Item, LineIds, Origin
from storage.domain.log_lines import Items, LinesRead, Sink
from storage.domain.sends import Sends
from storage.sources.date_order import DateOrder
from storage.sources.stream import Stream


class UnknownFormat(ValueError):
    """The format is not recognised. The message is one line that says what is wrong with the file."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the caller wants a file read.

    Attributes:
        time_zone: The zone of times that name none.
        origin: The origin of rows without one.
        line: The line of records without one.
        format: The name of the file's format; None detects it.
        columns: (name of a column, meaning) of a table, where the caller says what its columns mean.
        dates: The order of day and month in dates like 3/11/2026; None decides it for each column.
    """

    time_zone: ZoneInfo
    origin: Origin = Origin.TEMPLATE
    line: LineIds | None = None
    format: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    dates: DateOrder | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """A point between two records: bytes of the uncompressed content before it, and lines before it."""

    position: int = 0
    lines: int = 0


START = Offset()


@dataclass(slots=True)
class OpenedSource:
    """A file whose format is known. `items` reads it once, and the other members say how far it has come.

    Attributes:
        format: The name of the format.
        start: Where reading starts.
        records: Records read so far.
        reached: Bytes and lines up to the end of the last record whose items were all given out. A tuple, because
            it is set once for every record and an `Offset` takes ten times as long to make.
        columns: (name, meaning) of each column of a table, None for one that is not read.
        notes: Gives what a person should know about how the file was read so far, one line each.
    """

    format: str
    _stream: Stream
    _read: Callable[[OpenedSource, int, Sink], Iterator[Item | Sends | LinesRead]]
    start: Offset
    records: int = 0
    columns: tuple[tuple[str, str | None], ...] = ()
    notes: Callable[[], Sequence[str]] = tuple
    reached: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.reached = self.start.position, self.start.lines

    @property
    def position(self) -> int:
        """Bytes of the file read so far, compressed if the file is."""
        return self._stream.position

    @property
    def resume_at(self) -> Offset:
        """Where another reading of this file can start without losing or repeating a record."""
        return Offset(*self.reached)

    @property
    def compressed(self) -> bool:
        """Whether the file is compressed; reading then cannot resume in the middle."""
        return self._stream.compressed

    def items(self) -> Iterator[Item]:
        """Everything in the file, in its order. Bad content gives rejects and never an exception."""
        sink, before = Items(), self.reached
        for part in self.parts(1, sink):
            if type(part) is LinesRead:
                items, after = sink.taken(), self.reached
                # With its last item the whole line is given out, and reading can resume after it.
                self.reached = before
                yield from items[:-1]
                self.reached = after
                yield from items[-1:]
            else:
                assert not isinstance(part, (Sends, LinesRead))
                yield part
            before = self.reached

    def parts(self, most: int, sink: Sink) -> Iterator[Item | Sends | LinesRead]:
        """The same, read faster.

        Many rows of a table may come as one `Sends`, and before or after rows near them. What whole lines of a log say
        is put into the sink before a `LinesRead` comes.

        Args:
            most: How many rows or lines may come at once; 1 for single ones only.
            sink: Takes what whole lines of a log say.
        """
        return chain(self._read(self, most, sink), self._stream.end_rejects())
