"""Measures the time from exec until numbers are on the screen, compared with a bare Textual app and with visidata.

They run in turns, in terminals of the same size, with the same interpreter; visidata shows the same rows. Something
counts as visible when its text is among the bytes that the program has sent.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from storage.database.connection import reading
from storage.domain.filters import Filter
from storage.report.read_session import ReadSession
from storage.table.export import write_tsv
from tests.benchmarks.session import Session
from tui.words.numbers import number

TABLE_BOUND, CHARTS_BOUND = 2.0, 3.0  # limits, as multiples of the time of the bare app
_BARE_WORDS = "nothing but this"
_BARE = f"""
from textual.app import App, ComposeResult
from textual.widgets import Static

class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("{_BARE_WORDS}")

Bare().run()
"""
_AXIS, _BAR = "└┬", "████"  # of the daily evolution and the funnel; nothing else on the first screen has them


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds from exec until something is visible, one value for each round."""

    bare: list[float] = field(default_factory=list)
    table: list[float] = field(default_factory=list)
    charts: list[float] = field(default_factory=list)
    visidata: list[float] = field(default_factory=list)


def measure(database: Path, rounds: int) -> Opened:
    """Opens each program `rounds` times, after one round that is not counted."""
    opened = Opened()
    with tempfile.TemporaryDirectory() as directory:
        bare, rows = Path(directory, "bare.py"), Path(directory, "starts.tsv")
        bare.write_text(_BARE, encoding="utf-8")
        tile, contact = _first_screen(database, rows)
        for turn in range(rounds + 1):
            times = Opened() if turn == 0 else opened
            times.bare.extend(_open([sys.executable, str(bare)], directory, _has(_BARE_WORDS)))
            table, charts = _open(saludo(database), directory, _has(tile, contact), _has(_AXIS, _BAR))
            times.table.append(table)
            times.charts.append(charts)
            if importlib.util.find_spec("visidata"):
                # Otherwise visidata fetches a message of the day from its website.
                command = [sys.executable, "-m", "visidata", "--motd-url=", str(rows)]
                times.visidata.extend(_open(command, directory, _has(contact)))
    return opened


def once(python: Path, database: Path, rows: Path, *options: str) -> dict[str, float]:
    """Opens a bare Textual app and the dashboard of one build, once each, with the Python of that build.

    Args:
        python: of the build.
        database: of the build.
        rows: what the build writes as TSV of the same database and options: the first screen is known by it.
        options: of the dashboard.

    Returns:
        Milliseconds from exec, and of processor time until the charts, by the name of the figure.
    """
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "bare.py")
        script.write_text(_BARE, encoding="utf-8")
        (bare,), bare_cpu = _opened([str(python), str(script)], directory, _has(_BARE_WORDS))
        command = [*saludo(database, python), *options]
        (table, charts), cpu = _opened(command, directory, _has(*_shown(rows)), _has(_AXIS, _BAR))
    return {
        "a bare Textual app, ms": bare * 1000,
        "tiles and table, ms": table * 1000,
        "charts as well, ms": charts * 1000,
        "tiles and table, times the bare app": table / bare,
        "charts as well, times the bare app": charts / bare,
        "a bare Textual app, CPU ms": bare_cpu * 1000,
        "charts as well, CPU ms": cpu * 1000,
    }


def saludo(database: Path, python: Path | None = None) -> list[str]:
    """The command that opens the dashboard: the installed one, else the module."""
    used = python or Path(sys.executable)
    script = used.with_name("saludo")
    return [*([str(script)] if script.exists() else [str(used), "-m", "tui"]), "--db", str(database)]


def _first_screen(database: Path, rows: Path) -> tuple[str, str]:
    """The texts of the first tile and of the table's first contact; writes the table's rows as TSV for visidata."""
    now = datetime.now(UTC)
    with reading(database) as connection, rows.open("wb") as out:
        write_tsv(ReadSession(connection), Filter(), now, out)
    return _shown(rows)


def _shown(rows: Path) -> tuple[str, str]:
    """The texts of the first tile and of the table's first contact, by the TSV of the same starts."""
    _, *starts = rows.read_text(encoding="utf-8").splitlines()
    return number(len(starts)), starts[0].split("\t")[1]


def _has(*words: str) -> Callable[[str], bool]:
    return lambda sent: all(word in sent for word in words)


def _open(command: Sequence[str], home: str, *shown: Callable[[str], bool]) -> list[float]:
    return _opened(command, home, *shown)[0]


def _opened(command: Sequence[str], home: str, *shown: Callable[[str], bool]) -> tuple[list[float], float]:
    """Seconds from exec until each is visible, and the seconds of processor time until the last one."""
    # A home without settings, so that the defaults are measured.
    session = Session(command, extra={"HOME": home, "SALUDO_SETTINGS": str(Path(home, "none"))})
    try:
        times = session.until(*shown)
    except BaseException:
        session.close()
        raise
    return times, session.close()


def show(opened: Opened) -> None:
    """Prints medians, and ratios with their limits."""
    bare = statistics.median(opened.bare)
    table, charts = statistics.median(opened.table), statistics.median(opened.charts)
    print(f"{'a bare Textual app, ms from exec':<44}{bare * 1000:>8.0f}")
    for name, seconds, bound in (
        ("tiles and table", table, TABLE_BOUND),
        ("charts as well", charts, CHARTS_BOUND),
    ):
        ratio = seconds / bare
        print(
            f"{name:<44}{seconds * 1000:>8.0f}   {ratio:5.2f} times the bare app"
            f"   at most {bound:.0f}  {'ok' if ratio <= bound else 'OVER'}"
        )
    if not opened.visidata:
        print(f"{'visidata, the same rows as TSV':<44}{'not installed':>13}")
        return
    theirs = statistics.median(opened.visidata)
    verdict = "ok" if table < theirs else "OVER"
    print(f"{'visidata, the same rows as TSV':<44}{theirs * 1000:>8.0f}   to its first rows")
    print(f"{'':<44}{'':8}   {table / theirs:5.2f} of that for tiles and table   below 1  {verdict}")
