"""Recognises a table by its first bytes: its encoding, separator, header and format. Knows no format in particular."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from storage.sources import formats
from storage.sources.column_names import ColumnError
from storage.sources.format import Context
from storage.sources.stream import without_bom
from storage.sources.table_lines import decoder_of, sample_lines
from storage.sources.table_reader import Table, TableShape
from storage.sources.table_rows import named_separator, rows_of

_SEPARATORS = ("\t", ";", ",", "|")
_TITLE_ROWS = 8  # rows above the header that a report may have
_SAMPLE_LINES = 200
_JSON_STARTS = (b"{", b"[")


@dataclass(frozen=True, slots=True)
class NoTable:
    """No table that can be read; refusal: what is missing, where it is a table that says something."""

    refusal: str | None = None


def recognise_table(sample: bytes, context: Context) -> Table | NoTable:
    """The table that a file is, by its first bytes."""
    if without_bom(sample).lstrip().startswith(_JSON_STARTS):
        return NoTable()
    best: tuple[int, str] = (0, "")
    for shape, header, rows in _candidates(sample):
        known = replace(context, sample=tuple(rows))
        try:
            if (table := _table_of(header, shape, known, sample)) is not None:
                return table
            refusal = _refusal(header, known)
        except ColumnError as error:
            best = max(best, (1, str(error)))
            continue
        if refusal is not None:
            best = max(best, (refusal.count("' as "), refusal))
    return NoTable(best[1] or None)


def _table_of(header: Sequence[str], shape: TableShape, context: Context, sample: bytes) -> Table | None:
    for format in formats.FORMATS:
        if format.table is None or (context.options.columns and format.refusal is None):
            continue  # columns that the caller names are those of the format that takes any names
        if format.table(header, context) is not None:
            return Table(format, shape, context, sample)
    return None


def _refusal(header: Sequence[str], context: Context) -> str | None:
    refusals = (format.refusal(header, context) for format in formats.FORMATS if format.refusal is not None)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _candidates(sample: bytes) -> Iterator[tuple[TableShape, list[str], list[list[str]]]]:
    """Every way to read the sample as a table: its shape, its header and its first rows."""
    decode = decoder_of(sample)
    lines = list(islice(sample_lines(sample, decode), _SAMPLE_LINES))
    named = next(((number, found) for number, text, _ in lines[:3] if (found := named_separator(text))), None)
    for separator in _SEPARATORS if named is None else (named[1],):
        skipped = 0 if named is None else named[0]
        for _ in range(_TITLE_ROWS):
            rows = rows_of((line for line in lines if line[0] > skipped), separator)
            if (first := next(rows, None)) is None:
                break
            header, number, _ = first
            if sum(bool(cell.strip()) for cell in header) > 1:
                shape = TableShape(separator, decode, skipped, quotes_all='"' in lines[number - 1][1])
                yield shape, header, [cells for cells, _, _ in rows]
                break
            skipped = number
