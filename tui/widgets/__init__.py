"""How one part of the screen is drawn: filters, tiles, charts, the table, one start, lists and lines to type in.

In: frozen values of `tui/data` and `storage`. Out: strips of cells, and messages that say what was chosen. A widget
reads no database and knows no other widget.
"""
