"""Imports random changes of valid inputs: nothing raises, what is lost is told, and reading can stop anywhere."""

from __future__ import annotations

import io
import random
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

from storage.database.connection import reading
from storage.domain.events import Ignored, Item, Reject
from storage.ingest import kept_rejects
from storage.ingest.importer import FileError
from storage.sources.opened import Offset, UnknownFormat
from storage.sources.recognition import open_source
from storage.sources.stream import Stream
from tests.captures import OPTIONS, import_all, in_parts
from tests.faults.mutations import CORPUS, mutated
from tests.faults.tally import Result

_SECONDS, _SECONDS_A_BYTE = 2.0, 20e-6  # CPU that an input may take on a busy machine
_ROWS_TOGETHER = 1_000
_WHOLE_IMPORT = 25  # one of so many is imported into a database
_SHORTENING = 20.0  # seconds


def fuzz(seconds: int, seed: int | None = None) -> Result:
    """Tries inputs for so many seconds; each that fails is shortened and kept in the corpus."""
    end, tries, took, failures = time.monotonic() + seconds, 0, 0, list[str]()
    first = time.time_ns() if seed is None else seed
    while time.monotonic() < end:
        content = mutated(random.Random(first + tries))
        tries += 1
        took += _is_recognised(content)
        if (found := fault_of(content, whole=tries % _WHOLE_IMPORT == 0)) is not None:
            path = _kept(shortened(content, partial(_has_fault, _kind(found))))
            failures.append(f"{path.name}: {found}")
    return Result(tries, took, tuple(failures))


def fault_of(content: bytes, *, whole: bool = False) -> str | None:
    """What is wrong with how an input is read; None where nothing is.

    Args:
        content: A file.
        whole: Whether to import it into a database as well.
    """
    began = time.process_time()
    try:
        items, places = _read(content)
    except UnknownFormat as error:
        return None if str(error).strip() and "\n" not in str(error) else "no reason why it is not recognised"
    except Exception:
        return traceback.format_exc()
    taken = time.process_time() - began
    if taken > _SECONDS and taken > _SECONDS + _SECONDS_A_BYTE * (size := _unpacked_size(content)):
        return f"slow: {taken:.1f} s for {size} bytes"
    if (wrong := next((one for one in items if isinstance(one, Reject) and not _is_told(one)), None)) is not None:
        return f"not told: {wrong}"
    try:
        return _resumed(content, items, places) or _in_parts(content, items) or (_imported(content) if whole else None)
    except Exception:
        return traceback.format_exc()


def _read(content: bytes, start: tuple[int, int] = (0, 0)) -> tuple[list[Item], list[tuple[tuple[int, int], int]]]:
    """The items of a file, and where reading can resume behind how many of them."""
    source = open_source(io.BytesIO(content), OPTIONS, Offset(*start))
    items: list[Item] = []
    places: list[tuple[tuple[int, int], int]] = []
    for item in source.items():
        items.append(item)
        if not source.compressed and (not places or places[-1][0] != source.reached):
            places.append((source.reached, len(items)))
    return items, places


def _unpacked_size(content: bytes) -> int:
    return sum(map(len, Stream(io.BytesIO(content)).lines()))


def _is_told(reject: Reject) -> bool:
    return bool(reject.where and reject.reason) and reject.excerpt.isprintable() and len(reject.excerpt) <= 80


def _resumed(content: bytes, items: list[Item], places: list[tuple[tuple[int, int], int]]) -> str | None:
    """What differs if reading stops in the middle and resumes."""
    if len(places) < 2:
        return None
    place, count = places[len(places) // 2]
    again = [*items[:count], *_read(content, place)[0]]
    for kind, both in (("events", _events), ("rejects", _rejects)):
        if both(again) != both(items):
            return f"other {kind} if reading resumes at byte {place[0]}"
    return None


def _in_parts(content: bytes, items: list[Item]) -> str | None:
    """What differs if many rows or lines are read at once, as an import does."""
    found = [*in_parts(open_source(io.BytesIO(content), OPTIONS), _ROWS_TOGETHER)]
    for kind, both in (("events", _events), ("rejects", _rejects)):
        if both(found) != both(items):
            return f"other {kind} if rows are read together"
    return None


def _events(items: list[Item]) -> set[str]:
    return {repr(item) for item in items if not isinstance(item, (Reject, Ignored))}


def _rejects(items: list[Item]) -> set[tuple[str, str]]:
    return {(item.reason, item.digest) for item in items if isinstance(item, Reject)}


def _imported(content: bytes) -> str | None:
    """What is wrong with an import of a file into a database."""
    with tempfile.TemporaryDirectory() as directory:
        path, database = Path(directory, "input"), Path(directory, "saludo.db")
        path.write_bytes(content)
        try:
            (summary,) = import_all(database, path)
            with reading(database) as connection:
                kept = [*kept_rejects.every(connection)]
        except FileError:
            return None
        if len(kept) != summary.rejects or not all(one.file and one.place and one.reason for one in kept):
            return f"{summary.rejects} rejects and {len(kept)} kept"
    return None


def _is_recognised(content: bytes) -> bool:
    try:
        open_source(io.BytesIO(content), OPTIONS)
    except UnknownFormat:
        return False
    except Exception:
        return True
    return True


def _has_fault(kind: str, content: bytes) -> bool:
    return _kind(fault_of(content) or "") == kind


def _kind(fault: str) -> str:
    """What two inputs with the same fault have in common."""
    return fault.strip().splitlines()[-1].split(":")[0][:40] if fault else ""


def shortened(content: bytes, still: Callable[[bytes], bool]) -> bytes:
    """A shorter input with the same fault: parts are removed as long as it stays."""
    end, size = time.monotonic() + _SHORTENING, len(content) // 2
    while size and time.monotonic() < end:
        at = 0
        while at < len(content) and time.monotonic() < end:
            less = content[:at] + content[at + size :]
            if still(less):
                content = less
            else:
                at += size
        size //= 2
    return content


def _kept(content: bytes) -> Path:
    CORPUS.mkdir(exist_ok=True)
    path = CORPUS / f"{sha256(content).hexdigest()[:12]}.bin"
    path.write_bytes(content)
    return path
