"""The process that formats every second window of a large TSV, for the one that writes it (`export_blocks`).

It gets the filter and the time, begins to read, and says so until it is given the windows and not None. It sends their
blocks, and None after each window. It ends when nobody reads what it sends.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from storage.database import child_process
from storage.database.connection import reading
from storage.domain.filters import Filter
from storage.report.read_session import ReadSession
from storage.table.export_blocks import formats_for
from storage.table.export_lines import StartLines

# As large as Linux lets a pipe be: with more than a window in it, neither process often waits for the other. A thread
# that sends what is ahead instead waits for the interpreter's lock more often than it sends.
_AHEAD = 1 << 20


def _main() -> None:
    child_process.become_helper(0)
    with (
        open(sys.stdin.fileno(), "rb", closefd=False) as asked,
        open(sys.stdout.fileno(), "wb", closefd=False) as answers,
        reading(Path(sys.argv[1])) as connection,
    ):
        child_process.widen(answers, _AHEAD)
        text, moment = child_process.receive(asked)
        windows = None
        while windows is None:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM settings LIMIT 1").fetchone()  # from here on the transaction reads
            child_process.send(answers, True)
            windows = child_process.receive(asked)
        session = ReadSession(connection)
        selection = session.select(Filter.parse(text), datetime.fromisoformat(moment))
        lines = StartLines(formats_for(session))
        for since_at, until_at in windows:
            for block in lines.selected(connection, selection.at_times(since_at, until_at)):
                child_process.send(answers, block)
            child_process.send(answers, None)


if __name__ == "__main__":
    child_process.run_helper(_main)
