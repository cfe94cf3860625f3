"""Changes storage/messages and storage/cube in thousands of ways, one at a time, and tells which no test notices.

What was tried is kept in mutants/, so that a run can be stopped and continued. docs/mutants.md explains what survives.
"""

from __future__ import annotations

import argparse
from collections import Counter
from fnmatch import fnmatch

from tests.mutants.changes import Change, all_changes
from tests.mutants.tries import KILLED, NO_TESTS, STATE, SURVIVED, results, try_changes

_OWN_TESTS = ("tests/storage/messages", "tests/storage/cube")
_OTHER_TESTS = (
    "tests/storage/ingest/test_derivation.py",
    "tests/storage/ingest/test_identity_repair.py",
    "tests/storage/ingest/test_recipients.py",
    "tests/storage/report/test_definitions.py",
    "tests/storage/table/test_export_retries.py",
    "tests/test_recount.py",
)


def main() -> None:
    """Tries what is not tried yet, and prints what became of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="changes to try, such as 'cube.layout.*'")
    parser.add_argument("--all-tests", action="store_true", help="use tests of other packages as well")
    parser.add_argument("--many-examples", action="store_true", help="use as many random examples as CI does")
    parser.add_argument("--again", action="store_true", help="try what survived once more")
    parser.add_argument("--seconds", type=float, default=1, help="for the tests of a change together (%(default)s)")
    parser.add_argument("--children", type=int, default=2, help="tries at the same time (%(default)s)")
    parser.add_argument("--show", action="store_true", help="try nothing, and show the survivors")
    options = parser.parse_args()
    STATE.mkdir(exist_ok=True)
    changes = [one for one in all_changes(STATE) if any(fnmatch(one.name, name) for name in options.names)]
    wanted = [one for one in changes if one.left_out is None and _is_wanted(one, options.seconds, options.again)]
    if wanted and not options.show:
        paths = _OWN_TESTS + _OTHER_TESTS if options.all_tests else _OWN_TESTS
        profile = "survivors" if options.many_examples else "mutants"
        try_changes(wanted, paths, profile, options.seconds, options.children)
    _report(changes)


def _is_wanted(change: Change, seconds: float, again: bool) -> bool:
    result, _, tried_with = _KNOWN.get((change.name, change.digest), (None, "", 0.0))
    return result is None or (result in (SURVIVED, NO_TESTS) and (again or tried_with < seconds))


def _report(changes: list[Change]) -> None:
    known = results()
    counts: Counter[str] = Counter()
    for one in changes:
        result = one.left_out or known.get((one.name, one.digest), ("not tried", "", 0))[0]
        counts[result] += 1
        if result not in (one.left_out, KILLED):
            print(f"{result}: {one.name}, line {one.lines.start}\n{one.difference()}")
    for result, count in counts.most_common():
        print(f"{count:6} {result}")


_KNOWN = results()

if __name__ == "__main__":
    main()
