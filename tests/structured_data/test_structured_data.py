"""schema.org on public pages: whole, of known words, and no name can break out of it."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog
from sqlalchemy.orm import Session

from app.models import AssetKind, LocationSource, Schedule
from app.structured_data import as_block, describe_schedule
from tests import builders
from tests.people import People

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
HOSTILE = "</script><script>alert(1)</script><!-- Club & <b>co</b> \u2028"
# Of schema.org's vocabulary, as published there: the types we use and what each may have.
THING = "name description url identifier mainEntityOfPage"
PLACE = f"{THING} address geo openingHoursSpecification telephone containedInPlace"
TERMS = {
    "Organization": f"{THING} email telephone location address",
    "LocalBusiness": f"{PLACE} email location",
    "MedicalClinic": f"{PLACE} email",
    "CivicStructure": f"{PLACE}",
    "Place": PLACE,
    "AdministrativeArea": PLACE,
    "PostalAddress": "streetAddress addressLocality postalCode addressCountry",
    "GeoCoordinates": "latitude longitude",
    "OpeningHoursSpecification": "dayOfWeek opens closes",
    "Event": f"{THING} startDate eventStatus eventSchedule isAccessibleForFree offers organizer"
    " location",
    "Schedule": "startDate endDate startTime endTime repeatFrequency repeatCount byDay byMonthDay"
    " byMonth exceptDate scheduleTimezone",
    "Offer": "price priceCurrency",
    "ItemList": f"{THING} numberOfItems itemListElement",
    "ListItem": f"{THING} position",
}


def blocks_of(text: str) -> list[Any]:
    return [json.loads(block) for block in BLOCK.findall(text)]


def graph_of(people: People, path: str) -> list[dict[str, Any]]:
    answer = people.client().get(path)
    assert answer.status_code == 200
    (block,) = blocks_of(answer.text)
    assert block["@context"] == "https://schema.org"
    graph: list[dict[str, Any]] = block["@graph"]
    for node in nodes(graph):
        allowed = {"@type", "@id", *TERMS[node["@type"]].split()}
        assert node.keys() <= allowed, node.keys() - allowed
        assert not [name for name, value in node.items() if value in (None, "", [])]
    return graph


def nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from nodes(one)
    elif isinstance(value, list):
        for one in value:
            yield from nodes(one)


@pytest.fixture(scope="module")
def ids(people: People) -> dict[str, uuid.UUID]:
    with Session(people.engine) as session:
        group = builders.make_asset(
            session, HOSTILE, description=HOSTILE, phone="01274 555 0199",
            address="1 High Street", postcode="BD1 1HY", website="example.org",
        )  # fmt: skip
        quiet = builders.make_asset(
            session, "Quiet club", phone="01274 555 0555", is_contact_public=False
        )
        surgery = builders.make_asset(
            session, "The surgery", kind=AssetKind.SURGERY,
            opening_hours=[{"weekday": 0, "opens_at": "08:00", "closes_at": "24:00"}],
        )  # fmt: skip
        venue = builders.make_asset(session, "Old Hall", kind=AssetKind.VENUE)
        builders.make_activity(
            session, HOSTILE, group, venue=venue, cost_pence=0, description="Come as you are",
            schedules=[
                Schedule(starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14),
                         closes_at=dt.time(15, 30), rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
                         exdates=[dt.date(2026, 3, 31)]),
                Schedule(starts_on=dt.date(2020, 1, 6), opens_at=dt.time(10),
                         rrule="FREQ=WEEKLY;UNTIL=20200630", exdates=[]),
            ],
        )  # fmt: skip
        skill = builders.make_asset(
            session, "Somebody knits", kind=AssetKind.INFORMAL, at=None,
            location_source=LocationSource.WARD, ward_code="E05001347",
            consent_on=dt.date(2026, 1, 1), consent_how="said_yes",
        )  # fmt: skip
        session.commit()
        found = {"group": group.id, "quiet": quiet.id, "surgery": surgery.id}
        return found | {"venue": venue.id, "skill": skill.id}


def test_a_group_and_what_it_has_on(people: People, ids: dict[str, uuid.UUID]) -> None:
    group, event = graph_of(people, f"/assets/{ids['group']}")
    assert group["@type"] == "Organization"
    assert group["name"].startswith("</script><script>alert(1)</script><!-- Club & <b>co</b>")
    assert group["telephone"] == "01274 555 0199"
    assert group["location"]["geo"]["latitude"] == 53.7924
    assert group["location"]["address"]["postalCode"] == "BD1 1HY"
    assert event["@type"] == "Event"
    assert event["isAccessibleForFree"] is True
    assert event["location"]["name"] == "Old Hall"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT14:00:00\+0[01]:00", event["startDate"])
    (schedule,) = event["eventSchedule"]
    assert schedule == {
        "@type": "Schedule", "startDate": "2026-01-06", "startTime": "14:00:00",
        "endTime": "15:30:00", "repeatFrequency": "P2W",
        "byDay": ["https://schema.org/Tuesday"], "exceptDate": ["2026-03-31"],
        "scheduleTimezone": "Europe/London",
    }  # fmt: skip


def test_the_same_event_is_on_its_venue_s_page(people: People, ids: dict[str, uuid.UUID]) -> None:
    venue, event = graph_of(people, f"/assets/{ids['venue']}")
    assert (venue["@type"], event["@type"]) == ("CivicStructure", "Event")


def test_a_surgery_says_when_it_is_open(people: People, ids: dict[str, uuid.UUID]) -> None:
    (surgery,) = graph_of(people, f"/assets/{ids['surgery']}")
    assert surgery["@type"] == "MedicalClinic"
    assert surgery["openingHoursSpecification"] == [
        {"@type": "OpeningHoursSpecification", "dayOfWeek": "https://schema.org/Monday",
         "opens": "08:00", "closes": "23:59"}
    ]  # fmt: skip


def test_a_contact_that_is_not_public_is_not_said(
    people: People, ids: dict[str, uuid.UUID]
) -> None:
    (quiet,) = graph_of(people, f"/assets/{ids['quiet']}")
    assert "telephone" not in quiet


def test_of_somebody_s_skill_nothing_is_said(people: People, ids: dict[str, uuid.UUID]) -> None:
    answer = people.client().get(f"/assets/{ids['skill']}")
    assert answer.status_code == 200
    assert "ld+json" not in answer.text


def test_a_ward_lists_its_places_and_nobody_s_skill(
    people: People, ids: dict[str, uuid.UUID]
) -> None:
    area, listed = graph_of(people, "/wards/E05001347")
    assert (area["@type"], listed["@type"]) == ("AdministrativeArea", "ItemList")
    assert area["identifier"] == "E05001347"
    urls = {item["url"].rpartition("/")[2] for item in listed["itemListElement"]}
    assert str(ids["group"]) in urls
    assert str(ids["skill"]) not in urls


@pytest.mark.parametrize("name", [HOSTILE, "<!--<script>", "]]>", "${x}`", "\u2029</SCRIPT >"])
def test_no_name_ends_the_block(name: str) -> None:
    block = str(as_block({"@type": "Place", "name": name}))
    inside = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert "<" not in inside
    assert ">" not in inside
    assert json.loads(inside)["@graph"][0]["name"] == name
    assert as_block(None) == ""


def test_a_rule_schema_org_has_no_words_for_is_left_out() -> None:
    schedule = Schedule(
        starts_on=dt.date(2026, 1, 1), opens_at=dt.time(9), exdates=[],
        rrule="FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1",
    )  # fmt: skip
    assert describe_schedule(schedule) is None


@pytest.mark.browser
def test_the_block_is_no_script_to_a_browser(
    people: People, ids: dict[str, uuid.UUID], chromium: Browser, served: str
) -> None:
    """Chromium finds nothing against our policy, runs nothing, and reads the name as it is."""
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    def dismiss(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    answer = page.goto(f"{served}/assets/{ids['group']}")
    assert answer is not None
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    name = page.evaluate(
        "() => JSON.parse(document.querySelector('script[type=\"application/ld+json\"]')"
        ".textContent)['@graph'][0].name"
    )
    assert name.startswith("</script><script>alert(1)</script><!-- Club")
    assert said == []
    page.close()
