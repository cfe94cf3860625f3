"""What can a screen or a command ask of a database, whichever engine it has?

A `Store` is one moment of a database: its session, with which `storage.report` makes the reports, and what depends on
the engine: pages of the table of starts, one start, a search, and exports. `sqlite_store` answers with `storage.table`,
`version_store` with a published version of a ClickHouse database. `opening` opens either.

A SQLite database loads nothing of ClickHouse. It must not know screens.
"""
