"""Writes the starts of a filter from a published version into a new SQLite database, for work without the server.

The starts go the way of any file: as our own TSV, which the importer reads. What that file has no column for is added:
all ids and names of the people and lines, names of templates to the letter, and who stopped or resumed marketing. So
the importer's rules stand once, and the database can be checked, searched and imported into. Its numbers are compared
by the caller. Knows no table of SQLite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby, islice, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any

from storage.database.connection import Writer, writing
from storage.database.settings import store_setting
from storage.domain.events import ContactIds, Event, Inbound, Known, LineIds, Rank
from storage.domain.filters import Filter
from storage.domain.period import Period
from storage.ingest.batch_writer import BatchWriter
from storage.ingest.importer import import_stream, prepare
from storage.messages.batch_merger import Merger, Name, Reference
from storage.messages.contacts import ids_of
from storage.messages.template_names import rename_templates
from storage.published.version_exports import VersionStarts
from storage.published.version_session import VersionSession
from storage.report.report import load_report
from storage.report.selection import Selection
from storage.report.session import Session
from storage.sources.identity import lost_digits
from storage.sources.opened import Options
from storage.table.export import write_tsv
from storage.table.export_cells import Formats, one_line

_AT_ONCE = 20_000  # events of a batch
_CONTACTS = 50_000  # ids of contacts of one query
_CONTACT = [column.title for column in VersionStarts.columns].index("Contact id/number")
_NUMBER, _USER_ID, _CUSTOMER_ID = range(3)  # kinds of `contact_ids`
_LINE_NUMBER, _LINE_IDENTIFIER = range(2)  # kinds of `line_ids`; 2: a name
_OF_SELECTED = "IN (SELECT m.{column} FROM messages AS m WHERE {condition})"
_PEOPLE = """
SELECT i.contact, i.kind, i.text, i.replaced, c.name FROM contact_ids AS i JOIN contacts AS c ON c.id = i.contact
WHERE i.contact >= :first AND i.contact < :end AND i.contact {selected} ORDER BY i.contact, i.kind, i.replaced, i.text
"""
_LINES = "SELECT line, kind, text FROM line_ids WHERE line {selected} ORDER BY line, kind, text"
_WISHES = """
SELECT w.contact, w.at, w.kind, l.value, c.label FROM wishes AS w
JOIN contacts AS c ON c.id = w.contact LEFT JOIN lines AS l ON l.id = w.line
WHERE w.contact {selected} ORDER BY w.contact, w.at, w.kind, l.value
"""
Rows = Iterable[tuple[Any, ...]]


def with_days(session: VersionSession, filter: Filter, now: datetime) -> Filter:
    """The filter with the first and last day that its period has in this version, at this time."""
    report = load_report(session, filter, now)
    return _between(filter, report.since, report.until)


def write_part(
    session: VersionSession, filter: Filter, now: datetime, path: Path, progress: Callable[[int], None]
) -> None:
    """Writes the starts of a filter, and those that its funnel counts, into a new database.

    Args:
        session: of the version.
        filter: with days.
        now: the time that decides the week of the funnel.
        path: of the database; a file beside it is written and removed.
        progress: called now and then with the number of starts read so far.
    """
    report = load_report(session, filter, now)
    since, until = min(report.since, report.funnel.since), max(report.until, report.funnel.until)
    wide = _between(filter, since, until)
    file = path.with_suffix(".tsv")
    try:
        with file.open("wb") as out:
            write_tsv(session, wide, now, out, export=_Starts(session), progress=progress)
        with writing(path) as writer:
            _write(session, session.select(wide, now), file, writer)
    finally:
        file.unlink(missing_ok=True)


class _Starts(VersionStarts):
    """The starts, with what a cell of a TSV cannot hold in another form.

    There is a stand-in for the name of a template, and a link for a number that looks rounded.
    """

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The starts in chunks."""
        names: dict[int | None, str] = {id: stand_in for id, (stand_in, _name) in _stand_ins(session).items()}
        for cells in super().chunks(session, filter, now, formats._replace(templates={**formats.templates, **names})):
            cells[_CONTACT] = [f"https://wa.me/{text}" if lost_digits(text) else text for text in cells[_CONTACT]]
            yield cells


def _stand_ins(session: Session) -> dict[int, tuple[str, str]]:
    """For each template whose name a file would change: what is written in its place, and the name."""
    rows = session.connection.execute("SELECT id, name FROM templates")
    return {id: (f"\ufffd{id}\ufffd", name) for id, name in rows if one_line(name) != name}


def _between(filter: Filter, since: date, until: date) -> Filter:
    return replace(filter, period=Period(None, since.isoformat(), until.isoformat()))


def _write(session: VersionSession, selection: Selection, file: Path, writer: Writer) -> None:
    with writer.transaction() as connection:
        for key, value in session.connection.execute("SELECT key, value FROM settings"):
            store_setting(connection, key, value)
    prepare(writer)
    # Before the starts, so that none of them is derived twice.
    for some in (_lines(session, selection), _people(session, selection), _wishes(session, selection)):
        _write_events(writer, some, session.version.made_at)
    options = Options(time_zone=session.settings.zone)
    with file.open("rb") as stream:
        import_stream(writer, stream, session.connection.engine.name, options, lambda read, events: None)
    with writer.transaction() as connection:
        rename_templates(connection, dict(_stand_ins(session).values()))
    writer.checkpoint()


def _write_events(writer: Writer, events: Iterable[Event], named_at: int) -> None:
    """Writes events in batches.

    Args:
        named_at: the time (ms) that is noted with names, which the version has without one.
    """
    left = iter(events)
    while some := [*islice(left, _AT_ONCE)]:
        merger = Merger()
        names: dict[Reference, Name] = {}
        for event in some:
            merger.add(event)
        batch = merger.batch()
        for event in some:
            if (name := event.contact.name) is not None:
                names[ids_of(event.contact)[0]] = (Rank.PLATFORM, named_at, name)
        batch.names = names
        with writer.transaction():
            BatchWriter(writer).write(batch)


def _selected(selection: Selection, column: str) -> str:
    return _OF_SELECTED.format(column=column, condition=selection.condition)


def _lines(session: VersionSession, selection: Selection) -> Iterator[Event]:
    """The ids of each line."""
    statement = _LINES.format(selected=_selected(selection, "line"))
    rows = session.connection.execute(statement, selection.parameters)
    for _line, of_line in groupby(rows, itemgetter(0)):
        texts: dict[int, list[str]] = {kind: [] for kind in range(3)}
        for _, kind, text in of_line:
            texts[kind].append(text)
        for number, identifier, name in zip_longest(*texts.values()):
            first_number, first_identifier = (
                next(iter(texts[kind]), None) for kind in (_LINE_NUMBER, _LINE_IDENTIFIER)
            )
            ids = LineIds(identifier=identifier or first_identifier, number=number or first_number, name=name)
            yield Known(line=ids)


def _people(session: VersionSession, selection: Selection) -> Iterator[Event]:
    """The ids and the name of each contact."""
    ((most,),) = session.connection.execute("SELECT max(id) FROM contacts").fetchall()
    statement = _PEOPLE.format(selected=_selected(selection, "contact"))
    for first in range(0, (most or 0) + 1, _CONTACTS):
        among = {"first": first, "end": first + _CONTACTS}
        rows = session.connection.execute(statement, selection.parameters | among)
        for _contact, ids in groupby(rows, itemgetter(0)):
            yield from _of_contact([*ids])


def _of_contact(ids: list[tuple[Any, ...]]) -> Iterator[Event]:
    current = {kind: [text for _, one, text, replaced, _ in ids if one == kind and not replaced] for kind in range(3)}
    before = {kind: [text for _, one, text, replaced, _ in ids if one == kind and replaced] for kind in range(3)}
    user_id = next(iter(current[_USER_ID]), None)
    known = ContactIds(
        tuple(current[_NUMBER]),
        user_id,
        next(iter(current[_CUSTOMER_ID]), None),
        ids[0][-1],
        other_user_ids=tuple(current[_USER_ID][1:]),
    )
    yield Known(contact=known)
    for customer_id in current[_CUSTOMER_ID][1:]:
        yield Known(contact=ContactIds(known.wa_ids, user_id, customer_id))
    for number in before[_NUMBER]:
        yield Known(contact=ContactIds(known.wa_ids, user_id, known.customer_id, replaced=number))
    for user in before[_USER_ID]:
        yield Known(contact=ContactIds(known.wa_ids, user_id, known.customer_id, replaced_user_id=user))


def _wishes(session: VersionSession, selection: Selection) -> Iterator[Event]:
    """Who stopped or resumed marketing, so that nobody is tried again who does not want it."""
    statement = _WISHES.format(selected=_selected(selection, "contact"))
    for contact, at, kind, line, label in session.connection.execute(statement, selection.parameters):
        person = ContactIds((label,)) if label.isdigit() else ContactIds((), label)
        of_line = LineIds(number=line[1:]) if line and line.startswith("+") else LineIds(name=line)
        yield Inbound(f"{kind}-{contact}-{at}", kind, at, of_line, person)
