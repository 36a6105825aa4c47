"""Only what has changed was read: what the other rows say of the same places still holds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.importers.oruk.conftest import Load
from tests.importers.oruk.records import id_of, location, organization, service, term

HALL = id_of("hall")


def _ours(word: str, taxonomy: str) -> dict[str, Any]:
    return term(word, taxonomy=taxonomy, code=word)


def _hall(**more: object) -> dict[str, Any]:
    """Return a hall as our own export writes it: an organization with a place of its own."""
    place = location("hall", external_identifier_type="Patchwork asset", external_identifier=HALL)
    made = organization(
        7, id=HALL, name="The hall", description="Built in 1904.", locations=[place],
        attributes=[_ours("care_home", "Patchwork kinds"), _ours("bowls", "Patchwork interests")],
    )  # fmt: skip
    return made | more


def _asset(connection: sa.Connection, name: str) -> dict[str, Any]:
    statement = sa.text("SELECT * FROM assets WHERE name = :name AND gone_at IS NULL")
    found = connection.execute(statement, {"name": name}).mappings().one()
    return {key: str(value) for key, value in found.items() if key != "updated_at"}


def test_a_venue_named_in_passing_keeps_what_its_own_row_said(
    connection: sa.Connection, load: Load
) -> None:
    own = service(7, organization=_hall(), attributes=[_ours("place", "Patchwork kinds")])
    singing = service(8, at=_hall()["locations"][0])
    load([own, singing])
    before = _asset(connection, "The hall")
    assert (before["kind"], before["description"]) == ("care_home", "Built in 1904.")

    report = load([singing | {"name": "Singing anew"}], is_partial=True)
    assert (report.new, report.changed, report.gone) == (0, 1, 0)
    assert _asset(connection, "The hall") == before
    # One that was never heard of is stored with what is said of it.
    other = location("barn", external_identifier_type="Patchwork asset",
                     external_identifier=id_of("barn"))  # fmt: skip
    load([service(9, at=other)], is_partial=True)
    assert _asset(connection, "The barn")["kind"] == "venue"


def test_what_other_services_lend_an_organization_stays_with_it(
    connection: sa.Connection, load: Load
) -> None:
    friends = organization(3)
    place = location("den", name=friends["name"])
    lender = service(3, at=place, phones=[{"id": id_of("phone"), "number": "0113 496 0001"}])
    bare = service(4, organization=friends, service_at_locations=[])
    load([lender, bare])
    before = _asset(connection, friends["name"])
    assert (before["phone"], before["location_source"]) == ("0113 496 0001", "given")

    load([bare | {"name": "Singing anew"}], is_partial=True)
    after = _asset(connection, friends["name"])
    told = ("phone", "geom", "location_source", "address", "is_contact_public", "name")
    assert {name: after[name] for name in told} == {name: before[name] for name in told}
    # What a whole reading no longer says is no longer so.
    load([bare])
    after = _asset(connection, friends["name"])
    assert (after["phone"], after["location_source"]) == ("None", "none")


def test_a_number_our_own_export_no_longer_gives_goes_at_once(
    connection: sa.Connection, load: Load
) -> None:
    phones = [{"id": id_of("phone"), "number": "0113 496 0001"}]
    own = [_ours("place", "Patchwork kinds")]
    load([service(7, organization=_hall(phones=phones), attributes=own)])
    assert _asset(connection, "The hall")["phone"] == "0113 496 0001"
    load([service(7, organization=_hall(), attributes=own)], is_partial=True)
    assert _asset(connection, "The hall")["phone"] == "None"
