"""The store for more than one machine: the same report over ClickHouse, beside the one file of SQLite.

In comes the address of a ClickHouse database (`--db clickhouse://…` or `--db chdb:…`). What goes into the database and
out of it is what `ingest`, `report` and `table` write and read of SQLite. The definitions are those of the other rooms,
unchanged: sources, merge rules, `timeline.derive`, filter and `Report`. This room says only where the evidence lies and
who counts it.

- Where it is: `address` reads the text of `--db`, `engine` is the interface to the database, `connecting` opens one.
- What is stored: `tables` says what a table is, for one server and for a cluster, and has those that readers know;
  each other table stands in the module that owns it, and `all_tables` lists them.
- What comes in: `evidence_writer` writes a batch of merged events: `evidence` of messages, `identity_links` of contacts
  and lines, and which contacts that touches (`pending`).
- Which files are known: `import_target` is where `storage.ingest.importer` writes, `journal_tables` its journal.
- What follows: `worker` derives touched contacts from what `contact_scope` reads, and writes `messages`;
  `derived_check` compares.

Contract of `tables.MESSAGES` for who counts and reads: `SELECT … FROM messages FINAL WHERE origin IS NOT NULL` are the
starts, one row each, with the columns, ids and meaning of SQLite's `messages`, but texts in place of ids of names.
`digest` is a hash of all that is known and shown of a message: equal rows have the same.

Nothing of this room is loaded unless such an address is given. It must not know screens, and no other room may know it.
"""
