"""The command line: runs one command and turns its errors into one line and an exit status.

Each command, or group of commands, has a module. Only the commands that open the dashboard import Textual.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from io import TextIOWrapper

from storage.database.error_words import WRONG_VALUE, describe
from storage.domain.errors import StorageError
from storage.language.system_errors import system_reason
from storage.language.texts import _
from tui.commands import open_dashboard
from tui.commands.arguments import UsageError, parse
from tui.commands.common import database_of
from tui.commands.output import OutputError, discard_stdout, report_error

_READING = ("report", "export", "rejects", "imports", "settings")  # a wrong value can also fail where it is printed


def run(words: list[str]) -> int:
    """Runs one command; every expected error is one line on stderr.

    Args:
        words: the command line without the program.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    command = None
    try:
        arguments = parse(words)
        command = arguments.command
        _refuse_unused(arguments)
        return _run(arguments)
    except UsageError as error:
        return report_error(str(error), 2)
    except StorageError as error:
        return report_error(str(error), 1)
    except BrokenPipeError:
        discard_stdout()
        return 1
    except OutputError as error:
        discard_stdout()
        return report_error(str(error), 1)
    except OSError as error:
        name = error.filename or _("the system")
        return report_error(f"{name}: {system_reason(error)}", 1)
    except WRONG_VALUE as error:
        if command not in _READING:
            raise
        return report_error(f"{database_of(arguments)}: {describe(error)}", 1)
    except KeyboardInterrupt:
        if command == "import":
            return report_error(_("interrupted; run the same command again to continue"), 130)
        return report_error(_("interrupted"), 130)


def _refuse_unused(arguments: Namespace) -> None:
    """Refuses a filter or a time that the command would ignore."""
    for name in ("filter", "no_exclude", "now"):
        takes_it = (None, "report", "export", "pull", *(() if name == "now" else ("demo",)))
        if arguments.command not in takes_it and hasattr(arguments, name):
            message = _("{option}: '{command}' has no such option; the dashboard, report, export and pull do")
            raise UsageError(message.format(option=f"--{name.replace('_', '-')}", command=arguments.command))


def _run(arguments: Namespace) -> int:
    """Runs the command; each is imported only if it is asked for, so that the dashboard opens sooner."""
    match arguments.command:
        case "demo":
            return open_dashboard.demo(arguments)
        case "import":
            from tui.commands.import_files import import_files

            return import_files(arguments)
        case "rejects":
            from tui.commands.list_imports import rejects

            return rejects(arguments)
        case "imports":
            from tui.commands.list_imports import imports

            return imports(arguments)
        case "report":
            from tui.commands.print_report import report

            return report(arguments)
        case "export":
            from tui.commands.export_files import export

            return export(arguments)
        case "backup":
            from tui.commands.backup_database import backup

            return backup(arguments)
        case "push":
            from tui.commands.push_database import push

            return push(arguments)
        case "pull":
            from tui.commands.pull_part import pull

            return pull(arguments)
        case "work":
            from tui.commands.maintain import work

            return work(arguments)
        case "check":
            from tui.commands.maintain import check

            return check(arguments)
        case "settings":
            from tui.commands.maintain import settings

            return settings(arguments)
        case "completion":
            from tui.commands.completion import completion

            return completion(arguments)
        case _:
            return open_dashboard.dashboard(arguments)
