"""docs/database.md describes the real schema, and user sets can be read by what it says alone.

The decoders here are written from the document and use no code of the program.
"""

from __future__ import annotations

import re
import sqlite3
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.cube import user_sets
from storage.cube.layout import KINDS
from storage.cube.packed_sets import pack
from storage.database import schema
from storage.database.codes import ORIGINS, STATUSES, USER_TYPES
from storage.database.settings import SETTING_KEYS
from storage.domain.events import ContactIds, Event, Failure, Inbound, Origin, Send, Status, Step
from tests.cubes import refresh_all, sent
from tests.databases import BETO, DAY, LINE, NOON, OTHER_LINE, build

DOCUMENT = (Path(__file__).parents[1] / "docs" / "database.md").read_text(encoding="utf-8")
SLICE = 1 << 28
LOWER = (1 << 31) - 1
LEVELS = range(4)

PACKED_BLOCKS = "packed blocks"

Key = tuple[int, ...]  # ([line,] template, failure)


def rows_below(heading: str) -> list[list[str]]:
    """The cells of all tables of a section, without the header rows."""
    section = re.split(r"\n#+ ", DOCUMENT.split(f"\n{heading}\n")[1])[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.split("\n") if line[:1] == "|"]
    headers = [index - 1 for index, row in enumerate(rows) if set("".join(row)) == {"-"}]
    return [row for index, row in enumerate(rows) if index not in headers and index - 1 not in headers]


def first_code(cell: str) -> str:
    return cell.strip("`")


# The schema


def test_tables_and_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    documented = {
        name: [(first_code(row[0]), row[1]) for row in rows_below(f"### `{name}`") if len(row) > 2]
        for name in re.findall(r"^### `(\w+)`$", DOCUMENT, re.MULTILINE)
    }
    documented["settings"] = documented["settings"][:2]  # the section has a table of the settings as well
    with closing(sqlite3.connect(build(tmp_path / "saludo.db"))) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
        ).fetchall()
        real = {
            name: [(column, type) for _, column, type, *_ in connection.execute(f"PRAGMA table_info({name})")]
            for (name,) in tables
        }
    assert documented == real


def test_settings_codes_version_and_migrations_are_those_of_the_program(tmp_path: Path) -> None:
    assert [first_code(row[0]) for row in rows_below("### `settings`")[2:]] == [*SETTING_KEYS]
    codes = {first_code(row[0]): [value for value in row[1:] if value] for row in rows_below("## Conventions")}
    assert codes == {"origin": [*ORIGINS], "user_type": [*USER_TYPES], "status": [*STATUSES]}
    assert f"`user_version` is {schema.VERSION}." in DOCUMENT
    with closing(sqlite3.connect(build(tmp_path / "saludo.db"))) as connection:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        assert f"`application_id` is 0x{application_id:X}" in DOCUMENT
        assert f"{connection.execute('PRAGMA page_size').fetchone()[0]:,} bytes" in DOCUMENT
        names = [name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert [first_code(row[0]) for row in rows_below("## Versions and migrations")] == names


# Bytes


def decode_set(data: bytes) -> set[int]:
    """One set."""
    if len(data) % 4 == 0:
        return {*struct.unpack(f"<{len(data) // 4}I", data)}
    assert len(data) % 4 == 1
    return {*decode_bitmap(data)}


def decode_bitmap(data: bytes) -> Iterator[int]:
    """A Roaring bitmap."""
    cookie = int.from_bytes(data[:4], "little")
    has_runs = cookie & 0xFFFF == 12347
    if has_runs:
        count = (cookie >> 16) + 1
        position = 4 + (count + 7) // 8
        is_run = [bool(data[4 + index // 8] >> index % 8 & 1) for index in range(count)]
    else:
        assert cookie == 12346
        count = int.from_bytes(data[4:8], "little")
        position = 8
        is_run = [False] * count
    descriptions = [struct.unpack_from("<HH", data, position + 4 * index) for index in range(count)]
    position += 4 * count if has_runs and count < 4 else 8 * count
    for (upper, less_one), run in zip(descriptions, is_run, strict=True):
        size = less_one + 1
        if run:
            (runs,) = struct.unpack_from("<H", data, position)
            for index in range(runs):
                first, length = struct.unpack_from("<HH", data, position + 2 + 4 * index)
                yield from (upper << 16 | number for number in range(first, first + length + 1))
            position += 2 + 4 * runs
        elif size <= 4096:
            yield from (upper << 16 | number for number in struct.unpack_from(f"<{size}H", data, position))
            position += 2 * size
        else:
            yield from (upper << 16 | bit for bit in range(65_536) if data[position + bit // 8] >> bit % 8 & 1)
            position += 8192
    assert 1 <= len(data) - position <= 4
    assert not any(data[position:])


def decode_packed(data: bytes, key_columns: int) -> dict[Key, set[int]]:
    """Packed sets by key."""
    (count,) = struct.unpack_from("<i", data)
    columns = [struct.unpack_from(f"<{count}i", data, 4 + 4 * count * index) for index in range(key_columns + 1)]
    *keys, lengths = columns
    position = 4 + 4 * count * len(columns)
    sets: dict[Key, set[int]] = {}
    for *key, length in zip(*keys, lengths, strict=True):
        sets[tuple(key)] = decode_set(data[position : position + length])
        position += length
    assert position == len(data)
    return sets


def decode_key_run(firsts: bytes, chunks: list[bytes]) -> list[tuple[int, int]]:
    """The pairs of hash and id of a run of the key index, in order."""
    words = [word for chunk in chunks for word in struct.unpack(f"<{len(chunk) // 8}Q", chunk)]
    entries = [(word >> 32, word & 0xFFFFFFFF) for word in words]
    begins = struct.unpack(f"<{len(chunks)}I", firsts)
    assert [entries[2_040 * number][0] for number in range(len(chunks))] == [*begins]
    assert all(len(chunk) == 8 * 2_040 for chunk in chunks[:-1])
    assert words == sorted(words)
    return entries


def test_the_key_index_has_every_message_once(tmp_path: Path) -> None:
    batches = [[sent(f"{batch} {number}", NOON) for number in range(500)] for batch in range(10)]
    with closing(sqlite3.connect(build(tmp_path / "saludo.db", *batches))) as connection:
        found: list[tuple[int, int]] = []
        runs = connection.execute("SELECT entries, last, first_chunk, firsts FROM key_runs").fetchall()
        for entries, last, first, firsts in runs:
            until = first + len(firsts) // 4 - 1
            chunks = connection.execute(
                "SELECT words FROM key_chunks WHERE id BETWEEN ? AND ? ORDER BY id", (first, until)
            )
            run = decode_key_run(firsts, [words for (words,) in chunks])
            assert (len(run), max(id for _, id in run)) == (entries, last)
            found += run
        assert len(runs) > 1
        messages = connection.execute("SELECT key, id, hash FROM messages").fetchall()
    assert sorted(found) == sorted((zlib.crc32(key.encode()), id) for key, id, _ in messages)
    assert all(zlib.crc32(key.encode()) == hash for key, _, hash in messages)


def test_the_example_of_packed_sets_is_decoded_and_encoded() -> None:
    example = bytes.fromhex("".join(re.findall(r"```\n((?:[0-9a-f]{8}\s+)+)```", DOCUMENT)[0].split()))
    assert decode_packed(example, 2) == {(3, 0): {SLICE + 5}, (7, 0): {SLICE + 5, SLICE + 9}}
    sets = {(3, 0): [SLICE + 5], (7, 0): [SLICE + 5, SLICE + 9]}
    assert pack((key, struct.pack(f"<{len(numbers)}I", *numbers)) for key, numbers in sets.items()) == example


# The cube of a real database


def slice_of(kind: int, origin: int, user_type: int, status: int) -> int | None:
    """The slice of a start, None if it is in no set of the kind."""
    if kind == 0 and origin >= 2:
        return 8 + 2 * origin + user_type
    if kind == 0:
        return 6 * origin + 3 * user_type + {0: 0, 4: 2}.get(status, 1)
    if kind == 1:
        return 2 * origin + user_type if status == 0 else None
    return 6 * origin + 3 * user_type + status - 1 if origin < 2 and status in (1, 2, 3) else None


def first_day_of_block(level: int, day: int) -> int:
    """Of a day, a week cut where a month ends, a month or a quarter."""
    date = datetime.fromtimestamp(day * 86_400, UTC).date()
    in_month, in_week = date.day - 1, date.weekday()
    if level == 3:
        return day - (date - date.replace(month=date.month - (date.month - 1) % 3, day=1)).days
    return day - (0, min(in_week, in_month), in_month)[level]


def expected_leaf_sets(connection: sqlite3.Connection, kind: int, level: int) -> dict[int, dict[Key, set[int]]]:
    """The leaf sets of all blocks, from `messages`."""
    kinds = {(code, reason): id for id, code, reason in connection.execute("SELECT * FROM failure_kinds")}
    blocks: defaultdict[int, defaultdict[Key, set[int]]] = defaultdict(lambda: defaultdict(set))
    for day, line, template, origin, user_type, status, contact, *failure in connection.execute(
        "SELECT day, line, start_template, origin, user_type, status, contact, failure_code, failure_reason"
        " FROM messages WHERE origin IS NOT NULL AND contact IS NOT NULL"
    ):
        number = slice_of(kind, origin, user_type, status)
        if number is not None:
            template_id = template or (-1 if origin < 2 else -2)
            key = line or -1, template_id, kinds[tuple(failure)] if kind == 1 else 0
            blocks[first_day_of_block(level, day)][key].add(number * SLICE + contact)
    return {block: dict(sets) for block, sets in blocks.items()}


def form_of(id: int) -> int:
    """1 for the id of a single line or template."""
    return id if id in (0, -9, -10, -11) else 1


def test_user_sets_and_roll_ups_are_where_the_document_says(database: Path, request: pytest.FixtureRequest) -> None:
    forms: set[tuple[int, int]] = set()
    with closing(sqlite3.connect(database)) as connection:
        for kind in KINDS:
            for level in LEVELS:
                for block, expected in expected_leaf_sets(connection, kind, level).items():
                    rows = connection.execute(
                        "SELECT line, template, bitmap FROM users WHERE kind = ? AND level = ? AND block = ?",
                        (kind, level, block),
                    ).fetchall()
                    stored = {(line, template): bitmap for line, template, bitmap in rows}
                    forms |= {(form_of(line), form_of(template)) for line, template in stored}
                    if (-11, -11) in stored:
                        assert decode_packed(stored.pop((-11, -11)), 3) == expected
                        assert not stored
                    else:
                        check_rows(kind, level, stored, expected)
    assert forms - {(-11, -11)} == {(1, -9), (1, 1), (1, 0), (1, -10), (0, 1), (-10, 1), (0, 0), (0, -10)}
    assert ((-11, -11) in forms) == (request.node.callspec.params["database"] == PACKED_BLOCKS)


def check_rows(kind: int, level: int, stored: dict[tuple[int, int], bytes], expected: dict[Key, set[int]]) -> None:
    """Compares all rows of a block that is not packed with its leaf sets."""
    leaves: dict[Key, set[int]] = {}
    for (line, template), bitmap in stored.items():
        if line > -9 and line and template == -9:
            leaves |= {(line, *key): numbers for key, numbers in decode_packed(bitmap, 2).items()}
        elif line > -9 and line and template not in (0, -10):
            leaves[line, template, 0] = decode_set(bitmap)
    assert leaves == expected
    cells = {cell for line, template, _ in expected for cell in ((line, 0), (0, template), (0, 0))}
    for line, template in cells:
        roll_up: defaultdict[Key, set[int]] = defaultdict(set)
        counts: Counter[tuple[int, int]] = Counter()
        for (of_line, of_template, failure), numbers in expected.items():
            if line in (0, of_line) and template in (0, of_template):
                roll_up[template, failure] |= numbers
                counts.update((failure, number) for number in numbers)
        assert roll_up_of(kind, template, stored[line, template]) == roll_up
        place = (-10, template) if template else (line, -10)
        planes = decode_packed(stored[place], 2) if place in stored else {}
        assert all(planes.values())
        if kind != 2 and level:
            for (failure, number), count in counts.items():
                bits = [bit for (bit, of), some in planes.items() if of == failure and number in some]
                assert count - 1 == sum(1 << bit for bit in bits)
        else:
            assert not planes


def roll_up_of(kind: int, template: int, bitmap: bytes) -> dict[Key, set[int]]:
    return decode_packed(bitmap, 2) if kind == 1 else {(template, 0): decode_set(bitmap)}


def decode_repeats(data: bytes) -> Counter[tuple[int, int, int]]:
    """The repeats of a day, by line, template and number."""
    starts, lines, templates = struct.unpack_from("<3I", data)
    line_ids = struct.unpack_from(f"<{lines}i", data, 12)
    template_ids = struct.unpack_from(f"<{templates}i", data, 12 + 4 * lines)
    position = 12 + 4 * (lines + templates)
    numbers = struct.unpack_from(f"<{starts}I", data, position)
    position += 4 * starts
    places = []
    for count in (lines, templates):
        form = "B" if count <= 256 else "H" if count <= 65_536 else "I"
        places.append(struct.unpack_from(f"<{starts}{form}", data, position))
        position += struct.calcsize(form) * starts
    assert position == len(data)
    assert [number % SLICE for number in numbers] == sorted(number % SLICE for number in numbers)
    in_lines, in_templates = places
    return Counter(
        (line_ids[line], template_ids[template], number)
        for line, template, number in zip(in_lines, in_templates, numbers, strict=True)
    )


def test_repeats_are_the_starts_that_the_document_says(database: Path) -> None:
    days: defaultdict[int, Counter[tuple[int, int, int]]] = defaultdict(Counter)
    with closing(sqlite3.connect(database)) as connection:
        stored = dict(connection.execute("SELECT day, starts FROM repeats"))
        for day, line, template, origin, user_type, status, contact in connection.execute(
            "SELECT day, line, start_template, origin, user_type, status, contact FROM messages"
            " WHERE origin IS NOT NULL"
        ):
            number = slice_of(0, origin, user_type, status)
            assert number is not None
            days[day][line or -1, template or (-1 if origin < 2 else -2), number * SLICE + (contact or 0)] += 1
    expected = {}
    for day, starts in days.items():
        of_contact = Counter(number % SLICE for _, _, number in starts.elements())
        repeats = {key: count for key, count in starts.items() if of_contact[key[2] % SLICE] > 1 or not key[2] % SLICE}
        if repeats:
            expected[day] = repeats
    assert {day: decode_repeats(data) for day, data in stored.items()} == expected
    assert expected


def test_cells_and_details_are_counted_as_the_document_says(database: Path) -> None:
    columns = [row for row in rows_below("### `cells`") if row[2]]
    with closing(sqlite3.connect(database)) as connection:
        for name, _, lower, upper in columns:
            name = first_code(name)
            packed = connection.execute(f"SELECT {name} FROM cells WHERE line <> 0 AND template <> 0").fetchall()
            for text, found in (
                (lower, sum(one & LOWER for (one,) in packed)),
                (upper, sum(one >> 31 for (one,) in packed)),
            ):
                origin, status = text.removeprefix("origin ").split(", ")
                condition = "origin = ? AND status = ?" + (" AND user_type = 0" if name.startswith("new_") else "")
                parameters = ORIGINS.index(Origin(origin)), [*STATUSES].index(status)  # type: ignore[arg-type]
                statement = f"SELECT count(*) FROM messages WHERE {condition}"
                assert found == connection.execute(statement, parameters).fetchone()[0], (name, text)
        for level in LEVELS:
            sends = connection.execute(
                "SELECT template_sends, notification_sends FROM details"
                " WHERE level = ? AND line <> 0 AND template <> 0",
                (level,),
            ).fetchall()
            counts = [sum(one & LOWER for row in sends for one in row), sum(one >> 31 for row in sends for one in row)]
            assert counts == [
                connection.execute(
                    "SELECT count(*) FROM messages WHERE origin < 2 AND user_type = ?"
                    " AND (marks <> 0 OR failure_reason IS NOT NULL)",
                    (user_type,),
                ).fetchone()[0]
                for user_type in (0, 1)
            ]


def history() -> list[Event]:
    """Starts of every kind: few and many contacts, consecutive and scattered ones, failures and referred starts."""
    contacts = [ContactIds((f"54911{number:08}",)) for number in range(2_400)]
    sends: list[Send] = []
    # All contacts at first, so that their ids are in this order.
    sends += [sent(f"all{number}", NOON, contact=contact) for number, contact in enumerate(contacts)]
    # Scattered contacts make long sets, more than a packed block holds; several templates make multiplicities.
    scattered = [contact for number, contact in enumerate(contacts) if number * number % 7 in (1, 2)]
    sends += [
        sent(f"{template}{number}", NOON + DAY, contact=contact, template=template)
        for template in "uvwxyz"
        for number, contact in enumerate(scattered)
    ]
    sends += [sent(f"o{number}", NOON + 40 * DAY, OTHER_LINE, contacts[number], "u") for number in range(5)]
    sends += [sent(f"f{number}", NOON + DAY, LINE, contacts[number], "u") for number in range(60)]
    failures: list[Event] = [
        Status(f"f{number}", Step.FAILED, NOON + DAY + 1, failure=Failure((131026, 131049)[number % 2], "failed"))
        for number in range(60)
    ]
    steps: list[Event] = [Status(f"u{number}", Step.READ, NOON + DAY + 1) for number in range(100)]
    referred = [Inbound("ad", "text", NOON + 200 * DAY, LINE, BETO, origin=Origin.CAMPAIGN)]
    return [*sends, *failures, *steps, *referred]


@pytest.fixture(scope="module", params=[PACKED_BLOCKS, "no packed blocks"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A refreshed database, with packed blocks as usual or with none."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param != PACKED_BLOCKS:
            patch.setattr(user_sets, "_PACKED_BLOCK_LIMIT", dict.fromkeys(KINDS, 0))
        path = build(tmp_path_factory.mktemp("docs") / "saludo.db", history())
        refresh_all(path)
        yield path
