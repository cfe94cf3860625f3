"""The people in Meta's webhooks: which ids one webhook gives for one person.

Format: the Cloud API's webhook reference.
"""

from __future__ import annotations

import msgspec

from storage.domain.events import ContactIds
from storage.sources import cloud_api_types as types
from storage.sources.fields import Text, text_of
from storage.sources.identity import number_of, person, person_id_of, person_of_one


class People:
    """The people in a webhook's `contacts`, which complete the ids in its messages and statuses."""

    def __init__(self, contacts: list[types.Contact]) -> None:
        self._all = [contact_of(contact) for contact in contacts]
        self._used: set[int] = set()

    def find(self, *ids: Text) -> ContactIds:
        """The ids of one person: those given, and those of the entry that shares one with them.

        Args:
            ids: What the webhook gives in the places of a number, a user id and a parent's user id.
        """
        given = person(*ids) if any(ids[1:]) else person_of_one(ids[0])
        for index, known in enumerate(self._all):
            if _share_an_id(given, known) or (len(self._all) == 1 and not (given.wa_ids or given.user_id)):
                self._used.add(index)
                return joined(known, given)
        return given

    def unused(self) -> list[ContactIds]:
        """The people whom no message or status names, where their entry links two ids or a name to one."""
        if len(self._used) == len(self._all):
            return []
        unused = [ids for index, ids in enumerate(self._all) if index not in self._used]
        return [ids for ids in unused if has_several(ids) or ((ids.wa_ids or ids.user_id) and ids.name)]


NOBODY = People([])


def contact_of(contact: types.Contact) -> ContactIds:
    """The person of an entry in a webhook's `contacts`."""
    name = text_of(contact.profile.name) if contact.profile is not None else None
    if contact.user_id is None and contact.parent_user_id is None:
        return person_of_one(contact.wa_id, name)
    return person(contact.wa_id, contact.user_id, contact.parent_user_id, name=name)


def joined(one: ContactIds, other: ContactIds) -> ContactIds:
    """All ids of two values that are of one person; those of the first come first."""
    if other.user_id is None and (not other.wa_ids or other.wa_ids == one.wa_ids):
        return one
    users = user_ids(one, other)
    return ContactIds(
        tuple(dict.fromkeys((*one.wa_ids, *other.wa_ids))),
        users[0] if users else None,
        name=one.name or other.name,
        replaced=one.replaced or other.replaced,
        other_user_ids=users[1:],
        replaced_user_id=one.replaced_user_id or other.replaced_user_id,
    )


def user_ids(*people: ContactIds) -> tuple[str, ...]:
    """The distinct user ids of some values of one person."""
    found = (user for ids in people for user in (ids.user_id, *ids.other_user_ids) if user is not None)
    return tuple(dict.fromkeys(found))


def after_change(contact: ContactIds, system: types.System) -> ContactIds:
    """The person of a system message, with the ids from before and after a change of number or user id."""
    number = number_of(text_of(system.new_wa_id) or text_of(system.wa_id))
    previous = person_id_of(system.previous_user_id)
    new = person(system.user_id, system.parent_user_id)
    changed = joined(ContactIds((number,) if number else (), new.user_id, other_user_ids=new.other_user_ids), contact)
    changed = joined(changed, person(system.previous_user_id, system.previous_parent_user_id))
    old = next(iter(contact.wa_ids), None)
    return msgspec.structs.replace(
        changed,
        replaced=old if number is not None and old != number else None,
        replaced_user_id=previous if previous != changed.user_id else None,
    )


def has_several(ids: ContactIds) -> bool:
    """Whether there are two ids or more, which are thereby of one person."""
    return len(ids.wa_ids) + len(user_ids(ids)) > 1


def _share_an_id(one: ContactIds, other: ContactIds) -> bool:
    if one.wa_ids and one.wa_ids == other.wa_ids:
        return True
    return any(number in other.wa_ids for number in one.wa_ids) or bool(
        one.user_id is not None and {*user_ids(one)} & {*user_ids(other)}
    )
