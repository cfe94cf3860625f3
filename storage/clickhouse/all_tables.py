"""All tables of a ClickHouse database, in one list. Each is defined by the module that owns it."""

from __future__ import annotations

from storage.clickhouse import contact_numbers, evidence, identity_links, journal_tables, pending, tables

ALL = (
    *tables.TABLES,
    *evidence.TABLES,
    *identity_links.TABLES,
    *contact_numbers.TABLES,
    *pending.TABLES,
    *journal_tables.TABLES,
)
