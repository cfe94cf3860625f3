"""Every attack with its sentence for the user, and the table of docs/reliability.md that their results make."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults import (
    damaged_pages,
    endings,
    interruptions,
    moments,
    replacements,
    schema_damage,
    two_writers,
    wrong_values,
)
from tests.faults.interruptions import Result

_MEASURED = Path(__file__).with_name("measured.json")
_DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_BEGIN, _END = "<!-- python -m tests.faults report -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack.

    Attributes:
        name: its word on the command line.
        what: what is attacked and how.
        promise: what a user can rely on, one sentence.
        run: runs it, with a number of calls or tries.
        size: that number for the long form; 0: the attack has a fixed size.
        needs_shim: whether it runs in a process that has the shim.
    """

    name: str
    what: str
    promise: str
    run: Callable[[int], Result]
    size: int = 0
    needs_shim: bool = False


ATTACKS = (
    Attack(
        "kills",
        "An import is killed before the n-th call that writes, syncs, shortens or removes a file, for the first 150 and"
        " 50 later calls: into a new database, one in WAL mode, a copy by `VACUUM INTO` and one by SQLite's backup",
        "Nothing is lost or counted twice: the same import again gives the same report and TSV, to the byte.",
        interruptions.kills,
        200,
        True,
    ),
    Attack(
        "writes",
        "Such a call fails with ENOSPC, EIO or EDQUOT, once or from then on: the first 30 and 10 later calls",
        "The import goes on or says in one line why it stopped; when the disk works again, running it again goes on.",
        interruptions.failing_calls,
        40,
        True,
    ),
    Attack(
        "moments",
        "An import of four processes is killed at random moments: all of them, the writer, or one helper",
        "The same holds; without a helper the import goes on, or says that it has to be run again.",
        moments.moments,
        100,
    ),
    Attack(
        "writers",
        "A second writer opens the database by a symbolic link, a relative path, a linked directory or a hard link",
        "One process writes at a time; the other one is told which process that is.",
        lambda _: two_writers.two_writers(),
    ),
    Attack(
        "values",
        "SQL writes a wrong value into a column of any table or removes rows, with and without the triggers; then every"
        " command and the dashboard's queries run",
        "No command ends in a traceback: it works, or says in one line what is wrong and what to run.",
        wrong_values.wrong_values,
        500,
    ),
    Attack(
        "pages",
        "Bits of the file are turned, pages overwritten or swapped, the file is cut",
        "No command crashes or prints a traceback; what is found damaged is told in one line.",
        damaged_pages.damaged_pages,
        500,
    ),
    Attack(
        "schema",
        "Each index, trigger and replaceable table is dropped; hashes, labels, links, marks, cells and user sets are"
        " changed",
        "`saludo check` names it, and `saludo check --rebuild` makes it again from the messages.",
        lambda _: schema_damage.schema_damage(),
    ),
    Attack(
        "files",
        "The file under an open dashboard is replaced by `cp`, `mv` or a rewrite, cut, emptied or removed",
        "The dashboard shows the new file, or says in one line what happened; never numbers of two files.",
        lambda _: replacements.replacements(),
    ),
    Attack(
        "endings",
        "The dashboard gets SIGTERM, SIGHUP, SIGINT, Ctrl+C or its terminal is closed: while it starts, in dialogs,"
        " in a save, with a terminal that reads nothing, and at sizes of 0 and 1",
        "It ends within a second, and the terminal is as it was before.",
        endings.endings,
        200,
    ),
)


def keep(name: str, result: Result) -> None:
    """Keeps a result for the table."""
    measured = json.loads(_MEASURED.read_text()) if _MEASURED.exists() else {}
    measured[name] = asdict(result) | {"failures": len(result.failures)}
    _MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")


def table() -> str:
    """The table of the results that were kept."""
    measured = json.loads(_MEASURED.read_text())
    rows = ["| attack | tries | took effect | failures | what you can rely on |", "|---|--:|--:|--:|---|"]
    for attack in ATTACKS:
        if (result := measured.get(attack.name)) is not None:
            figures = " | ".join(f"{result[name]:,}" for name in ("tries", "took", "failures"))
            rows.append(f"| {attack.what} | {figures} | {attack.promise} |")
    return "\n".join(rows) + "\n"


def write_report() -> None:
    """Writes the table into docs/reliability.md."""
    before, rest = _DOCUMENT.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    _DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{table()}\n{_END}{after}", encoding="utf-8")
