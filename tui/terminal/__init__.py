"""What reaches the terminal, and what must not: safe text, colours, cells that changed, the clipboard, the browser.

Knows the terminal and Textual, and nothing of what is shown.
"""
