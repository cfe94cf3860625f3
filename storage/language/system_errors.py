"""Why the operating system refuses something, in the language of the process: the system says it in English."""

from __future__ import annotations

import errno

from storage.language.texts import _

_REASONS = {
    errno.ENOENT: _("No such file or directory"),
    errno.EACCES: _("Permission denied"),
    errno.EPERM: _("Operation not permitted"),
    errno.EEXIST: _("File exists"),
    errno.EISDIR: _("Is a directory"),
    errno.ENOTDIR: _("Not a directory"),
    errno.ENOSPC: _("No space left on device"),
    errno.EROFS: _("Read-only file system"),
    errno.EIO: _("Input/output error"),
    errno.EFBIG: _("File too large"),
    errno.ENAMETOOLONG: _("File name too long"),
    errno.ELOOP: _("Too many levels of symbolic links"),
    errno.EMFILE: _("Too many open files"),
    errno.ENOMEM: _("Cannot allocate memory"),
}


def system_reason(error: OSError) -> str:
    """The reason of an error of the system; in the system's own words where it is an unusual one."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)
