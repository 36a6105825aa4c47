"""UK postcodes as a value: how they are written (whether one exists is the database's to know)."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from uk_postcodes_parsing import ukpostcode

from geo.errors import PostcodeError

LONGEST_INPUT = 20

# The parser logs what it could not read: somebody's address does not belong in a log.
logging.getLogger("uk_postcodes_parsing").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Postcode:
    """A full unit postcode, written with its one space: "BD1 1AF"."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Postcode:
        """Return the postcode in `text`, whatever its case and spacing.

        Raises PostcodeError, with a sentence for the person who typed it, if it cannot be one.
        """
        squeezed = "".join(text.split()).upper()
        parsed = None
        if 5 <= len(squeezed) <= LONGEST_INPUT and squeezed.isascii() and squeezed.isalnum():
            parsed = ukpostcode.parse(squeezed, attempt_fix=False)
        if parsed is None:
            raise PostcodeError("That is not a full postcode. Write it like BD1 1AF.")
        return cls(parsed.postcode)

    @property
    def area(self) -> str:
        """The letters it starts with: "BD" of "BD1 1AF"."""
        letters = self.text[:2]
        return letters if letters[1].isalpha() else letters[0]

    def __str__(self) -> str:
        return self.text
