"""The platform's own download (`sessionStartingCauses-*.tsv`) and saludo's TSV: the format and its name.

The rows are read by storage/sources/botmaker_rows.py, which is loaded only where a file may be a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.language.texts import mark
from storage.sources.format import Context, Format, RowReader

NAME = "botmaker"


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below the platform's header or saludo's; None for another header."""
    from storage.sources.botmaker_rows import platform_rows

    return platform_rows(header, context)


FORMAT = Format(NAME, mark("the platform's download, and saludo's own TSV"), table=table, keyless=True)
