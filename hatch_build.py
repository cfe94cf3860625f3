"""Compiles the catalogues of the languages when the package is built or installed, also with `pip install -e`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own configuration
    """Writes `storage/language/catalogues/LANGUAGE.mo` of every language; they are not in the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles, and adds what is compiled to the wheel."""
        path = Path(self.root) / "storage" / "language" / "catalogue.py"
        spec = importlib.util.spec_from_file_location("catalogue", path)
        assert spec is not None
        assert spec.loader is not None
        catalogue = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(catalogue)
        for folder in sorted(catalogue.FOLDER.iterdir()):
            if folder.is_dir():
                compiled = folder.with_suffix(".mo")
                compiled.write_bytes(catalogue.compile_sources(folder.name))
                build_data["artifacts"].append(compiled.relative_to(self.root).as_posix())
