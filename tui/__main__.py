"""The entry point of `saludo` and `python -m tui`."""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Runs the command line and returns the exit status."""
    # A closed pipe must end `saludo export | head` without an error, as it ends other programs.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from tui.commands.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # outside of `run`, which handles it for commands
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
