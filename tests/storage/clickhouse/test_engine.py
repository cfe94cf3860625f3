"""The interface to a ClickHouse database, over chdb and the client that servers are asked with."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from storage.clickhouse.address import address_of
from storage.clickhouse.connecting import MissingLibrary, connect
from storage.clickhouse.engine import Engine, EngineError


def test_values_come_back_as_they_were_given(engine: Engine) -> None:
    values = ["it's", "tab\t, line\n, back\\slash", "ñandú 🦜", ""]
    query = "SELECT {texts:Array(String)}, {none:Nullable(Int64)}, {pairs:Array(Tuple(UInt8, String))}"
    parameters = {"texts": values, "none": None, "pairs": [(1, "a'b"), (2, "")]}
    assert engine.rows(query, parameters) == [(values, None, [(1, "a'b"), (2, "")])]


def test_lists_of_numbers_come_back_as_they_were_given(engine: Engine) -> None:
    for values in ([], [0], [-1, (1 << 63) - 1]):
        assert engine.rows("SELECT {values:Array(Int64)}", {"values": values}) == [(values,)]


LONG_LISTS: tuple[tuple[str, list[int] | list[str]], ...] = (
    ("UInt32", [*range(100_000), 4_294_967_295]),
    ("Int64", [-(1 << 63), *range(5_000)]),
    ("String", ["it's", "tab\t, line\n, \r, \0, back\\slash \\N", "ñandú 🦜", "", *map(str, range(5_000))]),
)


@pytest.mark.parametrize(("type", "values"), LONG_LISTS)
def test_a_long_list_selects_what_it_has(engine: Engine, type: str, values: list[int] | list[str]) -> None:
    check_long_list(engine, type, values)


def check_long_list(engine: Engine, type: str, values: list[int] | list[str]) -> None:
    """A list selects its first values, and nothing that differs from them by a letter."""
    first = f"SELECT arrayJoin({{first:Array({type})}}) AS one WHERE one IN {{values:Array({type})}} ORDER BY one"
    others = [f"{value} " for value in values[:4]] if type == "String" else [-1 if type == "Int64" else 4_294_967_294]
    found = engine.rows(first, {"first": [*values[:4], *others], "values": values})
    assert found == [(value,) for value in sorted(values[:4])]


def test_columns_are_the_rows_by_column(engine: Engine) -> None:
    query = "SELECT number AS a, toString(number) AS b FROM numbers({count:UInt8})"
    assert [list(column) for column in engine.columns(query, {"count": 2})] == [[0, 1], ["0", "1"]]
    assert [list(column) for column in engine.columns(query, {"count": 0})] == []


def test_an_insert_with_the_token_or_the_rows_of_another_changes_nothing(engine: Engine) -> None:
    remembers = "SETTINGS non_replicated_deduplication_window = 9"
    engine.run(f"CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a {remembers}")
    for token, values in (("one", [1, 2]), ("one", [3]), ("two", [4]), ("", [5]), ("", [5]), ("three", [])):
        engine.insert("t", {"a": values}, token)
    assert engine.rows("SELECT a FROM t ORDER BY a") == [(1,), (2,), (4,), (5,)]


def test_an_error_is_one_line_with_its_code(engine: Engine) -> None:
    with pytest.raises(EngineError, match="import a file first") as caught:
        engine.rows("SELECT a FROM nowhere")
    assert caught.value.code == 60
    with pytest.raises(EngineError, match=r"chdb:.*[Ss]yntax error") as caught:
        engine.run("SELECT FROM WHERE\n")
    assert "\n" not in str(caught.value)
    with pytest.raises(EngineError, match=r"^chdb:.*: the disk is full; free some space and run .* nothing is lost$"):
        engine.run("SELECT throwIf(1, 'no', toInt32(243)) SETTINGS allow_custom_error_code_in_throwif = 1")


def test_a_database_that_is_not_there_is_told() -> None:
    with pytest.raises(EngineError, match="database not found; import a file first"):
        connect(address_of("chdb:/nowhere/at/all"))
    with pytest.raises(EngineError, match=r"^clickhouse://ana@127.0.0.1:1/a: the server does not answer \(Conn"):
        connect(address_of("clickhouse://ana@127.0.0.1:1/a"))


@pytest.mark.parametrize(
    ("text", "missing", "extra"),
    [
        ("chdb:a", "chdb", "chdb"),
        ("chdb:a", "clickhouse_connect", "clickhouse"),
        ("clickhouse://h/a", "clickhouse_connect", "clickhouse"),
    ],
)
def test_a_missing_library_is_told(text: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.clickhouse import connecting

    monkeypatch.setattr(connecting, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingLibrary, match=rf"pip install 'saludo\[{extra}\]'"):
        connect(address_of(text))


def test_a_directory_that_another_process_has_open_is_told_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "metadata").mkdir()
    with (tmp_path / "status").open("wb") as status:
        fcntl.flock(status, fcntl.LOCK_EX)
        with pytest.raises(EngineError, match=r"^chdb:.*: another process has this database open; [^\n]*$"):
            connect(address_of(f"chdb:{tmp_path}"))
    assert capfd.readouterr().err == ""
