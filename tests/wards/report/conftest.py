"""The small town of the web's tests with wards around it, and Chromium."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests import builders
from tests.browser.conftest import chromium
from tests.web.conftest import Town, app, client, engine, made_app, town, web_settings
from tests.web.document import Document

__all__ = ["app", "chromium", "client", "engine", "made_app", "town", "web_settings"]

CITY = "E05001347"
LON, LAT = builders.CITY_HALL
# North, east and south of the city's square of 0.02 degrees, one at its corner, one apart.
BESIDE = {"E05002001": (0.0, 0.02), "E05002002": (0.02, 0.0), "E05002003": (0.0, -0.02)}
CORNER, APART, ELSEWHERE = "E05002004", "E05002005", "E05002006"


@pytest.fixture
def around(session: Session, town: Town) -> dict[str, tuple[float, float]]:
    """Store wards around the city; give the middle of each."""
    places = {code: (LON + x, LAT + y) for code, (x, y) in BESIDE.items()}
    places[CORNER] = (LON + 0.02, LAT + 0.02)
    places[APART] = (LON + 0.2, LAT)
    for code, middle in places.items():
        builders.make_ward(session, code, f"Ward {code[-1]}", shape=builders.square(middle))
    # It touches the city in the west, and is of another district.
    places[ELSEWHERE] = (LON - 0.02, LAT)
    builders.make_ward(session, ELSEWHERE, "Over the line", lad_code="E08000004", lad_name="Oldham",
                       shape=builders.square(places[ELSEWHERE]))  # fmt: skip
    return places


def ask_for(session: Session, ward_code: str, concept: str, *, times: int) -> None:
    """Store that somebody asked for something in a ward on so many days, and found nothing."""
    session.execute(
        sa.text(
            "INSERT INTO unmet_interests (interest_id, ward_code, noticed_on)"
            " SELECT i.id, :code, CURRENT_DATE - n FROM interests i, generate_series(1, :times) n"
            " WHERE i.concept = :concept ON CONFLICT DO NOTHING"
        ),
        {"code": ward_code, "concept": concept, "times": times},
    )


def assert_links_lead_somewhere(page: Document) -> None:
    ids = {element.get("id") for element in page.elements}
    inner = [link for link in page.links() if link.startswith("#")]
    assert inner
    assert {link[1:] for link in inner} <= ids
