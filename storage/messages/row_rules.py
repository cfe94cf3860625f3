"""The rules of `timeline` in SQL, as far as a row of `messages` is right by itself, by the names that it leads to and
by the answers that were found.

The rules are there for any row, for one that is not from our own TSV, and for a usual one, whose records state no
flags, no answer and no user type (storage/messages/row_form.py): of those, fewer columns are read. `derived_proof`
fills the temporary tables that the rules read, `answers` and `local_days`, adds the function `reason_of`, and binds
`:templates`, so that all ids from 1 up to it are those of templates.

A rule is made of comparisons, AND and OR alone, the usual case first, as far as it can be: SQLite then leaves it at the
first comparison that decides. CASE, iif and max compute values, with three steps where a comparison has one: so written
the rules took twice the time.
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
from storage.domain.vocabulary import JOIN_DISTANCE, DataFlag
from storage.messages.classify import IS_NOTIFICATION, IS_REFERRED
from storage.messages.message import Direction, Sources, Stated

_OUT, _IN, _ROW = (int(direction) for direction in (Direction.OUT, Direction.IN, Direction.ROW))
NEVER = 1 << 62  # ms: later than any time
_NO_FLAGS = "0"
_UNKNOWN_CONTACT = f"iif(m.contact IS NULL, {DataFlag.UNKNOWN_CONTACT.value}, 0)"
_OF_MASS_SEND = f"(m.campaign IS NOT NULL OR m.given_origin IS '{ORIGINS[ORIGIN_NOTIFICATION].value}')"
_SEND_ORIGIN_RIGHT = f"""
(m.origin = {ORIGIN_TEMPLATE} AND NOT {_OF_MASS_SEND} OR m.origin = {ORIGIN_NOTIFICATION} AND {_OF_MASS_SEND})
"""
_NO_REASON = "m.failure_code IS NULL AND m.failure_reason IS NULL"
_REASON_RIGHT = f"""
(m.status <> {STATUS_FAILED} AND {_NO_REASON} OR m.status = {STATUS_FAILED} AND (
    m.failed_at IS NULL AND m.failure_code IS NULL AND m.failure_reason IS reason_of(NULL, NULL, NULL)
    OR m.failed_at IS NOT NULL AND m.failure_code IS m.error_code
       AND m.failure_reason IS reason_of(m.error_code, m.error_text, m.error_detail)
))
"""
_CODE_OF_REFERRED = " ".join(
    f"WHEN '{origin.value}' THEN {code}" for code, origin in enumerate(ORIGINS) if code >= REFERRED_FROM
)
_NO_START_RIGHT = f"""
m.start_at IS NULL AND m.day IS NULL AND m.start_template IS NULL AND m.origin IS NULL AND m.user_type IS NULL
AND m.status IS NULL AND m.answered_at IS NULL AND m.marks = 0 AND {_NO_REASON}
"""
_TEMPLATE_RIGHT = """
(m.start_template = m.template AND m.template BETWEEN 1 AND :templates
 OR m.start_template IS NULL AND m.template IS NULL
 OR m.start_template IS (SELECT id FROM templates WHERE id = m.template))
"""
_DAY_RIGHT = "m.day = (SELECT day FROM temp.local_days WHERE since <= m.at ORDER BY since DESC LIMIT 1)"
OWN_CONTACT = "(SELECT contact FROM contact_ids WHERE id = m.contact_id)"
# A keyless row that can be joined to no message out: most of those of a platform's download.
_CANNOT_BE_JOINED = f"""
NOT EXISTS (SELECT 1 FROM messages AS k INDEXED BY messages_by_contact
            WHERE k.contact = m.contact AND k.at BETWEEN m.at - {JOIN_DISTANCE} AND m.at + {JOIN_DISTANCE}
              AND k.direction = {_OUT})
"""


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
        return self._was("failed_at", Stated.NOT_SENT)

    @property
    def arrived(self) -> str:
        """A record says that it was delivered or read."""
        return f"({self._was('delivered_at', Stated.DELIVERED)} OR {self._was('read_at', Stated.READ)})"

    @property
    def failed_unanswered(self) -> str:
        """Records say that it failed, and none that it arrived or was answered."""
        return (
            f"({self.failure} AND NOT {self.arrived} AND {self.flags} & {Stated.ANSWERED.value} = 0"
            f" AND {self.given_answer} = {NEVER})"
        )

    def _was(self, column: str, stated: Stated) -> str:
        if self.flags == _NO_FLAGS:
            return f"m.{column} IS NOT NULL"
        return f"(m.{column} IS NOT NULL OR {self.flags} & {stated.value} <> 0)"

    @property
    def derived_right(self) -> str:
        """The derived columns are right, except which users are new; of a keyless row only if it cannot be joined."""
        return f"""
        m.joined IS NULL
        AND m.line IS (SELECT line FROM line_ids WHERE id = m.line_id)
        AND m.contact IS {OWN_CONTACT}
        AND (m.direction <> {_IN} AND (
                m.origin IS NOT NULL AND {IS_NOTIFICATION} AND {self._send_right}
                OR m.origin IS NULL AND NOT {IS_NOTIFICATION} AND NOT {IS_REFERRED} AND {_NO_START_RIGHT}
            ) AND (m.direction = {_OUT} OR m.direction = {_ROW} AND {_CANNOT_BE_JOINED})
            OR m.direction = {_IN} AND m.origin IS NULL AND NOT {IS_REFERRED} AND {_NO_START_RIGHT}
            OR m.direction IN ({_IN}, {_ROW}) AND m.origin IS NOT NULL AND {IS_REFERRED} AND {self._referred_right})
        """

    @property
    def _send_right(self) -> str:
        answered, read = self._was("answered_at", Stated.ANSWERED), self._was("read_at", Stated.READ)
        delivered = self._was("delivered_at", Stated.DELIVERED)
        implied = f"({answered} AND NOT {read} OR ({answered} OR {read}) AND NOT {delivered})"
        conflict = f"({self.failure} AND m.status <> {STATUS_FAILED})"
        return f"""
        {_SEND_ORIGIN_RIGHT} AND {self._start_right} AND {self._answer_right}
        AND (m.status = {STATUS_ANSWERED} AND {answered}
             OR m.status = {STATUS_READ} AND {read} AND NOT {answered}
             OR m.status = {STATUS_DELIVERED} AND {delivered} AND NOT {read} AND NOT {answered}
             OR m.status = {STATUS_SENT} AND NOT ({delivered} OR {read} OR {answered} OR {self.failure})
             OR m.status = {STATUS_FAILED} AND {self.failure} AND NOT ({delivered} OR {read} OR {answered}))
        AND (m.marks = 0 AND m.contact IS NOT NULL AND NOT {implied} AND NOT {conflict}
             OR m.marks = (iif({implied}, {DataFlag.IMPLIED.value}, 0)
                           | iif({conflict}, {DataFlag.CONFLICT.value}, 0) | {_UNKNOWN_CONTACT}))
        AND {_REASON_RIGHT}
        """

    @property
    def _answer_right(self) -> str:
        """It has the earliest answer; `derived_proof` checks that there is none where nothing answered."""
        return f"""
        (m.answered_at IS NULL AND {self.given_answer} = {NEVER}
         OR m.answered_at IS nullif(min({self.given_answer}, iif(m.answered_at IS NULL, {NEVER}, ifnull(
                (SELECT at FROM temp.answers WHERE id = m.id), {NEVER}))), {NEVER}))
        """

    @property
    def _referred_right(self) -> str:
        return f"""
        m.origin IS (CASE m.given_origin {_CODE_OF_REFERRED} ELSE {ORIGIN_WEBCHAT} END) AND {self._start_right}
        AND m.status = {STATUS_RECEIVED} AND m.answered_at IS NULL AND m.marks = {_UNKNOWN_CONTACT} AND {_NO_REASON}
        """

    @property
    def _start_right(self) -> str:
        return f"""
        m.start_at = m.at AND {_DAY_RIGHT} AND {_TEMPLATE_RIGHT}
        AND ({self.given_new} IS NULL AND m.user_type IN ({USER_NEW}, {USER_RECURRENT})
             OR m.user_type IS iif({self.given_new}, {USER_NEW}, {USER_RECURRENT}))
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
STATED_ROW = RowRules(flags="m.flags", given_new="m.given_new", given_answer=f"ifnull(m.given_answered_at, {NEVER})")
USUAL_ROW = RowRules(flags=_NO_FLAGS, given_new="NULL", given_answer=str(NEVER))
