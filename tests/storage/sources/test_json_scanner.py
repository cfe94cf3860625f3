"""Tests of finding objects in text: stopped writers, log prefixes, and lines without an end affect no other record."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.domain.events import Ignored
from storage.sources import json_reader, json_scanner, object_finder
from storage.sources.json_scanner import records
from tests.captures import capture, events_of, items_of, rejects_of

KEPT = '{"object":"a","entry":[{"id":"1","value":{"text":"x{y}","list":[{"k":1},{"k":2}]}}]}'
NEXT = '{"object":"b","entry":[]}'


def objects(text: str) -> list[tuple[str, int, bool]]:
    """The text and line of each object, and whether it is complete."""
    found = records(text.encode().splitlines(keepends=True))
    return [(one.text.decode().strip(), one.line, one.broken is None) for one in found if one is not None]


@pytest.mark.parametrize("place", range(2, len(KEPT)))
def test_a_writer_stopped_anywhere_breaks_one_record(place: int) -> None:
    """The next record starts on the same line or on the next one."""
    for between in ("", "\n"):
        text = f"{KEPT}\n{KEPT[:place]}{between}{NEXT}\n{KEPT}\n"
        whole = [one for one, _, is_whole in objects(text) if is_whole]
        assert [one for one in whole if one in (KEPT, NEXT)] == [KEPT, NEXT, KEPT]
        assert sum(not is_whole for _, _, is_whole in objects(text)) == 1


def test_records_after_a_broken_one_have_the_right_line() -> None:
    pretty = json.dumps(json.loads(KEPT), indent=2)
    text = f"{KEPT[:20]}{NEXT}\n\nlog\n{pretty}\n[{NEXT},\n{NEXT}]\n"
    after = 4 + pretty.count("\n")
    places = [(1, False), (1, True), (4, True), (after + 1, True), (after + 2, True)]
    assert [(line, whole) for _, line, whole in objects(text)] == places


def test_a_broken_array_element_is_the_only_broken_record() -> None:
    broken = KEPT.replace('"id":"1"', '"id":"1')
    text = f"[{NEXT},{broken},{KEPT},{broken},{NEXT}]"
    assert [one for one, _, whole in objects(text) if whole] == [NEXT, KEPT, NEXT]


def test_braces_in_a_log_prefix_are_not_objects() -> None:
    assert objects(f"[{{request-7}}] {{worker}} {{7}} INFO {KEPT}\n{{idle}}\n") == [(KEPT, 1, True)]


def test_a_printed_python_dict_is_no_json_and_no_reject() -> None:
    items = items_of(f"{capture('cloud_lines.jsonl').read_text()}{json.loads(NEXT)!r}\n".encode())
    assert items[-1] == Ignored("record of another kind")


@pytest.mark.parametrize("name", ["cloud_array_one_line.json", "cloud_lines.jsonl", "send_log.jsonl"])
@given(piece=st.integers(1, 500))
def test_a_line_may_be_cut_into_pieces_anywhere(name: str, piece: int) -> None:
    """A very long line is scanned in pieces; records that span two pieces are found."""
    content = capture(name).read_bytes()
    expected = items_of(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reader, "PIECE_BYTES", piece)
        patch.setattr(json_scanner, "PIECE_BYTES", piece)
        patch.setattr(object_finder, "PIECE_BYTES", piece)
        assert items_of(content) == expected


def test_an_object_that_never_ends_is_the_only_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reader, "PIECE_BYTES", 500)
    monkeypatch.setattr(json_scanner, "PIECE_BYTES", 500)
    monkeypatch.setattr(object_finder, "PIECE_BYTES", 500)
    monkeypatch.setattr(json_scanner, "MAX_RECORD_BYTES", 2_000)
    good = capture("cloud_lines.jsonl").read_bytes()
    for long in (KEPT.replace("x{y}", "x" * 9_000), '{"a":' * 3_000, '{"' + "x" * 9_000):
        assert len(events_of(good + long.encode() + b"\n" + good)) == 14
        assert len(rejects_of(good + long.encode() + b"\n" + good)) > 0


_WITH_CHOICES = re.compile(rb'"(?:[^"\\\n]|\\.)*("|\\?$)|[{}]', re.MULTILINE)


@given(st.lists(st.sampled_from([b'"', b"\\", b"\n", b"{", b"}", b"a", b"\xc3"]), max_size=30).map(b"".join))
def test_strings_and_braces_are_found_as_by_the_plain_expression(text: bytes) -> None:
    assert [one.span() for one in json_scanner._TOKEN.finditer(text)] == [
        one.span() for one in _WITH_CHOICES.finditer(text)
    ]


def test_a_long_string_costs_no_memory_for_each_character() -> None:
    program = (
        "import resource\n"
        "from storage.sources import json_scanner\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "text = b'{\"x\": \"' + b'a' * 4_000_000 + b'\"'\n"
        "assert len([*json_scanner._TOKEN.finditer(text)]) == 3\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)
    assert grown < 40 * 1024 * (1024 if sys.platform == "darwin" else 1)  # KiB, on macOS bytes; it was 450 MB
