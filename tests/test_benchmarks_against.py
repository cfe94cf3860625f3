"""The comparison of two builds: what it reads of printed tables, how it takes turns, and what it says."""

from __future__ import annotations

import pytest

from tests.benchmarks import against
from tests.benchmarks.against import Compared, alternate, figures_in, text

_TABLE = """\
filter                                                            saludo   recount   (ms)
all, 30 days                                                         1.0
median                                                               6.1
beside duckdb: of its median, least advantage                       1/52       8.2

first report of a cold file, median and worst                       15.3      43.4
a page by contact, the first, median and worst                       7.0       9.0
tiles and table                                  248    1.50 times the bare app   at most 2  ok
first complete screen, bytes                   6,349   at most 32,000  ok      200 ms
"""


def test_figures_are_read_from_printed_tables_by_their_names() -> None:
    names = ("median", "first report of a cold file, median and worst", "tiles and table", "not printed")
    assert figures_in(_TABLE, names) == {
        "median": 6.1,
        "first report of a cold file": 15.3,
        "first report of a cold file, worst": 43.4,
        "tiles and table": 248,
    }
    assert figures_in(_TABLE, ["first complete screen, bytes"]) == {"first complete screen, bytes": 6349}


def test_builds_take_turns_and_neither_is_always_first() -> None:
    order: list[str] = []

    def take(name: str, value: float) -> dict[str, float]:
        order.append(name)
        return {"time": value, f"of {name} only": 1}

    (found,) = alternate(lambda: take("ours", 1.0), lambda: take("theirs", 2.0), 3)
    assert order == ["theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert found == Compared("time", [1.0] * 3, [2.0] * 3)
    assert found.ratio == 0.5


def test_the_ratio_is_taken_round_by_round() -> None:
    """A machine that slows down in the middle changes both times, and no ratio."""
    one = Compared("import, s", [1.0, 10.0, 2.0], [2.0, 20.0, 4.0])
    assert (one.ratio, one.spread) == (0.5, (0.5, 0.5))
    assert text(one).split() == "import, s 2.00 4.00 0.50 (0.50 to 0.50)".split()


def test_a_figure_with_a_limit_says_whether_it_holds() -> None:
    held, over = (text(Compared("a page by notification", [ours], [9.0])) for ours in (3.0, 3.1))
    assert held.endswith("(0.3333 to 0.3333) at most 1/3 ok")
    assert over.endswith("at most 1/3 over")


def test_the_command_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        against.run(["--help"])
    shown = capsys.readouterr().out
    assert "revision" in shown
    for part in against.PARTS:
        assert part in shown
