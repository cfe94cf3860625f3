"""An import of wrapped webhooks that stops anywhere goes on where it ended, whatever is around them."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from storage.ingest import importer
from tests.captures import capture
from tests.databases import report_of, tsv_bytes
from tests.storage.ingest.import_runs import run
from tests.storage.sources.wrappers import LINES, WHOLE

WEBHOOKS = capture("cloud_lines.jsonl").read_text().splitlines()


class _StopError(Exception):
    """The import is to end here."""


def interrupted(database: Path, file: Path, batches: int) -> None:
    """Imports until so many batches are written, or to the end."""
    left = [batches]

    def each(events: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise _StopError

    with suppress(_StopError):
        run(database, file, each=each)


def check(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the batch at which an import stops, the report and the TSV are those of the bare webhooks."""
    file, bare, whole = tmp_path / "file", tmp_path / "bare", tmp_path / "whole.db"
    file.write_bytes(content)
    bare.write_text("\n".join(WEBHOOKS) + "\n")
    run(whole, bare)
    expected = report_of(whole), tsv_bytes(whole)
    monkeypatch.setattr(importer, "_BATCH", 1)
    database = tmp_path / "interrupted.db"
    interrupted(database, file, batches=2)
    run(database, file)
    assert (report_of(database), tsv_bytes(database)) == expected
    assert run(database, file).records == 0


@pytest.mark.parametrize("wrapper", LINES)
@pytest.mark.long(keep=4)
def test_wrapped_lines_go_on_from_any_batch(wrapper: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(tmp_path, "".join(f"{LINES[wrapper](text)}\n" for text in WEBHOOKS).encode(), monkeypatch)


@pytest.mark.parametrize("whole", WHOLE)
def test_one_record_of_many_is_read_again(whole: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(tmp_path, f"{WHOLE[whole](WEBHOOKS)}\n".encode(), monkeypatch)


@pytest.mark.parametrize("kind", ["heartbeats", "NULs", "bzip2", "xz"])
@pytest.mark.long(keep=2)
def test_what_stands_before_or_around_it_does_not_matter(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "".join(f"{LINES['Docker'](text)}\n" for text in WEBHOOKS).encode()
    before = {"heartbeats": b'{"msg":"alive"}\n' * 18_000, "NULs": b"\0" * 300_000}.get(kind, b"")
    packs: dict[str, Callable[[bytes], bytes]] = {"bzip2": bz2.compress, "xz": lzma.compress}
    pack = packs.get(kind, bytes)
    check(tmp_path, pack(before + content), monkeypatch)
