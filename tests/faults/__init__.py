"""Attacks on the program: kills and failing writes at every system call, two writers at once, damaged values, files
that are replaced. `python -m tests.faults` runs them at length; the tests here run a short form of each."""
