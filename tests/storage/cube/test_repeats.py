"""The repeats of a day keep every start of whom there are several, and what is selected of them is what was put in."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.cube.bitmaps import SLICE_BITS, encode_numbers
from storage.cube.repeats import (
    contacts_of_numbers,
    decode_repeats,
    further_contacts,
    repeats_by_day,
    repeats_of,
    repeats_of_days,
    starts_of_sets,
    stored_repeats,
)
from storage.database.connection import reading, writing
from storage.domain.filters import Filter
from tests.cubes import problems, refresh_all, reports, sent, write
from tests.databases import BETO, DAY, LINE, NOON, OTHER_LINE, build

CONTACT = (1 << SLICE_BITS) - 1
cells = st.tuples(st.sampled_from((-1, 1, 2, 70_000)), st.sampled_from((-2, -1, 1, 2, 3)))
starts = st.builds(
    lambda slice, contact: slice << SLICE_BITS | contact, st.integers(0, 3), st.sampled_from((0, 1, 2, 3, CONTACT))
)
days = st.dictionaries(cells, st.lists(starts, min_size=1, max_size=5), max_size=5)


def expected(day: dict[tuple[int, int], list[int]]) -> Counter[tuple[int, int, int]]:
    """The repeats by line, template and number."""
    counts = Counter(number & CONTACT for numbers in day.values() for number in numbers)
    found: Counter[tuple[int, int, int]] = Counter()
    for cell, numbers in day.items():
        found.update((*cell, number) for number in numbers if counts[number & CONTACT] > 1 or not number & CONTACT)
    return found


@given(
    days,
    st.none() | st.frozensets(st.sampled_from((-1, 1, 2, 5))),
    st.none() | st.frozensets(st.sampled_from((-2, 1, 3, 9))),
    st.none() | st.frozensets(st.integers(0, 3)),
)
def test_the_selected_repeats_are_those_of_their_lines_templates_and_slices(
    day: dict[tuple[int, int], list[int]],
    lines: frozenset[int] | None,
    templates: frozenset[int] | None,
    slices: frozenset[int] | None,
) -> None:
    repeats, encoded = expected(day), repeats_of(day)
    if encoded is None:
        assert not repeats
        return

    def is_selected(line: int, template: int) -> bool:
        return (lines is None or line in lines) and (templates is None or template in templates)

    selected = [
        number
        for line, template, number in repeats.elements()
        if is_selected(line, template) and (slices is None or number >> SLICE_BITS in slices)
    ]
    found = decode_repeats(encoded).selected(lines, templates, slices)
    assert sorted(found) == sorted(selected)
    assert [*contacts_of_numbers(found)] == sorted(number & CONTACT for number in selected)
    if lines is not None or templates is not None:
        of_some = {number for *cell, number in repeats if is_selected(*cell)}
        of_others = {number for *cell, number in repeats if not is_selected(*cell)}
        assert decode_repeats(encoded).partly_selected(lines, templates) == of_some & of_others


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=20))
def test_further_contacts_are_those_of_equal_numbers(starts: list[tuple[int, int]]) -> None:
    numbers = [slice << SLICE_BITS | contact for contact, slice in sorted(starts, key=lambda start: start[0])]
    wanted: Counter[int] = Counter()
    for number, count in Counter(numbers).items():
        wanted[number & (1 << SLICE_BITS) - 1] += count - 1
    del wanted[0]  # the unknown contact
    assert Counter(further_contacts(array("I", numbers))) == +wanted


@pytest.mark.parametrize("count", [256, 257, 65_536, 65_537])
@pytest.mark.long(keep=2)
def test_a_day_may_have_any_number_of_templates(count: int) -> None:
    day = {(1, template): [1] for template in range(count)}
    encoded = repeats_of(day)
    assert encoded is not None
    repeats = decode_repeats(encoded)
    assert repeats.by_cell() == day
    assert len(repeats.selected(None, {0, count - 1}, None)) == 2


@given(days, days)
def test_starts_follow_from_sets_and_repeats(
    of_lines: dict[tuple[int, int], list[int]], more: dict[tuple[int, int], list[int]]
) -> None:
    """A set holds equal numbers once and no unknown contact; what the repeats add makes the starts whole again."""
    day = of_lines | more
    known = {cell: [number for number in numbers if number & CONTACT] for cell, numbers in day.items()}
    sets = {cell: encode_numbers(numbers) for cell, numbers in known.items() if numbers}
    encoded = repeats_of(day)
    found = starts_of_sets(sets, None if encoded is None else decode_repeats(encoded))
    assert {cell: sorted(numbers) for cell, numbers in found.items()} == {
        cell: sorted(numbers) for cell, numbers in day.items()
    }


def test_more_lines_and_templates_than_a_byte_tells() -> None:
    day: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number in range(300):
        day[number + 1, 1_000 + number].append(7)
    encoded = repeats_of(day)
    assert encoded is not None
    repeats = decode_repeats(encoded)
    assert repeats.by_cell() == day
    assert [*repeats.selected({299, 3}, None, None)] == [7, 7]
    assert [*repeats.selected({299, 3}, {1_298, 1_004}, {0})] == [7]
    assert len(encoded) == 12 + 8 * 300 + 8 * 300


@pytest.mark.parametrize("refreshed", [True, False], ids=["counted before", "counted once"])
def test_a_start_in_another_line_makes_an_earlier_one_a_repeat(tmp_path: Path, refreshed: bool) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON), sent("b", NOON + 1, contact=BETO)])
    if refreshed:
        refresh_all(path)
    write(path, [sent("c", NOON + 2, OTHER_LINE), sent("d", NOON + 3, OTHER_LINE, template="u")])
    refresh_all(path)
    with reading(path) as connection:
        ((day, encoded),) = connection.execute("SELECT * FROM repeats")
    assert day == NOON // DAY
    by_cell = decode_repeats(encoded).by_cell()
    assert sorted(map(len, by_cell.values())) == [1, 1, 1]
    assert len({line for line, _ in by_cell}) == 2
    assert problems(path) == []


def test_a_database_without_repeats_gets_them_with_the_next_import(tmp_path: Path) -> None:
    """Version 8 had none; killed in between, the next import goes on."""
    path = build(tmp_path / "saludo.db", [sent(str(place), NOON - place % 7 * DAY) for place in range(12)])
    refresh_all(path)
    report = reports(path, Filter.parse("period:all"))[1]
    with writing(path) as writer:
        stored = writer.connection.execute("SELECT * FROM repeats").fetchall()
        writer.connection.execute("DROP TABLE repeats")
        writer.connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'repeats_of_days'")
        writer.connection.execute("PRAGMA user_version = 8")
    assert len(stored) == 5
    with writing(path):  # upgrades, and ends before anything is counted
        pass
    assert reports(path, Filter.parse("period:all")) == (report, report)
    write(path, [sent("new", NOON, LINE, BETO)])
    refresh_all(path)
    with reading(path) as connection:
        assert connection.execute("SELECT * FROM repeats").fetchall() == stored
    assert problems(path) == []


@pytest.mark.parametrize("count", [255, 256, 257])
def test_places_of_lines_take_two_bytes_where_there_are_more_than_256(count: int) -> None:
    starts = {(line, line % 3): [7, 7] for line in range(count)}
    encoded = repeats_of(starts)
    assert encoded is not None
    assert len(encoded) == 12 + 4 * (count + 3) + 2 * count * (4 + 1 + (1 if count <= 256 else 2))
    assert decode_repeats(encoded).by_cell() == starts


def test_the_repeats_of_days_are_read_in_a_period(tmp_path: Path) -> None:
    starts = [sent(f"{day}.{place}", NOON + day * DAY + place) for day in range(4) for place in range(day)]
    path = build(tmp_path / "saludo.db", starts)
    refresh_all(path)
    first = NOON // DAY
    with reading(path) as connection:
        found = dict(repeats_by_day(connection, first, first + 3))
        listed = dict(repeats_of_days(connection, {first, first + 3}))
        last = stored_repeats(connection, first + 3)
        stored = stored_repeats(connection, first + 2)
    assert stored is not None
    assert last is not None
    assert found == {first + 2: decode_repeats(stored)}
    assert listed == {first + 3: decode_repeats(last)}
