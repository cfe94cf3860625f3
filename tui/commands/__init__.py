"""The command line: what does each command of `saludo` print, and with which exit status?

In comes the command line; out go data on stdout, messages on stderr and an exit status, or the dashboard opens. Must
not know widgets, and imports Textual only to open the dashboard.
"""
