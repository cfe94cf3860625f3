"""The counts of a version where ClickHouse has a faster way than the statement for both engines. Equal to `Recount`."""

from __future__ import annotations

from storage.database.codes import REFERRED_FROM, STATUS_ANSWERED, STATUS_FAILED, USER_NEW
from storage.published.dialect import VersionConnection
from storage.report.metrics import UserCounts
from storage.report.recount import Recount
from storage.report.selection import Selection

# One bitmap for all starts that have origin, status and user type in common; the counts are of unions of them.
_USERS = f"""
SELECT groupBitmapMerge(contacts), groupBitmapMergeIf(contacts, origin < {REFERRED_FROM}),
       groupBitmapMergeIf(contacts, origin < {REFERRED_FROM} AND status <> {STATUS_FAILED}),
       groupBitmapMergeIf(contacts, status = {STATUS_ANSWERED}),
       groupBitmapMergeIf(contacts, status <> {STATUS_FAILED}),
       groupBitmapMergeIf(contacts, status <> {STATUS_FAILED} AND user_type = {USER_NEW})
FROM (
    SELECT m.origin AS origin, m.status AS status, m.user_type AS user_type,
           groupBitmapState(assumeNotNull(m.contact)) AS contacts
    FROM messages AS m WHERE {{condition}} AND m.contact IS NOT NULL GROUP BY origin, status, user_type
)
"""


class VersionCounts(Recount):
    """Counts from the starts of one version."""

    def __init__(self, connection: VersionConnection) -> None:
        super().__init__(connection)
        self._version = connection

    def users(self, selection: Selection) -> UserCounts:
        """Distinct contacts: of ten million starts in two thirds of the time of grouping by contact."""
        (row,) = self._version.rows_as_they_are(_USERS.format(condition=selection.condition), selection.parameters)
        return UserCounts(*row)
