"""What is sent to the terminal, and what must not be: safe text, colours, changed cells, the clipboard, the browser.

Knows the terminal and Textual, but no widget and no report.
"""
