"""The database file: how it is opened, what it holds, and how it is brought up to date.

In: a path, or a connection. Out: connections for reading and for writing, the schema, settings, and the codes and ids
that the columns store. It also has the helper processes that other rooms run. docs/database.md describes the file.

It must not know what is computed from the tables: no message, no cube cell, no report.
"""
