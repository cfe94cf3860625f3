"""Which starts does a filter select, one by one?

In: a ReadSession, a filter and the current time. Out: pages of rows in any order, the next match of a text, one start
in full, and exports as TSV and workbooks. Pages are located by the report's counts, so no query counts rows from the
top. This room writes nothing to the database, computes no number of the report, and knows no screen.
"""
