"""The report as plain text: its advice matches the reason of a failure."""

from __future__ import annotations

from pathlib import Path

from storage.domain.events import Event, Failure, Rank, Send
from storage.domain.failures import explain_kind
from storage.domain.filters import Filter
from storage.report.report import load_report
from tests.databases import ANA, BETO, LINE, NOON, NOW, build, session_of
from tui.commands.text_report import render


def failed(key: str, failure: Failure) -> Send:
    """A notification to Ana that was refused."""
    contact = ANA if key == "w1" else BETO
    return Send(key, Rank.SEND_LOG, NOON, LINE, contact, kind="template", accepted_at=NOON, failure=failure)


def text_of(path: Path) -> str:
    with session_of(path) as session:
        return render(load_report(session, Filter.parse("period:all"), NOW), ascii_only=False)


def test_a_code_with_two_meanings_gets_the_advice_of_its_reason(tmp_path: Path) -> None:
    events: list[Event] = [failed("w1", Failure(131009, "Parameter value is not valid", "Recipient is not valid"))]
    text = text_of(build(tmp_path / "saludo.db", events))
    assert "Wrong destination number" in text
    assert explain_kind("wrong_number", 131009).advice in text
    assert explain_kind("wrong_parameters", 131009).advice not in text


def test_a_failure_without_a_code_gets_advice_too(tmp_path: Path) -> None:
    events: list[Event] = [failed("w1", Failure(None, "El número ya no existe"))]
    assert explain_kind("number_gone", None).advice in text_of(build(tmp_path / "saludo.db", events))
