#!/usr/bin/env bash
# `python -m` ends by SIGINT, and not with the status that the program asks for, if a KeyboardInterrupt left code that
# exec() or eval() compiled from a text, although the program caught it; a script ends with its status. dataclasses and
# namedtuple run such code: a Ctrl+C while modules are imported, which a program answers with exit status 130, can look
# to its parent like a program that did not answer. Python documents the end by SIGINT for an interrupt that nobody
# caught (What's New in Python 3.8). The flag is set in run_eval_code_obj (Python/pythonrun.c) and cleared only when such
# code runs again. Seen with Python 3.10.13, 3.11.7, 3.12.1 and 3.13.0.
# For saludo: tui/__main__.py runs eval("None") before it returns its status.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 --version
cat > interrupted.py <<'PYTHON'
import sys

try:
    exec("raise KeyboardInterrupt")
except KeyboardInterrupt:
    pass
for text in sys.argv[1:]:
    exec(text)
sys.exit(7)
PYTHON
# The status as the parent sees it: a negative one is the signal that ended the process.
status_of() {
    python3 -c 'import subprocess, sys; print(subprocess.run(["python3", *sys.argv[1:]]).returncode)' "$@"
}
module="$(status_of -m interrupted)"
script="$(status_of interrupted.py)"
cleared="$(status_of -m interrupted None)"
echo "caught, then exit(7): $module as a module, $script as a script, $cleared with other code from a text in between"
test "$module" -eq -2
test "$script" -eq 7
test "$cleared" -eq 7
