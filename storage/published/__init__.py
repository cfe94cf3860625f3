"""What do readers of a ClickHouse database see? The published versions of it, and the report of one of them.

ClickHouse has no transaction over several queries. So readers see versions: sets of tables with the number of the
version in their names, which nobody changes once the version is published. All numbers of a report are of one version,
and so of one moment; its time is told with them.

- `version_tables` defines the tables, `versions` publishes and finds versions.
- `source_moment` holds one moment of what was imported, `derived_starts` fills a version with it, `copied_database`
  with a SQLite database; `proof` compares the reports of two databases.
- `dialect` runs the statements of `storage.report` on a version, so that the plain rule of each number stands once.
- `cells` counts the starts of a version by block of days, line and template; `cell_counts` reads the reports from them,
  `cells_without_people` those of filters that exclude people.
- `version_session` is the session of a version, `version_counts` the plain rule: it counts from the starts.
- `version_table` reads the table of starts, `version_exports` the files, `version_retries` whom to try again.

In come the current starts of a ClickHouse or a SQLite database; out go reports, rows of the table and exports, equal to
SQLite's. Nothing of this room is loaded for a SQLite database. It must not know screens.
"""
