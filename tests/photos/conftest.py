"""One photo for all, and a mapper's phone."""

from __future__ import annotations

import pytest

from tests.people import People
from tests.pictures import as_file, picture
from tests.recording.conftest import Phone


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return as_file(picture())


@pytest.fixture(scope="module")
def phone(people: People) -> Phone:
    return Phone(people)
