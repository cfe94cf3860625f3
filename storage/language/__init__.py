"""The language of the program: its texts, and how it writes numbers, days and shares.

In: `SALUDO_LANG`, which the entry point sets before anything else is imported. Out: `texts.py` (`_`, `ngettext`,
`pgettext`), `conventions.py` (numbers, percentages, days). The language is a fact of the process: it never changes
while the program runs, so a translated text may be a constant of a module. In English a text is itself, and no
catalogue is read.

Must not know: anything else of the program.
"""
