"""`saludo check` proves a sound database in bulk, wherever it comes from: the plain rules, which take several times as
long, have nothing to do. What is wrong in one place has only that place compared by them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from storage.cube import recount_comparison, refresh
from storage.database import index_proof
from storage.database.connection import reading, writing
from storage.domain.events import ContactIds, Event, Failure, Known, LineIds, Origin, Step
from storage.ingest import check_parts, integrity
from storage.ingest.derivation import Derivation
from storage.ingest.integrity import check
from tests.captures import CAPTURES, capture
from tests.databases import ANA, BETO, DAY, HOUR, LINE, NOON, OTHER_LINE, SECOND, build
from tests.earlier_versions import VERSIONS, unpack_database
from tests.events import inbound, row, send, status
from tests.faults.commands import saludo
from tests.storage.database.test_index_proof import without_index
from tests.storage.ingest.import_runs import run

_YEAR = 365 * DAY
_OF_TEXTS = "messages_by_context"  # the only index that SQLite always reads
Make = Callable[[Path], None]


@dataclass(slots=True)
class Plain:
    """What went the plain way: first days of top blocks, indexes read by SQLite, and contacts and ids of messages."""

    blocks: list[int] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    contacts: set[int] = field(default_factory=set)
    messages: set[int] = field(default_factory=set)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Plain:
    """Notes it, with proofs that are tried at any size."""
    monkeypatch.setattr(index_proof, "_WORTH_PAGES", 0)
    monkeypatch.setattr(recount_comparison, "_MANY_STARTS", 1)
    noted = Plain()
    compare_block, compare_index, read_index, derive = (
        recount_comparison.top_block_differences,
        index_proof.different,
        index_proof.out_of_order,
        Derivation.differing,
    )

    def block(connection: sqlite3.Connection, top: int, *arguments: object) -> object:
        noted.blocks.append(top)
        return compare_block(connection, top, *arguments)  # type: ignore[arg-type]

    def entries(connection: sqlite3.Connection, of: list[index_proof.Index]) -> bool:
        noted.indexes += [f"{one.name} again" for one in of]
        return compare_index(connection, of)

    def index(connection: sqlite3.Connection, of: index_proof.Index) -> bool:
        noted.indexes.append(of.name)
        return read_index(connection, of)

    def derived(self: Derivation, contacts: list[int], messages: list[int], progress: object) -> object:
        noted.contacts.update(contacts)
        noted.messages.update(messages)
        return derive(self, contacts, messages, progress)  # type: ignore[arg-type]

    monkeypatch.setattr(recount_comparison, "top_block_differences", block)
    monkeypatch.setattr(index_proof, "different", entries)
    monkeypatch.setattr(index_proof, "out_of_order", index)
    monkeypatch.setattr(Derivation, "differing", derived)
    return noted


def problems(path: Path) -> list[str]:
    with writing(path) as writer:
        return check(writer, refresh.no_progress)


def _person(number: int) -> ContactIds:
    return ContactIds((f"54911{number:08}",), name=f"Person {number}")


def _of_events(*events: Event) -> Make:
    def make(path: Path) -> None:
        build(path, events)
        with writing(path) as writer:
            refresh.refresh_all(writer)

    return make


def _captures(beginning: str) -> Make:
    def make(path: Path) -> None:
        for file in sorted(CAPTURES.glob(f"{beginning}*")):
            run(path, file)

    return make


def _own_tsv(path: Path) -> None:
    before = path.with_name("before.db")
    _captures("cloud")(before)
    exported = path.with_name("exported.tsv")
    assert saludo(before, "export", "--filter", "period:all", "-o", str(exported)).status == 0
    assert saludo(path, "import", str(exported)).status == 0


def _copied(path: Path) -> None:
    before = path.with_name("before.db")
    _captures("cloud")(before)
    with closing(sqlite3.connect(before)) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    run(path, capture("starting_causes.tsv"))


def _restored(path: Path) -> None:
    _captures("send_log")(path)
    kept = path.with_name("kept.db")
    assert saludo(path, "backup", str(kept)).status == 0
    run(path, capture("cloud_statuses.jsonl"))
    shutil.copy(kept, path)


def _of_other_pages(path: Path) -> None:
    _captures("cloud")(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("VACUUM")


_HUNDRED_PEOPLE = _of_events(*(send(f"w{n}", NOON + (n - 50) * 9 * DAY, _person(n)) for n in range(100)))
_FAILED = Failure(131026, "Message undeliverable")
_SOUND: dict[str, Make] = {
    "webhooks": _captures("cloud"),
    "a send log": _captures("send_log"),
    "downloads of the platform": _captures("starting_causes"),
    "tables without keys": _captures("sends_"),
    "reports of providers": _captures("wolkvox"),
    "our own TSV": _own_tsv,
    "a copy by VACUUM INTO": _copied,
    "a backup that was restored": _restored,
    "other pages": _of_other_pages,
    "a hundred years": _of_events(*(send(f"w{year}", NOON + (year - 50) * _YEAR) for year in range(0, 100, 12))),
    "one person": _of_events(
        *(send(f"w{day}", NOON + day * DAY) for day in range(200)),
        *(inbound(f"i{day}", NOON + day * DAY + HOUR) for day in range(0, 200, 3)),
        *(row(f"r{day}", NOON + day * DAY + HOUR) for day in range(0, 200, 5)),
    ),
    "nobody twice": _of_events(*(send(f"w{number}", NOON + number, _person(number)) for number in range(300))),
    "many templates": _of_events(*(send(f"w{n}", NOON, _person(n), template=f"t{n}") for n in range(2_000))),
    "merged people and lines": _of_events(
        send("a", NOON, ANA),
        send("b", NOON + HOUR, ContactIds(user_id="AR.1"), LineIds(name="Sales")),
        Known(contact=ContactIds(ANA.wa_ids, user_id="AR.1")),
        Known(line=LineIds(LINE.identifier, LINE.number, "Sales")),
        inbound("c", NOON + 2 * HOUR, ContactIds(user_id="AR.1"), context="a"),
    ),
    "answers to others' messages": _of_events(
        send("a", NOON, ANA),
        inbound("b", NOON + HOUR, BETO, OTHER_LINE, context="a"),
        send("c", NOON, BETO, OTHER_LINE),
        inbound("d", NOON + HOUR, BETO, OTHER_LINE),
    ),
    "failures and unknown people": _of_events(
        send("a", NOON, ContactIds()),
        status(Step.FAILED, NOON + SECOND, "a", ContactIds(), failure=_FAILED),
        status(Step.FAILED, NOON + SECOND, "b", failure=Failure(None, "?")),
        row("r", NOON, ContactIds(), kind=None, template=None, origin=Origin.CAMPAIGN),
    ),
    "nothing": _of_events(),
    **{f"version {version}": partial(unpack_database, version) for version in VERSIONS},
}


@pytest.mark.parametrize("origin", _SOUND)
@pytest.mark.long(keep=4)
def test_a_sound_database_is_proven_in_bulk(origin: str, tmp_path: Path, plain: Plain) -> None:
    path = tmp_path / "saludo.db"
    _SOUND[origin](path)
    assert problems(path) == []
    assert plain == Plain(indexes=[_OF_TEXTS], contacts=_joinable(path))


def _joinable(path: Path) -> set[int]:
    """The contacts with a keyless row so near a message with a key that the two can be one start."""
    with reading(path) as connection:
        found = connection.execute(
            "SELECT r.contact FROM messages AS r JOIN messages AS o ON o.contact = r.contact"
            " WHERE r.direction = 2 AND o.direction = 0 AND abs(o.at - r.at) <= 60000"
        ).fetchall()
    return {contact for (contact,) in found}


def test_an_open_dashboard_changes_nothing_of_it(tmp_path: Path, plain: Plain) -> None:
    path = tmp_path / "saludo.db"
    _SOUND["one person"](path)
    with reading(path) as dashboard:
        run(path, capture("cloud_statuses.jsonl"))
        assert dashboard.execute("SELECT count(*) FROM messages").fetchone()[0] > 200
        assert problems(path) == []
    assert plain == Plain(indexes=[_OF_TEXTS])


@pytest.mark.parametrize(
    ("statement", "problem", "expected"),
    [
        (
            "UPDATE cells SET template_failed_sent = 5 WHERE day = (SELECT min(day) FROM cells)",
            "cell of line 1, template 1, day 20325: differs from its messages",
            Plain(blocks=[20270], indexes=[_OF_TEXTS]),
        ),
        (
            "UPDATE messages SET user_type = 1 WHERE id = 5",
            "message 'w4': derived columns differ from its timeline",
            Plain(indexes=[_OF_TEXTS], contacts={5}),
        ),
        (
            "UPDATE messages SET flags = 'x' WHERE id = 5",
            "messages, row 5: flags cannot be so",
            Plain(indexes=[_OF_TEXTS]),
        ),
    ],
    ids=["cell", "message", "value"],
)
@pytest.mark.long(keep=3)
def test_what_is_wrong_in_one_place_has_only_that_compared_by_the_plain_rules(
    statement: str, problem: str, expected: Plain, tmp_path: Path, plain: Plain
) -> None:
    path = tmp_path / "saludo.db"
    _HUNDRED_PEOPLE(path)
    with writing(path) as writer:
        writer.connection.execute(statement)
        refresh.refresh_all(writer)
    assert problem in problems(path)
    assert plain == expected


@pytest.mark.parametrize("name", ["starts_by_time", "messages_by_contact"])
def test_only_the_index_that_differs_is_read_again(name: str, tmp_path: Path, plain: Plain) -> None:
    path = tmp_path / "saludo.db"
    _HUNDRED_PEOPLE(path)
    without_index(path, name, "UPDATE messages SET contact = 7, user_type = 1 - user_type WHERE id = 5")
    assert problems(path) == [f"integrity: index {name} has other entries than its table"]
    assert plain.indexes == [f"{name} again", _OF_TEXTS]


def test_of_what_differs_everywhere_a_few_lines_and_the_number_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: Plain
) -> None:
    path = tmp_path / "saludo.db"
    _HUNDRED_PEOPLE(path)
    with writing(path) as writer:
        writer.connection.execute("UPDATE messages SET user_type = 1")
        refresh.refresh_all(writer)
        writer.connection.execute("DELETE FROM cells")
    monkeypatch.setattr(check_parts, "_DERIVED_AT_ONCE", 3)
    found = problems(path)
    assert len(found) == 42
    assert found[20] == "cell of line …, template …, day …: differs from its messages: 380 more"
    assert found[-1] == "message …: derived columns differ from its timeline: 80 more"
    assert len(plain.contacts) == 100
    plain.contacts.clear()
    monkeypatch.setattr(integrity, "_PARTS_AT_ONCE", 4)
    monkeypatch.setattr(integrity, "_MANY_DIFFER", 30)
    assert problems(path)[-1] == "message …: derived columns differ from its timeline: at least 16 more"
    assert len(plain.contacts) == 36
