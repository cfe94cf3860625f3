"""The report without a screen: sources, ingest, timeline, report, table and TSV. It must not know about the
terminal."""
