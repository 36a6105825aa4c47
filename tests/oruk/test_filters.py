"""What may be asked of lists: 3.0's parameters, and the older profile's."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from app.oruk.ids import child_id, location_id, own_service_id
from app.oruk.terms import TAXONOMY_IDS
from tests.oruk.feed import Feed
from tests.oruk.place import NASTY, Place

EVERYTHING = {
    "City Library", "Boccia", "Bowls comes to you", "Story time", "Bowls in her garden",
    "Founders' day", "Silver Line", "Bowmont House", NASTY, "Quiet Tea",
}  # fmt: skip


def term(kind: Any, slug: str) -> str:
    return child_id(TAXONOMY_IDS[kind], slug)


def test_what_there_is(feed: Feed, place: Place) -> None:
    # The library runs "Story time" through its duplicate, so it has no service by itself.
    assert feed.names() == EVERYTHING - {"City Library"}
    assert feed.names("/organizations") == {
        "City Library", "Riverside Bowls Club", "Silver Line", "Bowmont House", NASTY, "Quiet Tea",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"search": "bowls"}, {"Boccia", "Bowls comes to you", "Bowls in her garden",
                               "Founders' day"}),
        ({"text": "COMES bowls"}, {"Bowls comes to you"}),
        ({"search": "lawn bowls comes"}, set()),
        ({"search": "100%"}, {NASTY}),
        ({"search": "%"}, {NASTY}),
        ({"search": "_of_"}, {NASTY}),
        ({"search": "'; DROP TABLE assets; --"}, set()),
        ({"search": "boccia"}, {"Boccia"}),
        ({"day": "TU"}, {"Boccia", "Bowls comes to you", "Bowls in her garden", "Founders' day"}),
        ({"day": "SA"}, {"Bowls comes to you", "Story time", "Founders' day"}),
        ({"day": "sa", "start_time": "09:00", "end_time": "12:00"}, {"Story time"}),
        ({"start_time": "18:00"}, set()),
        ({"start_time": "14:00", "end_time": "14:00", "day": "TU"},
         {"Boccia", "Bowls comes to you", "Bowls in her garden", "Founders' day"}),
        ({"day": ["SA", "SU"], "start_time": ["10:00", "10:00"], "end_time": ["11:00", "11:00"]},
         {"Story time"}),
        ({"minimum_age": "18", "maximum_age": "30"}, EVERYTHING - {"City Library"}),
        ({"coverage": "bd11hy"}, EVERYTHING - {"City Library"}),
        ({"taxonomy_term_id": term("interests", "boccia")}, {"Boccia"}),
        ({"taxonomy_id": term("interests", "boccia")}, {"Boccia"}),
        ({"taxonomy_id": TAXONOMY_IDS["interests"]}, {"Boccia"}),
        ({"vocabulary": "Patchwork interests"}, {"Boccia"}),
        ({"vocabulary": "esdServiceTypes"}, set()),
        ({"vocabulary": "access", "taxonomy_id": term("interests", "boccia")}, set()),
        ({"taxonomy_term_id": term("kinds", "care_home")}, {"Bowmont House"}),
        ({"taxonomy_term_id": [term("kinds", "care_home"), term("interests", "boccia")]},
         {"Bowmont House", "Boccia"}),
        ({"taxonomy_term_id": term("kinds", "comes_to_homes")}, {"Bowls comes to you"}),
        ({"taxonomy_term_id": term("kinds", "indoors")}, {"Boccia"}),
        ({"taxonomy_term_id": term("kinds", "place")},
         {"Silver Line", "Bowmont House", NASTY, "Quiet Tea"}),
        ({"taxonomy_term_id": term("access", "seating")}, {"Boccia"}),
        ({"taxonomy_term_id": "00000000-0000-4000-8000-000000000000"}, set()),
        ({"taxonomy_type": "eligibility"}, set()),
        ({"taxonomy_type": "organization", "taxonomy_id": term("kinds", "care_home")},
         {"Bowmont House"}),
        ({"organization_id": "00000000-0000-4000-8000-000000000000"}, set()),
    ],
)  # fmt: skip
def test_filters(feed: Feed, asked: dict[str, Any], names: set[str]) -> None:
    assert feed.names(**asked) == names
    lines = feed.get("/services", format="ndjson", **asked).text.splitlines()
    assert len(lines) == len(names)


def test_a_place_is_open_on_a_day(feed: Feed, place: Place) -> None:
    """The library has opening hours; without what it organizes it would stand for itself."""
    feed.change("UPDATE activities SET gone_at = now() WHERE id = :id", id=place.of_linked.id)
    try:
        assert "City Library" in feed.names()
        for day, times, is_open in (
            ("SA", {"start_time": "12:59"}, True),
            ("SA", {"start_time": "13:00"}, False),
            ("MO", {"start_time": "07:00", "end_time": "08:59"}, False),
            ("MO", {"start_time": "07:00", "end_time": "09:00"}, True),
            ("TU", {}, False),
        ):
            names = feed.names(day=day, **times)
            assert ("City Library" in names) is is_open, (day, times)
    finally:
        feed.change("UPDATE activities SET gone_at = NULL WHERE id = :id", id=place.of_linked.id)
    assert "City Library" not in feed.names()


def test_services_of_an_organization(feed: Feed, place: Place) -> None:
    club, library = str(place.club.id), str(place.library.id)
    assert feed.names(organization_id=club) == {
        "Boccia", "Bowls comes to you", "Bowls in her garden", "Founders' day",
    }  # fmt: skip
    # Through the entry that is linked to it.
    assert feed.names(organization_id=library) == {"Story time"}
    assert len(feed.names(organization_id=[club, library])) == 5
    assert feed.names(organization_id=str(place.informal.id)) == set()


def test_proximity_is_postgis_distance(town: Feed) -> None:
    postcodes = [row.postcode for row in town.rows("SELECT postcode FROM postcodes ORDER BY 1")]
    for postcode, metres in itertools.product(postcodes[::60], (0, 300, 1_000, 4_000)):
        expected = {
            row.id
            for row in town.rows(
                """
                WITH origin AS (SELECT ST_Transform(geom, 27700) AS at FROM postcodes
                                WHERE postcode = :postcode),
                placed AS (
                  SELECT v.id, ST_Transform(coalesce(w.geom, o.geom), 27700) AS at
                  FROM public_activities v JOIN assets o ON o.id = v.place_id
                  LEFT JOIN assets w ON w.id = v.venue_place_id WHERE o.kind <> 'informal'
                  UNION ALL
                  SELECT uuid_generate_v5(p.id, 'service'), ST_Transform(p.geom, 27700)
                  FROM public_assets p WHERE p.kind <> 'informal'
                    AND NOT EXISTS (SELECT FROM public_activities v WHERE v.place_id = p.id))
                SELECT id::text FROM placed, origin
                WHERE ST_Distance(placed.at, origin.at) <= :metres
                """,
                postcode=postcode, metres=metres,
            )
        }  # fmt: skip
        found = town.all("/services", postcode=postcode.replace(" ", "").lower(),
                         proximity=metres, per_page=7)  # fmt: skip
        assert {one["id"] for one in found} == expected, (postcode, metres)
        links = town.all("/service_at_locations", postcode=postcode, proximity=metres)
        assert {one["service_id"] for one in links} == expected


def test_a_postcode_alone_leaves_nothing_out_and_puts_the_nearest_first(feed: Feed) -> None:
    found = [one["name"] for one in feed.all("/services", postcode="BD18 3QT", per_page=3)]
    assert set(found) == EVERYTHING - {"City Library"}
    assert found[0] == "Bowmont House"
    assert set(found[-2:]) == {"Silver Line", "Bowls in her garden"}, "nowhere comes last"


def test_modified_after(feed: Feed, place: Place) -> None:
    """On or after, whatever the offset; without one it is London's clock."""
    at = dt.datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
    older = at - dt.timedelta(days=30)
    feed.change("ALTER TABLE assets DISABLE TRIGGER bump_version")
    feed.change("ALTER TABLE activities DISABLE TRIGGER bump_version")
    feed.change("UPDATE assets SET updated_at = :older", older=older)
    feed.change("UPDATE activities SET updated_at = :older", older=older)
    feed.change("UPDATE assets SET updated_at = :at WHERE id = :id", at=at, id=place.home.id)
    home = own_service_id(str(place.home.id))
    said = feed.json(f"/services/{home}")["last_modified"]
    assert said == "2026-07-01T12:00:00.123456Z"
    for text, is_in in (
        (said, True),
        ("2026-07-01T12:00:00Z", True),
        ("2026-07-01T13:00:00+01:00", True),
        # The plus was not written as %2B.
        ("2026-07-01T13:00:00 01:00", True),
        ("2026-07-01T13:00:00", True),
        ("2026-07-01T13:00:00.123456", True),
        ("2026-07-01", True),
        ("2026-07-01T12:00:00.123457Z", False),
        ("2026-07-01T13:00:01", False),
        ("2026-07-01T14:00:00+01:00", False),
        ("2026-07-02", False),
    ):
        assert feed.names(modified_after=text) == ({"Bowmont House"} if is_in else set()), text
        assert feed.names("/organizations", modified_after=text) == (
            {"Bowmont House"} if is_in else set()
        )
    assert feed.names(modified_after=older.isoformat()) == EVERYTHING - {"City Library"}
    # A change of its organizer, of its venue, or a check of it is a change of a service.
    later = at + dt.timedelta(seconds=1)
    feed.change("UPDATE assets SET updated_at = :at WHERE id = :id", at=later, id=place.library.id)
    assert feed.names(modified_after=said) == {"Bowmont House", "Boccia", "Story time"}
    feed.change(
        "INSERT INTO checks (activity_id, checked_on, outcome, created_at)"
        " VALUES (:id, '2026-07-02', 'confirmed', '2026-07-02T09:00Z')", id=place.yearly.id,
    )  # fmt: skip
    assert feed.names(modified_after="2026-07-02") == {"Founders' day"}
    feed.change("ALTER TABLE assets ENABLE TRIGGER bump_version")
    feed.change("ALTER TABLE activities ENABLE TRIGGER bump_version")


def test_terms(feed: Feed) -> None:
    everything = feed.all("/taxonomy_terms", per_page=100)
    assert len({one["id"] for one in everything}) == len(everything) > 100
    top = feed.all("/taxonomy_terms", top_only="true")
    assert top
    assert all("parent_id" not in one for one in top)
    parent = next(one["parent_id"] for one in everything if "parent_id" in one)
    children = feed.all("/taxonomy_terms", parent_id=parent)
    assert children == [one for one in everything if one.get("parent_id") == parent]
    access = feed.all("/taxonomy_terms", taxonomy_id=TAXONOMY_IDS["access"])
    assert {one["term"] for one in access} >= {"step_free", "hearing_loop"}
    assert {one["name"] for one in feed.all("/taxonomies", search="ACCESS")} == {"Patchwork access"}
    assert feed.all("/taxonomy_terms", search="lawn bowls zzz") == []
    whole = feed.json(f"/taxonomies/{TAXONOMY_IDS['interests']}")["taxonomy_terms"]
    assert whole == [one for one in everything if one["taxonomy"] == "Patchwork interests"]


def test_services_at_locations(feed: Feed, place: Place) -> None:
    links = feed.all("/service_at_locations", per_page=2)
    of = {one["service"]["name"]: one for one in links}
    # Silver Line is nowhere; whose garden it is stays with her.
    assert of.keys() == EVERYTHING - {"City Library", "Silver Line", "Bowls in her garden"}
    assert of["Boccia"]["location_id"] == location_id(str(place.library.id))
    assert of["Founders' day"]["location_id"] == location_id(str(place.club.id))
