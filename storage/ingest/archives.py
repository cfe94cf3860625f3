"""Imports the members of a zip archive, each as a file of its own. Knows no format of records and no terminal.

Nothing is extracted to disk or held in memory: a member is decompressed as it is read, so that a small archive that
holds petabytes costs time only. Like any file, a member is known by its content, and reading resumes in its middle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, cast

from storage.cube import refresh
from storage.ingest.import_store import Keeper, Target
from storage.ingest.importer import FileError, NoFormat, Progress, Summary, import_open, sqlite_keeper, stored_name
from storage.ingest.zip_members import Member, MemberFile, Unreadable, members_of
from storage.language.stored_texts import translated
from storage.language.texts import _
from storage.sources.opened import Options

_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # the second one is an empty archive
_WORKBOOK = "xl/workbook.xml"


class Skipped(FileError):
    """A member of an archive that has nothing for the report, such as a note to the reader."""


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, by its content."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(4) in _MAGICS
    except OSError:
        return False  # importing it says why


def import_archive(
    target: Target,
    path: Path,
    options: Options,
    progress: Progress,
    counted: refresh.Progress = refresh.no_progress,
    kept: Keeper[Target] | None = None,
) -> Iterator[Summary | FileError]:
    """Imports every member of a zip archive; arguments as of `import_path`.

    Yields:
        What was imported of each member, or why it was not. Its name is that of the archive, a slash and its own. An
        archive of which nothing was read ends with an error of its own.

    Raises:
        FileError: the archive cannot be read, or has no members.
    """
    name = stored_name(path)
    try:
        members, archive = members_of(path), path.open("rb")
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise FileError(
            _("{name}: damaged zip archive ({why})").format(name=name, why=translated(str(error)))
        ) from None
    with archive, ExitStack() as stack:
        kept = kept or sqlite_keeper(stack)
        if not members:
            raise FileError(_("{name}: empty zip archive").format(name=name))
        if any(member.name == _WORKBOOK for member in members):
            raise FileError(_("{name}: spreadsheet workbook; save its sheet as CSV").format(name=name))
        done = read = 0
        for member in members:
            share = _Share(progress, done, member)
            try:
                yield _import_member(target, archive, member, path, options, share.show, counted, kept)
                read += 1
            except NoFormat as error:
                yield Skipped(str(error))
            except FileError as error:
                yield error
            done += member.packed
        if not read:
            yield FileError(_("{name}: nothing in this zip archive can be read").format(name=name))


def _import_member(
    target: Target,
    archive: BinaryIO,
    member: Member,
    path: Path,
    options: Options,
    progress: Progress,
    counted: refresh.Progress,
    kept: Keeper[Target],
) -> Summary:
    inner = member.name.encode("utf-8", "replace").decode()
    name = f"{stored_name(path)}/{inner}"
    if member.encrypted:
        raise FileError(_("{name}: encrypted; extract it first").format(name=name))
    try:
        file = MemberFile(archive, member)
    except (Unreadable, OSError) as error:
        raise FileError(_("{name}: cannot be read ({why})").format(name=name, why=translated(str(error)))) from None
    with closing(file):
        known_as, size = f"{stored_name(path.resolve())}/{inner}", member.size or 0
        return import_open(target, cast("BinaryIO", file), size, name, known_as, options, progress, counted, kept)


class _Share:
    """The progress of one member as that of the archive, whose bytes are compressed."""

    def __init__(self, progress: Progress, done: int, member: Member) -> None:
        self._progress, self._done, self._member = progress, done, member

    def show(self, position: int, events: int) -> None:
        """Called with (bytes of the member read, events so far)."""
        member = self._member
        self._progress(self._done + position * member.packed // max(1, member.size or member.packed), events)
