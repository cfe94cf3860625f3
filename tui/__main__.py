"""`saludo` and `python -m tui`: hands the command line over."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs the command line and returns the exit status."""
    from tui.cli import run

    # A closed pipe must end `saludo export | head` quietly, as it does other programs.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
