"""Lets a library be imported without the large optional ones that it would load. Knows no database.

With pandas installed, as chdb needs it, `import sqlite_utils` takes six times the time and some 50 to 80 MB more
(findings/sqlite_utils_loads_pandas.sh). It only asks them for types of values that saludo never gives it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Lets an import find none of these modules, but for those that are loaded already."""
    hidden = [name for name in modules if name not in sys.modules]
    # None makes an import of the name fail: https://docs.python.org/3/reference/import.html#the-module-cache
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # typeshed knows no None there
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
