"""What every expected failure of storage is: apart from what raises it, so that catching one loads nothing."""

from __future__ import annotations


class StorageError(Exception):
    """Something cannot be done; the message is one line that says why and what to do."""
