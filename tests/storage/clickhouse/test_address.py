"""The address of a ClickHouse database and its password."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.clickhouse.address import Address, AddressError, address_of, is_address, password


def test_an_address_names_server_user_and_database() -> None:
    assert address_of("clickhouse://ana@db.example:9000/starts") == Address("starts", "db.example", 9000, "ana")
    assert address_of("clickhouses://ana@[::1]/starts") == Address("starts", "::1", 8443, "ana", secure=True)
    assert address_of("clickhouse://db.example") == Address("default", "db.example", 8123, "default")
    assert address_of("chdb:some/place") == Address("saludo", directory=Path("some/place"))
    assert address_of("ClickHouse://Ana%40b@h/Starts/") == Address("Starts", "h", 8123, "Ana@b")


@pytest.mark.parametrize(
    "text", ["clickhouse://ana%40b@db.example:9000/starts", "clickhouses://ana@[::1]:8443/starts", "chdb:some/place"]
)
def test_an_address_reads_as_it_is_written(text: str) -> None:
    assert str(address_of(text)) == text


def test_only_the_three_schemes_are_addresses() -> None:
    assert [text for text in ("a.db", "C:\\a.db", "chdb.db", "CHDB:a", "clickhouse:x") if is_address(text)] == [
        "CHDB:a",
        "clickhouse:x",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("clickhouse:db", "clickhouse://", "clickhouse://h/a/b", "clickhouse://h:x/a", "clickhouse://h/a?b=c"),
        *("clickhouse://h:0/a", "clickhouse://h h/a", "clickhouse://a%00@h/a", "clickhouse://h/%0a"),
        *("clickhouse://[::1/a", "chdb:"),
    ],
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(AddressError, match=r"DATABASE|DIRECTORY"):
        address_of(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    for text in ("clickhouse://ana:secret@h/a", "clickhouse://ana:secret@h:x/a"):
        with pytest.raises(AddressError) as caught:
            address_of(text)
        assert "secret" not in str(caught.value)


def test_the_password_comes_from_the_environment_or_a_file_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLICKHOUSE_PASSWORD", raising=False)
    monkeypatch.delenv("CLICKHOUSE_PASSWORD_FILE", raising=False)
    assert password() == ""
    file = tmp_path / "password"
    file.write_text("from a file\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD_FILE", str(file))
    assert password() == "from a file"
    file.chmod(0o640)
    with pytest.raises(AddressError, match="chmod 600"):
        password()
    file.unlink()
    with pytest.raises(AddressError, match="cannot be read"):
        password()
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "from the environment")
    assert password() == "from the environment"
