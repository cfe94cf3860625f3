"""Where the user's settings file is. Imports nothing: the language is read from the file before anything else."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def default_file() -> Path:
    """The path of the settings file: SALUDO_SETTINGS, or else in the user's configuration directory."""
    if named := os.environ.get("SALUDO_SETTINGS"):
        from pathlib import Path

        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("saludo", appauthor=False) / "settings.toml"
