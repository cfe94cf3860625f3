"""Equal faults leave equal files but for what is drawn at random; any other byte tells them apart."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.faults.left_state import left_by

_PAGE = 512


def _wal(salt: bytes, *frames: tuple[int, int, bytes, bytes]) -> bytes:
    header = struct.pack(">IIII8s8s", 0x377F0682, 3_007_000, _PAGE, 0, salt, salt[::-1])
    return header + b"".join(
        struct.pack(">II8s8s", page, size, its, its[::-1]) + data for page, size, its, data in frames
    )


def _left(directory: Path, wal: bytes, main: bytes = b"", **others: bytes) -> str:
    directory.mkdir()
    (directory / "saludo.db").write_bytes(main)
    (directory / "saludo.db-wal").write_bytes(wal)
    for name, content in others.items():
        (directory / name).write_bytes(content)
    return left_by(directory / "saludo.db")


_A, _B = b"salt of1", b"salt of2"
_ONE, _OTHER = bytes(_PAGE), bytes(_PAGE - 1) + b"\1"
_RAN = b"migration at 2026-11-30 01:46:14.507336+00:00 of 1"


def test_random_numbers_and_the_time_of_migrations_do_not_count(tmp_path: Path) -> None:
    one = _left(tmp_path / "1", _wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)), _RAN, errors=b"this")
    other = _left(
        tmp_path / "2",
        _wal(_B, (1, 0, _B, _ONE), (2, 2, _B, _OTHER)),
        _RAN.replace(b"01:46", b"17:05"),
        errors=b"that",
        **{"saludo.db-shm": b"anything"},
    )
    assert one == other


@pytest.mark.parametrize(
    ("wal", "main", "others"),
    [
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _ONE)), _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE), (3, 2, _A, _OTHER)), _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 0, _A, _OTHER)), _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _B, _OTHER)), _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE)), _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)) + b"\0", _RAN, {}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)), _RAN.replace(b"of 1", b"of 2"), {}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)), _RAN, {"saludo.db-journal": b""}),
        (_wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)), _RAN, {"saludo.db.lock": b"12\n?"}),
    ],
    ids=("page", "number", "commit", "salt", "frame", "rest", "file", "journal", "lock"),
)
def test_anything_else_counts(tmp_path: Path, wal: bytes, main: bytes, others: dict[str, bytes]) -> None:
    one = _left(tmp_path / "1", _wal(_A, (1, 0, _A, _ONE), (2, 2, _A, _OTHER)), _RAN)
    assert _left(tmp_path / "2", wal, main, **others) != one


def test_a_record_of_the_main_file_and_a_forgotten_one_differ(tmp_path: Path) -> None:
    kept, forgotten = (
        _left(tmp_path / name, b"", **{"saludo.db.lock": record})
        for name, record in (("1", b"12\nboot 1 none 5\n"), ("2", b"12\n?oot 1 none 5\n"))
    )
    assert kept != forgotten
