"""Every attack with its sentence for the user, and the table of docs/reliability.md that their results make."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults import (
    damaged_pages,
    endings,
    fuzz,
    interruptions,
    moments,
    replacements,
    schema_damage,
    side_by_side,
    two_writers,
    wrong_values,
)
from tests.faults.tally import Result, Tally

_MEASURED = Path(__file__).with_name("measured.json")
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
_BEGIN, _END = "<!-- python -m tests.faults report -->", "<!-- end -->"

_DAMAGE = (
    "No command ends in a traceback. `saludo check` names the damage, or report and TSV are the same, to the byte;"
    " `check --rebuild` makes again what follows from the messages, and says what it cannot."
)
_EVIDENCE = (
    "What a record said stands once in the file: if one possible value of it becomes another, such as the name of a"
    " template, nobody can tell."
)


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack.

    Attributes:
        name: its word on the command line.
        what: what is attacked and how.
        promise: what a user can rely on, one sentence.
        run: runs it, with a number of calls or tries, and what was tried before.
        size: that number for the long form; 0: the attack has a fixed size.
        needs_shim: whether it runs in a process that has the shim.
        changes_evidence: whether it may change what records say into something that they could have said.
        goes_on: whether it goes on where a run of it was ended.
    """

    name: str
    what: str
    promise: str
    run: Callable[[int, Tally], Result]
    size: int = 0
    needs_shim: bool = False
    changes_evidence: bool = False
    goes_on: bool = False


ATTACKS = (
    Attack(
        "kills",
        "An import is killed before each of its first 200 calls of `open`, `pwrite`, `fdatasync`, `ftruncate` and"
        " `unlink` that touch the database: into a new one, one in WAL mode and a copy by `VACUUM INTO`",
        "Nothing is lost or counted twice: the same import again gives the same report and TSV, to the byte.",
        interruptions.kills,
        200,
        True,
        goes_on=True,
    ),
    Attack(
        "helpers",
        "Each helper process of an import is killed before each call by which it reads from the writer, answers it or"
        " syncs the disk",
        "The same holds: the import goes on without it, or says that it has to be run again.",
        lambda size, _: moments.helper_kills(size),
        200,
        True,
    ),
    Attack(
        "moments",
        "An import of four processes is killed at random moments: all of them, the writer, or one helper",
        "Nothing is lost or counted twice: the same import again goes on and gives the same, to the byte.",
        lambda size, _: moments.moments(size),
        200,
    ),
    Attack(
        "writes",
        "Each of the first 200 calls of `pwrite`, `fdatasync` and `ftruncate` fails with ENOSPC, EIO or EDQUOT, once or"
        " from then on; in the same three databases",
        "The import goes on or says in one line why it stopped; when the disk works again, running it again goes on.",
        interruptions.failing_calls,
        200,
        True,
        goes_on=True,
    ),
    Attack(
        "writers",
        "A second command opens the database by a symbolic link, a relative path, a linked directory, a hard link, and"
        " a bind mount of the directory or of the file",
        "One process writes at a time; another one that would write is told which process that is, readers go on.",
        lambda size, _: two_writers.two_writers(),
    ),
    Attack(
        "together",
        "Two commands run at the same time: imports, `settings`, `check`, `check --rebuild`, `report`, `export`,"
        " `rejects`, `imports` and `backup`",
        "Each does its work or says who writes; the database then holds what the two leave one after the other.",
        lambda size, _: side_by_side.side_by_side(size),
        200,
    ),
    Attack(
        "values",
        "SQL writes a wrong value into each column of each table, in one row or all, or removes rows, with and without"
        " the triggers; then every command and the dashboard's queries run",
        f"{_DAMAGE} {_EVIDENCE}",
        wrong_values.wrong_values,
        500,
        changes_evidence=True,
        goes_on=True,
    ),
    Attack(
        "pages",
        "Bits of the file are turned, pages overwritten or swapped, the file is cut; then every command and the"
        " dashboard's queries run",
        f"{_DAMAGE} {_EVIDENCE}",
        damaged_pages.damaged_pages,
        500,
        changes_evidence=True,
        goes_on=True,
    ),
    Attack(
        "schema",
        "Each index, trigger and replaceable table is dropped; hashes, labels, links, marks, cells and user sets are"
        " changed",
        "`saludo check` names it, and `saludo check --rebuild` makes it again from the messages.",
        lambda size, _: schema_damage.schema_damage(),
    ),
    Attack(
        "files",
        "The file under an open dashboard is replaced by `cp`, `mv` or a rewrite, cut, emptied or removed",
        "The dashboard shows the new file, or says in one line what happened; never numbers of two files.",
        lambda size, _: replacements.replacements(),
    ),
    Attack(
        "endings",
        "The dashboard gets SIGTERM, SIGHUP, SIGINT, Ctrl+C or its terminal is closed: while it starts, in dialogs,"
        " in a save, with a terminal that reads nothing, and at sizes of 0 and 1",
        "It ends within a second, and the terminal is as it was before.",
        lambda size, _: endings.endings(size),
        200,
    ),
    Attack(
        "fuzz",
        "Captures of every format, in every wrapper and compression, are changed at random, by bytes and by structure;"
        " then they are read, read again from the middle, and imported",
        "No input ends an import, takes more time than its bytes allow or changes what its other records say; what"
        " cannot be read is told with its place.",
        lambda size, _: fuzz.fuzz(size),
        600,
    ),
)


def keep(name: str, result: Result) -> None:
    """Keeps a result for the table."""
    measured = kept()
    measured[name] = asdict(result) | {"failures": len(result.failures)}
    _MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")


def kept() -> dict[str, dict[str, int]]:
    """The results that were kept, by attack."""
    results: dict[str, dict[str, int]] = json.loads(_MEASURED.read_text())
    return results


def table() -> str:
    """The table of the results that were kept."""
    measured = kept()
    rows = [
        "| attack | what you can rely on | tries | took effect | evidence | failures |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for attack in ATTACKS:
        if (result := measured.get(attack.name)) is not None:
            tries, took, failures, evidence = (result[name] for name in ("tries", "took", "failures", "uncheckable"))
            told = f"{evidence:,}" if attack.changes_evidence else "–"
            rows.append(f"| {attack.what} | {attack.promise} | {tries:,} | {took:,} | {told} | {failures:,} |")
    return "\n".join(rows) + "\n"


def write_report() -> None:
    """Writes the table into docs/reliability.md."""
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{table()}\n{_END}{after}", encoding="utf-8")
