"""`saludo` and `python -m tui`: hands the command line over."""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Runs the command line and returns the exit status."""
    # A closed pipe must end `saludo export | head` quietly, as it does other programs.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from tui.commands.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the command's own work
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
