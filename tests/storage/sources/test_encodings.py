"""Files in the encodings that spreadsheets save are read like the same file in UTF-8."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from tests.captures import capture, import_all, items_of
from tests.databases import report_of

_TABLES = ("starting_causes.tsv", "saludo_spanish.tsv", "sends_comma.csv", "sends_quoted_newlines.csv")
_UTF_16 = {
    "little endian": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "big endian": (codecs.BOM_UTF16_BE, "utf-16-be"),
}


@pytest.mark.parametrize("order", _UTF_16)
@pytest.mark.parametrize("name", [*_TABLES, "cloud_lines.jsonl"])
def test_utf_16_with_its_mark_is_read(name: str, order: str) -> None:
    content = capture(name).read_bytes()
    mark, encoding = _UTF_16[order]
    damaged = mark + content.decode().removeprefix("\ufeff").encode(encoding)
    assert items_of(damaged) == items_of(content)
    assert items_of(gzip.compress(damaged)) == items_of(content)


def test_utf_16_that_has_grown_is_read_from_its_beginning(tmp_path: Path) -> None:
    """A place in the text is no place in the file."""
    lines = capture("starting_causes.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    path, database = tmp_path / "a.tsv", tmp_path / "saludo.db"
    path.write_bytes("".join(lines[:4]).encode("utf-16"))
    import_all(database, path)
    path.write_bytes("".join(lines).encode("utf-16"))
    (summary,) = import_all(database, path)
    assert (summary.records, summary.new, report_of(database)["starts"]) == (5, 2, 5)
