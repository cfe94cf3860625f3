"""The report as plain text: advice by reason, rates with their counts, and changes."""

from __future__ import annotations

from pathlib import Path

from storage.domain.compared_days import Against
from storage.domain.events import Event, Failure, Rank, Send, Step
from storage.domain.failures import explain_kind
from storage.domain.filters import Filter
from storage.domain.proportions import Rate, newcombe
from storage.report.comparison import load_comparison
from storage.report.report import load_report
from tests.databases import ANA, BETO, DAY, LINE, NOON, NOW, build, session_of
from tests.events import send, status
from tui.commands.text_report import render


def failed(key: str, failure: Failure) -> Send:
    """A notification to Ana that was refused."""
    contact = ANA if key == "w1" else BETO
    return Send(key, Rank.SEND_LOG, NOON, LINE, contact, kind="template", accepted_at=NOON, failure=failure)


def text_of(path: Path) -> str:
    with session_of(path) as session:
        return render(load_report(session, Filter.parse("period:all"), NOW), ascii_only=False)


def unwrapped(text: str) -> str:
    """The words of a text, whatever its lines."""
    return " ".join(text.split())


def test_a_code_with_two_meanings_gets_the_advice_of_its_reason(tmp_path: Path) -> None:
    events: list[Event] = [failed("w1", Failure(131009, "Parameter value is not valid", "Recipient is not valid"))]
    text = text_of(build(tmp_path / "saludo.db", events))
    assert "Wrong destination number" in text
    assert explain_kind("wrong_number", 131009).advice in unwrapped(text)
    assert explain_kind("wrong_parameters", 131009).advice not in unwrapped(text)


def test_a_failure_without_a_code_gets_advice_too(tmp_path: Path) -> None:
    events: list[Event] = [failed("w1", Failure(None, "El número ya no existe"))]
    text = text_of(build(tmp_path / "saludo.db", events))
    assert explain_kind("number_gone", None).advice in unwrapped(text)
    assert max(map(len, text.splitlines())) <= 120


def test_rates_have_their_counts_and_a_small_base_has_no_rate(tmp_path: Path) -> None:
    events: list[Event] = [send(f"w{index}", NOON + index) for index in range(40)]
    events += [status(Step.DELIVERED, NOON + 99, f"w{index}") for index in range(29)]
    events += [status(Step.READ, NOON + 99, f"w{index}") for index in range(20)]
    lines = text_of(build(tmp_path / "saludo.db", events)).splitlines()
    assert [line for line in lines if line.startswith(("Delivered", "Read"))] == [
        "Delivered         72.5%   29 of 40 sends",
        "Read              –       20 of 29 delivered",
    ]


def test_a_comparison_tells_the_days_and_each_change(tmp_path: Path) -> None:
    events: list[Event] = [send(f"new{index}", NOON + index) for index in range(40)]
    events += [send(f"old{index}", NOON - 7 * DAY + index) for index in range(100)]
    events += [status(Step.DELIVERED, NOON + DAY, f"new{index}") for index in range(38)]
    events += [status(Step.DELIVERED, NOON + DAY, f"old{index}") for index in range(50)]
    events += [send("today", int(NOW.timestamp() * 1000))]
    with session_of(build(tmp_path / "saludo.db", events)) as session:
        found = load_comparison(session, Filter.parse("period:7d"), NOW, Against.BEFORE, funnel_of_period=True)
    lines = render(found.report, comparison=found).splitlines()
    assert lines[1] == ("compared with 2026-11-07 to 2026-11-13 (not included); today, 2026-11-20, is left out of both")
    assert "Sends             40           -60" in lines
    (delivered,) = (line for line in lines if line.startswith("Delivered"))
    low, high = newcombe(Rate(50, 100), Rate(38, 40))
    assert delivered.split("sends")[1].strip() == f"-12  +45.0 points ({low * 100:+.1f} to {high * 100:+.1f})"
    (funnel,) = (line for line in lines if line.startswith("  delivered") and "previous" in line)
    assert funnel.split()[:3] == ["delivered", "38", "-12"]
