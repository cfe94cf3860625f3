#!/usr/bin/env bash
# Textual 8.2.8 reads the sequences of F13 to F20 (CSI 25 ~ to CSI 34 ~) as code points of the Kitty keyboard protocol: CSI 32 ~
# is the key "space", 33 "exclamation_mark", 34 "quotation_mark", and 25 to 31 are control characters. PuTTY, rxvt and the Linux
# console send these sequences for Shift with a function key, so Shift+F8 does what Space does. The Kitty protocol ends code
# points with "u", and 25 to 34 before "~" have been F13 to F20 since the VT220 (xterm control sequences, "VT220-Style Function
# Keys"). Seen with Python 3.11.7 and Textual 8.2.8.
# For saludo: KeyParser in tui/terminal/driver.py takes these sequences out before Textual reads them.
set -euo pipefail
directory="$(mktemp -d)"
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check textual==8.2.8
cat > keys.py <<'PYTHON'
from importlib.metadata import version

from textual._xterm_parser import XTermParser

print("Textual", version("textual"))
for number in (24, 25, 28, 32, 33, 34):
    keys = [repr(event.key) for event in XTermParser().feed(f"\x1b[{number}~")]
    print(f"CSI {number} ~", *keys)
PYTHON
environment/bin/python --version
environment/bin/python keys.py | tee keys.txt
grep -qx "CSI 24 ~ 'f12'" keys.txt
grep -qx "CSI 32 ~ 'space'" keys.txt
grep -qx "CSI 33 ~ 'exclamation_mark'" keys.txt
grep -qx "CSI 34 ~ 'quotation_mark'" keys.txt
