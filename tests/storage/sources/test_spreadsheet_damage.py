"""What a spreadsheet does to one column gives the same report or a told doubt, and never other numbers in silence.

A doubt is a reject, a note of the import, or a start whose contact is unknown.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.captures import import_all
from tests.databases import report_of

Row = dict[str, str]
COLUMNS = ("message id", "phone", "customer id", "template", "status", "date", "delivered at", "error code", "line")
_FIRST = datetime(2026, 3, 1, 9, 0)  # noqa: DTZ001 - the zone of the tests
_NUMBERS = ("5491155550001", "5491155550002", "5511987650003", "34600000004", "12025550105")
_LINES = ("", "+5491100000001", "+5491100000002")


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """The rows of a table of messages, each at a minute of its own."""
    with_ids = draw(st.sampled_from(("wamid", "digits", "none")))
    rows: list[Row] = []
    minutes = draw(st.lists(st.integers(0, 300 * 1440), min_size=1, max_size=6, unique=True))
    for number, minute in enumerate(minutes):
        sent = _FIRST + timedelta(minutes=minute)
        status = draw(st.sampled_from(("enviado", "entregado", "leído", "fallido")))
        delivered = sent + timedelta(minutes=draw(st.integers(1, 90))) if status in ("entregado", "leído") else None
        ids = {"wamid": f"wamid.HBg{number}", "digits": f"98765432109876543{number:02}", "none": ""}
        who = draw(st.integers(0, len(_NUMBERS) - 1))
        rows.append(
            {
                "message id": ids[with_ids],
                "phone": _NUMBERS[who],
                "customer id": draw(st.sampled_from(("", f"77001{who}"))),
                "template": draw(st.sampled_from(("promo", "año nuevo", '=oferta "50%"', "10; 20, 30"))),
                "status": status,
                "date": f"{sent:%Y-%m-%d %H:%M:%S}",
                "delivered at": "" if delivered is None else f"{delivered:%Y-%m-%d %H:%M:%S}",
                "error code": "131026" if status == "fallido" else draw(st.sampled_from(("", "0"))),
                "line": draw(st.sampled_from(_LINES)),
            }
        )
    return rows


def scientific(mark: str, digits: int) -> Callable[[str], str]:
    """A long number as a spreadsheet shows it."""

    def damaged(cell: str) -> str:
        number = cell.removeprefix("+")
        if not number.isdigit() or len(number) < 10:
            return cell
        return f"{int(number):.{digits}E}".replace(".", mark)

    return damaged


def cut(cell: str) -> str:
    """A long number with the 15 digits that a spreadsheet keeps."""
    return cell[:15] + "0" * (len(cell) - 15) if cell.isdigit() else cell


def decimal(cell: str) -> str:
    return f"{cell}.0" if cell.isdigit() else cell


def grouped(cell: str) -> str:
    return f"{int(cell):,}".replace(",", ".") if cell.isdigit() and len(cell) > 9 else cell


def dated(form: str) -> Callable[[str], str]:
    """A time in another form."""

    def damaged(cell: str) -> str:
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            return cell
        if form == "serial":
            return f"{(moment - datetime(1899, 12, 30)).total_seconds() / 86400:.9f}"  # noqa: DTZ001
        half = "a. m." if moment.hour < 12 else "p. m."
        clock = moment.hour % 12 or 12
        return moment.strftime(form).replace("{half}", half).replace("{clock}", str(clock))

    return damaged


DAMAGES: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "rounded": scientific(",", 5),
    "rounded to two digits": scientific(".", 2),
    "in full scientific notation": scientific(".", 12),
    "cut to 15 digits": cut,
    "a decimal": decimal,
    "grouped": grouped,
    "guarded": lambda cell: f"'{cell}" if cell else cell,
    "as a formula": lambda cell: f'="{cell}"' if cell.isdigit() else cell,
    "spaced": lambda cell: f"\u00a0{cell} ",
    "too narrow": lambda cell: "########" if cell else cell,
    "an error": lambda cell: "#N/A" if cell else cell,
    "day first": dated("%d/%m/%Y %H:%M"),
    "month first": dated("%m/%d/%Y %H:%M"),
    "short": dated("%d/%m/%y %H:%M:%S"),
    "with a half of the day": dated("%d/%m/%Y {clock}:%M {half}"),
    "month first with a half of the day": dated("%m-%d-%Y {clock}:%M {half}"),
    "a serial number": dated("serial"),
}
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16")
QUOTINGS = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)


def written(rows: list[Row], separator: str = ",", encoding: str = "utf-8", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(COLUMNS)
    writer.writerows([[row[name] for name in COLUMNS] for row in rows])
    return out.getvalue().encode(encoding)


def imported(content: bytes) -> tuple[dict[str, Any], bool]:
    """The report over all time, and whether the import told a doubt."""
    with tempfile.TemporaryDirectory() as directory:
        path, database = Path(directory) / "a.csv", Path(directory) / "saludo.db"
        path.write_bytes(content)
        (summary,) = import_all(database, path)
        report = report_of(database)
    data = report.pop("data")
    return report, bool(summary.rejects or summary.notes or data["unknown_contacts"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(),
    st.sampled_from(COLUMNS),
    st.sampled_from(sorted(DAMAGES)),
    st.sampled_from(("\t", ";", ",", "|")),
    st.sampled_from(ENCODINGS),
    st.sampled_from(QUOTINGS),
)
def test_damage_to_one_column_is_harmless_or_told(
    rows: list[Row], column: str, damage: str, separator: str, encoding: str, quoting: int
) -> None:
    damaged = [row | {column: DAMAGES[damage](row[column])} for row in rows]
    report, _ = imported(written(rows))
    after, told = imported(written(damaged, separator, encoding, quoting))
    assert told or after == report
