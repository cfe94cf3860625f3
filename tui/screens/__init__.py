"""The screens: what does the user see, and what does each key do?

In come a database, a filter and preferences; out come snapshots on widgets, files and copies. `dashboard_parts` wires
the parts together. Must not know SQL, or how a number is counted; only `database_worker` reads the database.
"""
