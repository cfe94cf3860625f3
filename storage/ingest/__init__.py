"""Gets files into the database: reads them in parts, writes each part as one transaction, keeps the journal of imports.

In: a path or a stream, options, a writer. Out: a summary; messages, derived columns, cells and rejects in the database.
A large file is imported by four processes; `docs/architecture.md` says how they work together. Knows no format in
particular, no filter and no screen.
"""
