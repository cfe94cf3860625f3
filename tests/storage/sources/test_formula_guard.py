"""The apostrophe before risky cells: which values get it, that it comes off again, and that readers of CSV agree."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.domain.events import Failure, LineIds, Rank, Send
from storage.sources.fields import text_of
from storage.sources.formula_guard import MAY_NEED_GUARD, guarded, unguarded
from storage.sources.identity import row_contact
from storage.table.export_cells import tsv_cell
from tests.captures import capture, events_of, import_all
from tests.databases import NOON, SECOND, build, report_of, tsv_bytes
from tests.events import row, send

HOSTILE = st.text(alphabet="'\"=+-@＝＋－＠﹦ \t\n\x01\u00a0\u2003\u200b\u202a\ufeff\u3164\ufe0f0a1.ñ", max_size=12)
ANY_TEXT = st.one_of(HOSTILE, st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('"promo', "'\"promo"),
        ('"', "'\""),
        ('""', '\'""'),
        ("＝1+1", "'＝1+1"),
        ("＋54", "'＋54"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("﹦1", "'﹦1"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\u2003-cmd", "'\u2003-cmd"),
        ("\u3000＝1", "'\u3000＝1"),
        ("\u200b@x", "'\u200b@x"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u202a+54 911\u202c", "'\u202a+54 911\u202c"),
        ("\u2800\ufe0f=1", "'\u2800\ufe0f=1"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("''\u00a0\"x", "'''\u00a0\"x"),
        ("-", "'-"),
    ],
)
def test_risky_values_get_an_apostrophe(value: str, cell: str) -> None:
    assert guarded(value) == cell
    assert unguarded(cell) == value


@pytest.mark.parametrize(
    "value", ["promo", "'promo", "''", "'", "", "\u200b", "+54 911 5555-0001", "-12.5", 'a"b"', "ñ="]
)
def test_other_values_stay(value: str) -> None:
    assert guarded(value) == unguarded(value) == value


@given(ANY_TEXT)
def test_the_apostrophe_comes_off_again(value: str) -> None:
    assert unguarded(guarded(value)) == value
    assert unguarded(guarded(guarded(value))) == guarded(value)


@given(ANY_TEXT)
def test_the_quick_look_of_the_export_misses_nothing(value: str) -> None:
    shown = " ".join(value.split())
    assert guarded(shown) == shown or not shown.isprintable() or shown[0] in MAY_NEED_GUARD


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_readers_of_csv_see_the_same_cells(values: Sequence[str]) -> None:
    cells = [*(tsv_cell(value) for value in values), "true"]
    assert next(csv.reader(["\t".join(cells) + "\n"], dialect="excel-tab")) == cells


HOSTILE_OR_EMPTY = HOSTILE.map(lambda value: text_of(value) or "")


@st.composite
def histories(draw: st.DrawFn) -> list[Send]:
    """Sends and platform rows whose texts are hostile, each at a time of its own."""
    sends: list[Send] = []
    for index in range(draw(st.integers(1, 4))):
        at = NOON + index * 90 * SECOND
        person = row_contact(f"54911555500{index:02}", customer=f"{draw(HOSTILE_OR_EMPTY)}C{index}")
        line = LineIds(name=f"{draw(HOSTILE_OR_EMPTY)}L")
        texts = {name: text_of(draw(HOSTILE)) for name in ("template", "language", "channel_id", "agent_groups")}
        failure = Failure(draw(st.sampled_from((None, 131026))), text_of(draw(HOSTILE)), text_of(draw(HOSTILE)))
        failed = draw(st.booleans())
        more = {**texts, "failed_at": at if failed else None, "failure": failure if failed else None}
        if draw(st.booleans()):
            sends.append(send(f"{draw(HOSTILE_OR_EMPTY)}k{index}", at, person, line, Rank.SEND_LOG, **more))
        else:
            sends.append(row(f"botmaker:{index:032x}", at, person, line, **more))
    return sends


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_an_export_imports_as_the_same_report_and_the_same_tsv(
    tmp_path_factory: pytest.TempPathFactory, sends: list[Send]
) -> None:
    directory = tmp_path_factory.mktemp("guard")
    first = build(directory / "first.db", sends)
    exported = directory / "exported.tsv"
    exported.write_bytes(tsv_bytes(first))
    (summary,) = import_all(directory / "second.db", exported)
    assert (summary.rejects, summary.records) == (0, len(sends))
    assert report_of(directory / "second.db") == report_of(first)
    assert tsv_bytes(directory / "second.db") == tsv_bytes(first)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("'promo", "'promo"),
        ("'\"promo", "'\"promo"),
        ('"promo', '"promo'),
        ("'＝promo", "'＝promo"),
        ("'=promo", "=promo"),
    ],
)
def test_what_the_platform_wrote_is_read_as_before(written: str, read: str, tmp_path: Path) -> None:
    text = capture("starting_causes.tsv").read_text(encoding="utf-8")
    template = text.splitlines()[1].split("\t")[5]
    first = next(iter(events_of(text.replace(template, written).encode())))
    assert isinstance(first, Send)
    assert first.template == read
