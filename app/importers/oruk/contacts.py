"""How to reach somebody: an organization's number, never a person's name, and no private mobile."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.importers.normalise import phone_number
from app.importers.oruk.json_text import Json, objects, text

# Of all British numbers these are carried by a person.
_MOBILE = re.compile(r"07[1-57-9]")
_MOST = 50


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as written; not public where it is the mobile of somebody who is named."""

    number: str
    is_public: bool


def find_phone(*records: Json) -> Phone | None:
    """Return the best number of some records, those of the first before those of the next.

    A record's own phones come before its contacts', and what may be public before what may not.
    """
    for record in records:
        found = [*_own(record), *_of_contacts(record)]
        found.sort(key=lambda phone: not phone.is_public)
        if found:
            return found[0]
    return None


def _own(record: Json) -> list[Phone]:
    # A phone of the record itself may still say whose it is.
    return [
        Phone(number, is_public=not (_is_somebodys(phone) and _is_mobile(number)))
        for phone in objects(record.get("phones"))[:_MOST]
        if (number := text(phone.get("number"), most=200))
    ]


def _of_contacts(record: Json) -> list[Phone]:
    found = []
    for contact in objects(record.get("contacts"))[:_MOST]:
        is_person = text(contact.get("name")) is not None
        for phone in objects(contact.get("phones"))[:_MOST]:
            number = text(phone.get("number"), most=200)
            if number:
                found.append(Phone(number, is_public=not (is_person and _is_mobile(number))))
    return found


def _is_somebodys(phone: Json) -> bool:
    return text(phone.get("contact_id")) is not None


def _is_mobile(number: str) -> bool:
    return bool(_MOBILE.match(phone_number(number) or number.replace(" ", "")))
