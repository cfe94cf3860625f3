"""The sixteen colours of the dark and the light theme; `style.py` says which of them a status has.

The hues are those of Okabe and Ito, which colour-blind people can distinguish (https://jfly.uni-koeln.de/color/); they
are darker in the light theme. Each theme has background and foreground, then black, red, green, yellow, blue, magenta,
cyan and white, then the bright forms of these eight.
"""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme

DARK_COLORS = TerminalTheme(
    (18, 18, 18),
    (224, 224, 224),
    [
        (0, 0, 0),
        (225, 95, 45),
        (0, 170, 125),
        (235, 170, 20),
        (70, 130, 215),
        (205, 125, 175),
        (95, 195, 240),
        (200, 200, 200),
    ],
    [
        (110, 110, 110),
        (240, 130, 85),
        (60, 205, 160),
        (245, 225, 95),
        (115, 165, 235),
        (225, 160, 200),
        (145, 215, 245),
        (255, 255, 255),
    ],
)
LIGHT_COLORS = TerminalTheme(
    (250, 250, 250),
    (30, 30, 30),
    [
        (30, 30, 30),
        (195, 65, 0),
        (0, 130, 95),
        (200, 135, 0),
        (0, 95, 165),
        (165, 75, 130),
        (20, 140, 200),
        (225, 225, 225),
    ],
    [
        (120, 120, 120),
        (213, 94, 0),
        (0, 158, 115),
        (185, 150, 0),
        (0, 114, 178),
        (185, 95, 150),
        (60, 160, 215),
        (255, 255, 255),
    ],
)
