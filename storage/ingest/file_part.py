"""One part of a file that is being imported: a batch of merged events, and how far the file is read with it."""

from __future__ import annotations

from dataclasses import dataclass

from storage.domain.events import Reject
from storage.ingest.file_digest import Digest
from storage.messages.batch_merger import Batch
from storage.sources.opened import Offset


@dataclass(frozen=True, slots=True)
class FilePart:
    """A batch and everything that was read with it. It becomes one transaction.

    Attributes:
        format: the name of the file's format.
        batch: the merged events.
        rejects: records that could not be read.
        ignored: how many records hold nothing for the report.
        place: where reading can resume after this part.
        position: bytes of the file read so far, compressed if the file is.
        records: records read so far.
        last: whether the file ends with this part.
        digest: of the bytes up to `place`; None if the reader does not compute it.
        whole: of all bytes up to `position`, with the last part only.
        notes: what a person should know about how the file was read, with the last part only.
    """

    format: str
    batch: Batch
    rejects: list[Reject]
    ignored: int
    place: Offset
    position: int
    records: int
    last: bool
    digest: Digest | None = None
    whole: Digest | None = None
    notes: tuple[str, ...] = ()
