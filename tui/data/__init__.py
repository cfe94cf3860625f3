"""What the screen needs from the database, and in what form: snapshots, pages of the table, options, preferences.

In: a view and a connection. Out: frozen values. Runs in worker threads and knows no widget.
"""
