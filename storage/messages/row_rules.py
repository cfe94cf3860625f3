"""The rules of `timeline` in SQL, as far as a row of `messages` is right by itself, by the names that it leads to and
by the answers that were found.

The rules are there for any row and for a usual one, whose records state no flags, no answer and no user type, and which
is not from our own TSV (storage/messages/row_form.py): of that, fewer columns are read. `derived_proof` fills the
temporary tables that the rules read, `answers` and `local_days`, and adds the function `reason_of`.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.database.codes import (
    ORIGIN_NOTIFICATION,
    ORIGIN_TEMPLATE,
    ORIGIN_WEBCHAT,
    ORIGINS,
    REFERRED_FROM,
    STATUS_ANSWERED,
    STATUS_DELIVERED,
    STATUS_FAILED,
    STATUS_READ,
    STATUS_RECEIVED,
    STATUS_SENT,
    USER_NEW,
    USER_RECURRENT,
)
from storage.domain.vocabulary import DataFlag
from storage.messages.classify import IS_NOTIFICATION, IS_REFERRED
from storage.messages.message import Direction, Sources, Stated

_OUT, _IN = int(Direction.OUT), int(Direction.IN)
NEVER = 1 << 62  # ms: later than any time
_UNKNOWN_CONTACT = f"iif(m.contact IS NULL, {DataFlag.UNKNOWN_CONTACT.value}, 0)"
_SEND_ORIGIN = f"""
CASE WHEN m.campaign IS NOT NULL OR m.given_origin IS '{ORIGINS[ORIGIN_NOTIFICATION].value}' THEN {ORIGIN_NOTIFICATION}
     ELSE {ORIGIN_TEMPLATE} END
"""
_FAILED_RIGHT = """
CASE WHEN m.failed_at IS NULL THEN m.failure_code IS NULL AND m.failure_reason IS reason_of(NULL, NULL, NULL)
     ELSE m.failure_code IS m.error_code
          AND m.failure_reason IS reason_of(m.error_code, m.error_text, m.error_detail) END
"""
_REASON_RIGHT = f"""
iif(m.status = {STATUS_FAILED}, {_FAILED_RIGHT}, m.failure_code IS NULL AND m.failure_reason IS NULL)
"""
_CODE_OF_REFERRED = " ".join(
    f"WHEN '{origin.value}' THEN {code}" for code, origin in enumerate(ORIGINS) if code >= REFERRED_FROM
)
_NO_START_RIGHT = """
m.start_at IS NULL AND m.day IS NULL AND m.start_template IS NULL AND m.origin IS NULL AND m.user_type IS NULL
AND m.status IS NULL AND m.answered_at IS NULL AND m.marks IS 0 AND m.failure_code IS NULL AND m.failure_reason IS NULL
"""
OWN_CONTACT = "(SELECT contact FROM contact_ids WHERE id = m.contact_id)"


@dataclass(frozen=True, slots=True)
class RowRules:
    """SQL of a row of `messages AS m`.

    Attributes:
        flags: what its records state.
        given_new: whether they state that the user is new; NULL if they do not.
        given_answer: the answer that they state, ms; NEVER if they do not.
    """

    flags: str
    given_new: str
    given_answer: str

    @property
    def failure(self) -> str:
        """A record says that it failed."""
        return f"(m.failed_at IS NOT NULL OR {self.flags} & {Stated.NOT_SENT.value} <> 0)"

    @property
    def arrived(self) -> str:
        """A record says that it was delivered or read."""
        flags = Stated.DELIVERED.value | Stated.READ.value
        return f"(m.delivered_at IS NOT NULL OR m.read_at IS NOT NULL OR {self.flags} & {flags} <> 0)"

    @property
    def failed_unanswered(self) -> str:
        """Records say that it failed, and none that it arrived or was answered."""
        return (
            f"({self.failure} AND NOT {self.arrived} AND {self.flags} & {Stated.ANSWERED.value} = 0"
            f" AND {self.given_answer} = {NEVER})"
        )

    def _was(self, column: str, stated: Stated) -> str:
        return f"(m.{column} IS NOT NULL OR {self.flags} & {stated.value} <> 0)"

    @property
    def derived_right(self) -> str:
        """The derived columns are right, except which users are new."""
        return f"""
        m.line IS (SELECT line FROM line_ids WHERE id = m.line_id)
        AND m.contact IS {OWN_CONTACT}
        AND m.joined IS NULL
        AND CASE m.direction
            WHEN {_OUT} THEN CASE WHEN {IS_NOTIFICATION} THEN {self._send_right} ELSE {_NO_START_RIGHT} END
            WHEN {_IN} THEN CASE WHEN {IS_REFERRED} THEN {self._referred_right} ELSE {_NO_START_RIGHT} END
            ELSE 0 END
        """

    @property
    def _send_right(self) -> str:
        # The earliest answer; `derived_proof` checks that there is none where nothing answered.
        answer = f"""
        nullif(min({self.given_answer}, iif(m.answered_at IS NULL, {NEVER}, ifnull(
            (SELECT at FROM temp.answers WHERE id = m.id), {NEVER}))), {NEVER})
        """
        answered, read = self._was("answered_at", Stated.ANSWERED), self._was("read_at", Stated.READ)
        delivered = self._was("delivered_at", Stated.DELIVERED)
        status = f"""
        CASE WHEN {answered} THEN {STATUS_ANSWERED} WHEN {read} THEN {STATUS_READ}
             WHEN {delivered} THEN {STATUS_DELIVERED} WHEN {self.failure} THEN {STATUS_FAILED} ELSE {STATUS_SENT} END
        """
        marks = f"""
        iif(({answered} AND NOT {read}) OR (({answered} OR {read}) AND NOT {delivered}), {DataFlag.IMPLIED.value}, 0)
        | iif({self.failure} AND m.status <> {STATUS_FAILED}, {DataFlag.CONFLICT.value}, 0)
        | {_UNKNOWN_CONTACT}
        """
        return f"""
        m.origin IS ({_SEND_ORIGIN}) AND {self._start_right} AND m.answered_at IS {answer}
        AND m.status IS ({status}) AND m.marks IS ({marks}) AND {_REASON_RIGHT}
        """

    @property
    def _referred_right(self) -> str:
        return f"""
        m.origin IS (CASE m.given_origin {_CODE_OF_REFERRED} ELSE {ORIGIN_WEBCHAT} END) AND {self._start_right}
        AND m.status IS {STATUS_RECEIVED} AND m.answered_at IS NULL AND m.marks IS {_UNKNOWN_CONTACT}
        AND m.failure_code IS NULL AND m.failure_reason IS NULL
        """

    @property
    def _start_right(self) -> str:
        return f"""
        m.start_at IS m.at
        AND m.day = (SELECT day FROM temp.local_days WHERE since <= m.at ORDER BY since DESC LIMIT 1)
        AND m.start_template IS (SELECT id FROM templates WHERE id = m.template)
        AND iif({self.given_new} IS NULL, m.user_type IN ({USER_NEW}, {USER_RECURRENT}),
                m.user_type IS iif({self.given_new}, {USER_NEW}, {USER_RECURRENT}))
        """


# A value of our own TSV counts only if nothing else is known of the message.
_EXPORTED = f"(m.exported IS NOT NULL AND m.sources = {Sources.EXPORT.value})"
ANY_ROW = RowRules(
    flags=f"iif({_EXPORTED}, m.flags | (m.exported ->> 0), m.flags)",
    given_new=f"iif(m.given_new IS NULL AND {_EXPORTED}, m.exported ->> 2, m.given_new)",
    given_answer=(
        f"min(ifnull(m.given_answered_at, {NEVER}), ifnull(iif({_EXPORTED}, m.exported ->> 3, NULL), {NEVER}))"
    ),
)
USUAL_ROW = RowRules(flags="0", given_new="NULL", given_answer=str(NEVER))
