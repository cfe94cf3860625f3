"""A large TSV is written by two processes: the same bytes, of one moment, whatever happens to the helper process."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import pytest

from storage.database import child_process
from storage.database.connection import writing
from storage.domain.filters import Filter
from storage.ingest.batch_writer import BatchWriter
from storage.messages.batch_merger import Merger
from storage.report.read_session import ReadSession
from storage.table import export_blocks
from storage.table.export import STARTS, write_tsv
from storage.table.export_windows import windows_of
from tests.databases import DAY, NOON, NOW, SECOND, build, session_of, tsv_bytes
from tests.events import row, send

_HOSTILE = ("=1+1", "a\tb\nc", "\u2028x", " ", "'=x", "ñandú", "x" * 300, "\ud7ff", '"q"')


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some days with many starts of one time, days without any, hostile texts, and joined rows."""
    choose = random.Random(7)
    times = [NOON - choose.choice((0, 1, 2, 40)) * DAY - choose.randrange(20) * SECOND * 900 for _ in range(400)]
    sends = [
        send(f"{choose.choice(_HOSTILE)}{number}", at, template=choose.choice(_HOSTILE))
        for number, at in enumerate(times)
    ]
    joined = [send("keyed", NOON - 5 * DAY), row(at=NOON - 5 * DAY + SECOND, template=None, channel_id="=web\tone")]
    return build(tmp_path_factory.mktemp("export") / "saludo.db", [*sends, *joined])


@pytest.fixture(scope="module")
def whole(path: Path) -> bytes:
    """What one process writes."""
    return tsv_bytes(path)


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The helper processes that are started, as they are for few starts now."""
    started: list[subprocess.Popen[bytes]] = []
    start = child_process.start

    def noted(module: str, argument: str, stdin: int | IO[bytes]) -> subprocess.Popen[bytes]:
        started.append(start(module, argument, stdin))
        return started[-1]

    monkeypatch.setattr(child_process, "start", noted)
    monkeypatch.setattr(child_process, "cores", lambda: 2)
    monkeypatch.setattr(export_blocks, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(export_blocks, "_WINDOW", 20)
    return started


@pytest.mark.parametrize("text", ["period:all", "since:2026-11-17 status:sent", "template:!promo since:2026-10-01"])
def test_two_processes_write_what_one_writes(
    path: Path, text: str, helpers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_two = tsv_bytes(path, text)
    assert len(helpers) == 1
    assert helpers[0].poll() is not None
    monkeypatch.setattr(child_process, "cores", lambda: 1)
    assert tsv_bytes(path, text) == of_two
    assert len(helpers) == 1
    assert of_two.count(b"\n") > 100


@pytest.mark.parametrize("answers", [0, 1, 2, 3, 7])
def test_what_a_lost_helper_did_not_send_is_written_all_the_same(
    path: Path,
    whole: bytes,
    answers: int,
    helpers: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receive, left = child_process.receive, answers

    def lost(pipe: IO[bytes]) -> Any:
        nonlocal left
        if not left:
            helpers[0].kill()
            raise EOFError
        left -= 1
        return receive(pipe)

    monkeypatch.setattr(child_process, "receive", lost)
    assert tsv_bytes(path) == whole
    assert left == 0


def test_a_helper_that_cannot_start_is_done_without(
    path: Path, whole: bytes, helpers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: object) -> None:
        raise OSError

    monkeypatch.setattr(child_process, "start", refused)
    assert tsv_bytes(path) == whole


def test_both_processes_read_one_moment(
    tmp_path: Path, helpers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that the helper has begun, another process commits, three times: then both begin again."""
    path = build(tmp_path / "saludo.db", [send(f"a{number}", NOON - number * DAY) for number in range(90)])
    renew = ReadSession.renew
    answers: list[bool] = []

    def overtaken(session: ReadSession) -> bool:
        if len(answers) < 3:
            _add(path, len(answers))
        answers.append(renew(session))
        return answers[-1]

    monkeypatch.setattr(ReadSession, "renew", overtaken)
    written = tsv_bytes(path)
    assert answers == [False, False, False, True]
    assert written.count(b"\n") == 1 + 90 + 3
    monkeypatch.setattr(child_process, "cores", lambda: 1)
    assert written == tsv_bytes(path)


def _add(path: Path, number: int) -> None:
    merger = Merger()
    merger.add(send(f"b{number}", NOON - 10 * DAY))
    with writing(path) as writer, writer.transaction():
        BatchWriter(writer).write(merger.batch())


def test_one_process_writes_if_others_commit_all_the_time(
    path: Path, whole: bytes, helpers: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReadSession, "renew", lambda session: False)
    assert tsv_bytes(path) == whole
    assert helpers[0].poll() is not None


def test_an_export_that_is_cancelled_ends_its_helper(path: Path, helpers: list[subprocess.Popen[bytes]]) -> None:
    class Cancelled(Exception):
        pass

    def cancel(rows: int) -> None:
        raise Cancelled

    class Sink:
        write: Callable[[bytes], int] = staticmethod(len)

    with pytest.raises(Cancelled), session_of(path) as session:
        write_tsv(session, Filter.parse("period:all"), NOW, Sink(), export=STARTS, progress=cancel)  # type: ignore[arg-type]
    assert helpers[0].poll() is not None


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
def test_windows_are_the_whole_time_and_hold_about_as_many_starts(path: Path, size: int) -> None:
    with session_of(path) as session:
        selection = session.select(Filter.parse("period:all"), NOW)
        days = session.cube.day_counts(selection)
        windows = windows_of(days, selection, size)
    assert windows[0][1] == selection.parameters["until_at"]
    assert windows[-1][0] == selection.parameters["since_at"]
    assert all(since == until for (since, _), (_, until) in pairwise(windows))
    assert all(since < until for since, until in windows)
    assert (len(windows) == 1) == (size == 10_000)
    assert len(windows) <= 2 * 401 / size + len(days) + 1


def test_a_damaged_count_makes_no_millions_of_windows(path: Path) -> None:
    """Each is a query: an export took a quarter of an hour for a day of eight billion starts."""
    with session_of(path) as session:
        selection = session.select(Filter.parse("period:all"), NOW)
        first, *days = session.cube.day_counts(selection)
        wrong = [first._replace(webchat=1 << 33), *days]
        windows = windows_of(wrong, selection, 1_500)
    assert wrong[0].starts > 1 << 32
    assert len(windows) < 2_000
    assert windows[-1][0] == selection.parameters["since_at"]
