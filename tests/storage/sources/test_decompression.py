"""Tests of compressed files: gzip, bzip2 and xz give the same records as the plain file, and damage is told."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Reject
from storage.sources import decompression
from storage.sources.opened import UnknownFormat
from storage.sources.recognition import open_source
from storage.sources.stream import Stream
from tests.captures import OPTIONS, capture, events_of, items_of, rejects_of

Compress = Callable[[bytes], bytes]
COMPRESSIONS: dict[str, Compress] = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
LINES = capture("cloud_lines.jsonl").read_bytes()

each_compression = pytest.mark.parametrize(("name", "compress"), COMPRESSIONS.items(), ids=list(COMPRESSIONS))


@each_compression
@pytest.mark.parametrize("capture_name", ["cloud_lines.jsonl", "sends_comma.csv", "starting_causes.tsv"])
def test_a_compressed_file_gives_what_the_plain_one_gives(name: str, compress: Compress, capture_name: str) -> None:
    content = capture(capture_name).read_bytes()
    assert items_of(compress(content)) == items_of(content)


@each_compression
def test_streams_one_after_another_are_one_file(name: str, compress: Compress) -> None:
    for cut in (1, len(LINES) // 3, len(LINES) - 1):
        assert items_of(compress(LINES[:cut]) + compress(LINES[cut:])) == items_of(LINES)


@each_compression
def test_what_follows_the_last_stream_is_no_content(name: str, compress: Compress) -> None:
    for padding in (b"\0" * 4, b"\0" * 100_000, b"rubbish"):
        assert items_of(compress(LINES) + padding) == items_of(LINES)
    padded = compress(LINES) + b"\0" * 200_000 + compress(LINES)
    assert len(events_of(padded)) == 14


@each_compression
def test_a_truncated_file_gives_what_is_whole_and_says_so(name: str, compress: Compress) -> None:
    content = b"".join(LINES.replace(b"wamid.", b"wamid.%d." % number) for number in range(1_200))
    packed = compress(content)
    items = rejects_of(packed[: len(packed) // 2])
    assert (items[-1].where, items[-1].reason) == ("end of file", f"truncated {name} data")
    assert len(items) <= 2  # the other one is the record that was cut off
    with pytest.raises(UnknownFormat, match=f"truncated {name} data"):
        open_source(io.BytesIO(packed[:20]), OPTIONS)


@each_compression
@pytest.mark.long(keep=3)
def test_corrupt_data_end_the_content_and_are_told(name: str, compress: Compress) -> None:
    content = b"".join(LINES.replace(b"wamid.", b"wamid.%d." % number) for number in range(1_200))
    packed = bytearray(compress(content))
    for place in range(len(packed) * 3 // 4, len(packed) * 3 // 4 + 40):
        packed[place] ^= 0x55
    assert f"corrupt {name} data" in rejects_of(bytes(packed))[-1].reason


def _wrong_checksum(name: str, packed: bytes) -> bytes:
    """The file with one bit of the content's checksum turned, where the format has it."""
    place = {"gzip": len(packed) - 8, "bzip2": len(packed) - 5, "xz": packed.rfind(b"YZ") - 22}[name]
    return packed[:place] + bytes([packed[place] ^ 1]) + packed[place + 1 :]


@each_compression
@pytest.mark.parametrize("chunk", [65_536, 7])
@pytest.mark.long(keep=4)
def test_a_wrong_checksum_alone_loses_nothing_and_is_told(
    name: str, compress: Compress, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompression, "_CHUNK_BYTES", chunk)
    content = b"".join(LINES.replace(b"wamid.", b"wamid.%d." % number) for number in range(150))
    first = compress(content)
    for packed in (_wrong_checksum(name, first), first + _wrong_checksum(name, compress(content))):
        items = items_of(packed)
        whole = items_of(content) * (2 if packed.startswith(first) else 1)
        assert items[:-1] == whole
        told = items[-1]
        assert isinstance(told, Reject)
        assert told.where == "end of file"
        assert f"corrupt {name} data" in told.reason


@each_compression
def test_a_missing_trailer_loses_nothing_and_is_told(name: str, compress: Compress) -> None:
    packed = compress(LINES)
    items = items_of(packed[: -{"gzip": 8, "bzip2": 4, "xz": 12}[name]])
    assert items[:-1] == items_of(LINES)
    assert isinstance(items[-1], Reject)
    assert items[-1].reason == f"truncated {name} data"


@each_compression
@given(chunk=st.integers(1, 40), size=st.integers(1, 40))
def test_chunks_of_any_size_give_the_same_content(name: str, compress: Compress, chunk: int, size: int) -> None:
    content = LINES[:600]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decompression, "_CHUNK_BYTES", chunk)
        stream = Stream(io.BytesIO(compress(content[:250]) + compress(content[250:])))
        assert b"".join(stream.lines(size)) == content
        assert stream.broken is None


@each_compression
def test_a_bomb_is_read_with_flat_memory(name: str, compress: Compress) -> None:
    packed = compress(LINES + (b"tick\n" * 200 + b" " * 1_000_000 + b"\n") * 40)
    tracemalloc.start()
    try:
        events = sum(1 for line in Stream(io.BytesIO(packed)).lines(65_536) if line.startswith(b'{"object"'))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert events == 4
    assert peak < 14_000_000  # of 40 MB; xz keeps a window of 8 MB


def test_an_xz_file_that_asks_for_more_memory_than_there_is_reason_for_is_refused() -> None:
    packed = lzma.compress(LINES, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 27}])
    with pytest.raises(UnknownFormat, match=r"corrupt xz data \(Memory usage limit"):
        open_source(io.BytesIO(packed), OPTIONS)


def _tar(path: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(path, "app.log")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x28\xb5\x2f\xfd rest", "zstd-compressed file; decompress it first"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z archive; extract it first"),
        (b"Rar!\x1a\7\0", "RAR archive; extract it first"),
        (_tar(capture("cloud_lines.jsonl")), "tar archive; extract it first"),
        (gzip.compress(_tar(capture("cloud_lines.jsonl"))), "tar archive; extract it first"),
    ],
    ids=["zstd", "7z", "rar", "tar", "tar.gz"],
)
def test_an_archive_that_cannot_be_read_is_named(content: bytes, words: str) -> None:
    with pytest.raises(UnknownFormat, match=words):
        open_source(io.BytesIO(content), OPTIONS)
