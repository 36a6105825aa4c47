"""What people do to one asset: rules of facts and of edits, below the web."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets import editing
from app.assets.edit_queries import find_facts
from app.assets.editing import HIDDEN, Change, Edited, FactsRefused, change_asset, is_same
from app.assets.facts import FACTS, for_new_asset, read_facts
from app.errors import NotFound
from app.models import Asset, AssetKind, LocationSource
from app.parameters import today
from geo.interests import Vocabulary
from tests import builders
from tests.builders import CITY_HALL, LISTER_PARK

HERE = {"lon": CITY_HALL[0], "lat": CITY_HALL[1]}


@pytest.fixture(autouse=True)
def _places(session: Session, vocabulary: Vocabulary) -> None:
    builders.make_ward(session)
    builders.make_postcode(session)


def add(session: Session, **facts: Any) -> uuid.UUID:
    asset_id = uuid.uuid4()
    read = for_new_asset({"kind": "group", "name": "Knit and natter", "place": HERE} | facts)
    assert not read.problems
    editing.add_asset(
        session, asset_id=asset_id, facts=read.values, acting_as="mapper", service_name="Patchwork"
    )
    return asset_id


def edit(session: Session, asset_id: uuid.UUID, **changes: Any) -> Edited:
    """Change facts: name=(was, now); `sees_private` and `put_back` are passed on."""
    options = {name: changes.pop(name) for name in ("sees_private", "put_back") if name in changes}
    return change_asset(
        session, asset_id=asset_id, seen_version=1, acting_as="mapper",
        changes={name: Change(was, now) for name, (was, now) in changes.items()}, **options,
    )  # fmt: skip


def stored(session: Session, asset_id: uuid.UUID) -> Asset:
    session.expire_all()
    return session.get_one(Asset, asset_id)


def facts_of(session: Session, asset_id: uuid.UUID, **options: Any) -> dict[str, Any]:
    row = find_facts(session, asset_id=asset_id)
    assert row is not None
    return editing.facts_of(session, row, **options)


def clashes(edited: Edited) -> list[str]:
    assert not edited.is_written
    return [clash.name for clash in edited.clashes]


WHOLE: dict[str, Any] = {
    "description": "On Tuesdays", "address": "1 Canal Road", "postcode": "BD1 1HY",
    "phone": "01274 496000", "email": "a@example.org", "website": "https://example.org",
    "is_contact_public": True, "interests": ["bowls", "reading"], "access": ["seating"],
    "is_indoors": False, "beds": 0, "charity_number": "1234567",
    "opening_hours": [{"weekday": 0, "opens_at": "09:00", "closes_at": "24:00"}],
}  # fmt: skip


def test_what_is_added_is_told_as_it_was_sent(session: Session) -> None:
    told = facts_of(session, add(session, **WHOLE))
    given = {"kind": "group", "name": "Knit and natter", "place": HERE, "consent_how": None}
    assert told == given | WHOLE
    assert told.keys() == FACTS.keys()


def test_what_is_told_reads_as_itself(session: Session) -> None:
    told = facts_of(session, add(session, **WHOLE))
    assert read_facts(told).values == told


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("is_indoors", False, None), ("beds", 0, None), ("access", [], None),
        ("is_contact_public", False, True), ("name", "A", "a"),
        ("place", HERE, {"lon": HERE["lon"], "lat": HERE["lat"] + 0.001}),
        ("place", HERE, {}), ("place", HERE, None), ("place", {"lon": "x"}, HERE),
        ("place", HERE, {"ward_code": "E05001347"}), ("place", HERE, {"postcode": "BD1 1HY"}),
    ],
)  # fmt: skip
def test_these_are_not_the_same(name: str, one: Any, other: Any) -> None:
    assert not is_same(name, one, other)
    assert not is_same(name, other, one)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("phone", "", None), ("interests", [], None), ("opening_hours", [], None),
        ("place", HERE, HERE | {"accuracy_m": 5}),
        ("place", HERE, {"lon": HERE["lon"] + 0.000001, "lat": HERE["lat"]}),
        ("place", {"ward_code": "E05001347"}, {"ward_code": "E05001347"}),
    ],
)  # fmt: skip
def test_these_are_the_same(name: str, one: Any, other: Any) -> None:
    assert is_same(name, one, other)


@pytest.mark.parametrize("name", ["is_indoors", "beds", "access"])
def test_no_nought_and_none_of_them_can_be_said(session: Session, name: str) -> None:
    asset_id = add(session)
    said = {"is_indoors": False, "beds": 0, "access": []}[name]
    assert edit(session, asset_id, **{name: (None, said)}).is_written
    assert facts_of(session, asset_id)[name] == said
    # And somebody who still sees nothing there is told.
    other = {"is_indoors": True, "beds": 1, "access": ["seating"]}[name]
    assert clashes(edit(session, asset_id, **{name: (None, other)})) == [name]


def test_the_same_wish_is_no_clash(session: Session) -> None:
    asset_id = add(session)
    edit(session, asset_id, name=("Knit and natter", "Knitters"))
    again = edit(session, asset_id, name=("Knit and natter", "Knitters"))
    assert (again.is_written, again.version, again.is_changed_meanwhile) == (True, 2, True)


def test_with_one_clash_nothing_is_written(session: Session) -> None:
    asset_id = add(session)
    edit(session, asset_id, name=("Knit and natter", "Knitters"))
    refused = edit(session, asset_id, name=("Knit and natter", "Natterers"), beds=(None, 3))
    assert clashes(refused) == ["name"]
    [clash] = refused.clashes
    assert (clash.label, clash.was, clash.theirs, clash.mine) == (
        "Name", "Knit and natter", "Knitters", "Natterers",
    )  # fmt: skip
    assert stored(session, asset_id).beds is None


def test_an_import_leaves_what_was_corrected(session: Session) -> None:
    asset_id = add(session)
    edit(session, asset_id, phone=(None, "01274 496000"), place=(HERE, {"postcode": "BD1 1HY"}))
    kept = set(stored(session, asset_id).kept_fields)
    assert {"phone", "geom", "postcode", "location_source"} <= kept


def test_a_private_contact_is_neither_shown_nor_replaced_unasked(session: Session) -> None:
    asset_id = add(session, phone="01274 496000", is_contact_public=False)
    assert facts_of(session, asset_id)["phone"] is None
    assert facts_of(session, asset_id, shows_private=True)["phone"] == "01274 496000"
    [clash] = edit(session, asset_id, phone=(None, "01274 496001")).clashes
    assert (clash.is_hidden, clash.theirs) == (True, HIDDEN)
    # Guessing what it is helps nobody.
    assert edit(session, asset_id, phone=("01274 496000", "01274 496001")).clashes[0].is_hidden
    assert edit(session, asset_id, phone=(None, None)).is_written
    assert stored(session, asset_id).phone == "01274 496000"
    assert edit(session, asset_id, phone=(HIDDEN, "01274 496001")).is_written
    assert stored(session, asset_id).phone == "01274 496001"
    assert edit(session, asset_id, phone=(HIDDEN, None)).is_written
    assert stored(session, asset_id).phone is None


def test_an_editor_changes_a_private_contact_like_any_fact(session: Session) -> None:
    asset_id = add(session, phone="01274 496000", is_contact_public=False)
    changed = edit(session, asset_id, phone=("01274 496000", "01274 496001"), sees_private=True)
    assert changed.is_written
    stale = edit(session, asset_id, phone=("01274 496000", "01274 496002"), sees_private=True)
    assert stale.clashes[0].theirs == "01274 496001"


def test_only_who_sees_a_private_contact_can_show_it(session: Session) -> None:
    asset_id = add(session, phone="01274 496000", is_contact_public=False)
    with pytest.raises(FactsRefused) as said:
        edit(session, asset_id, is_contact_public=(False, True))
    assert set(said.value.problems) == {"is_contact_public"}
    assert edit(session, asset_id, is_contact_public=(False, True), sees_private=True).is_written


def test_gone_and_put_back(session: Session) -> None:
    asset_id = add(session)
    editing.mark_gone(session, asset_id=asset_id, acting_as="mapper")
    refused = edit(session, asset_id, beds=(None, 3))
    assert refused.gone_at is not None
    assert not refused.is_written
    assert edit(session, asset_id, beds=(None, 3), put_back=True).is_written
    row = stored(session, asset_id)
    assert (row.gone_at, row.beds) == (None, 3)


def test_putting_back_alone_needs_no_change(session: Session) -> None:
    asset_id = add(session)
    editing.mark_gone(session, asset_id=asset_id, acting_as="mapper")
    assert edit(session, asset_id, put_back=True).is_written
    assert stored(session, asset_id).gone_at is None


def test_what_was_merged_names_the_other(session: Session) -> None:
    one, other = add(session), add(session)
    stored(session, one).duplicate_of = other
    session.flush()
    refused = edit(session, one, beds=(None, 3))
    assert (refused.instead, refused.is_written) == (other, False)


def test_what_never_was_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        edit(session, uuid.uuid4(), beds=(None, 3))


def test_an_id_is_taken_once(session: Session) -> None:
    asset_id = add(session)
    read = for_new_asset({"kind": "group", "name": "Other", "place": HERE})
    with pytest.raises(FactsRefused) as said:
        editing.add_asset(
            session, asset_id=asset_id, facts=read.values, acting_as="mapper", service_name="x"
        )
    assert set(said.value.problems) == {"asset_id"}
    assert stored(session, asset_id).name == "Knit and natter"


INFORMAL = {"kind": "informal", "name": "Jean’s circle", "consent_how": "said_yes"}


# The middle of the ward stands for it.
A_DOOR = {"lon": CITY_HALL[0] + 0.003, "lat": CITY_HALL[1] + 0.002}


@pytest.mark.parametrize("place", [A_DOOR, {"postcode": "BD1 1HY"}, {"ward_code": "E05001347"}])
def test_an_informal_asset_is_on_its_ward_only(session: Session, place: dict[str, Any]) -> None:
    asset_id = add(session, **INFORMAL, place=place, phone="01274 496000", is_contact_public=True)
    row = stored(session, asset_id)
    assert (row.location_source, row.ward_code) == (LocationSource.WARD, "E05001347")
    assert (row.postcode, row.accuracy_m, row.is_contact_public) == (None, None, False)
    assert row.consent_on == today()
    told = facts_of(session, asset_id)
    assert (told["place"], told["phone"]) == ({"ward_code": "E05001347"}, None)
    point = session.execute(
        sa.text("SELECT ST_X(geom), ST_Y(geom) FROM assets WHERE id = :id"), {"id": asset_id}
    ).one()
    assert place != {"lon": point[0], "lat": point[1]}


@pytest.mark.parametrize("name", ["address", "postcode"])
def test_an_informal_asset_has_no_door(session: Session, name: str) -> None:
    value = {"address": "1 Canal Road", "postcode": "BD1 1HY"}[name]
    with pytest.raises(FactsRefused) as said:
        add(session, **INFORMAL, **{name: value})
    assert set(said.value.problems) == {name}


def test_a_place_in_no_ward_is_refused(session: Session) -> None:
    outside = {"lon": LISTER_PARK[0], "lat": LISTER_PARK[1]}
    with pytest.raises(FactsRefused) as said:
        add(session, **INFORMAL, place=outside)
    assert "ward" in said.value.problems["place"]


def test_an_informal_asset_needs_consent() -> None:
    read = for_new_asset(INFORMAL | {"place": HERE, "consent_how": None})
    assert set(read.problems) == {"consent_how"}


def test_what_becomes_informal_loses_its_door(session: Session) -> None:
    asset_id = add(session, phone="01274 496000", address="1 Canal Road", postcode="BD1 1HY")
    with pytest.raises(FactsRefused) as said:
        edit(session, asset_id, kind=("group", "informal"))
    assert set(said.value.problems) == {"consent_how"}
    edit(session, asset_id, kind=("group", "informal"), consent_how=(None, "in_writing"))
    row = stored(session, asset_id)
    assert (row.location_source, row.ward_code) == (LocationSource.WARD, "E05001347")
    assert (row.address, row.postcode, row.is_contact_public) == (None, None, False)
    history = session.execute(
        sa.text("SELECT was::text || became::text FROM asset_changes WHERE asset_id = :id"),
        {"id": asset_id},
    ).scalars()
    last = list(history)[-1]
    for words in ("Canal Road", "BD1 1HY", "496000", "Knit"):
        assert words not in last


def test_what_is_informal_no_more_needs_a_place(session: Session) -> None:
    asset_id = add(session, **INFORMAL)
    with pytest.raises(FactsRefused) as said:
        edit(session, asset_id, kind=("informal", "group"))
    assert set(said.value.problems) == {"place"}
    ward = {"ward_code": "E05001347"}
    edit(session, asset_id, kind=("informal", "group"), place=(ward, HERE))
    row = stored(session, asset_id)
    assert (row.kind, row.location_source) == (AssetKind.GROUP, LocationSource.GIVEN)
    assert row.is_contact_public is False


WARD = {"ward_code": "E05001347"}
MARKET = {"lon": CITY_HALL[0] + 0.001, "lat": CITY_HALL[1]}


def add_told(session: Session) -> uuid.UUID:
    """Add a skill that an import once gave a door and a contact that may be shown."""
    asset_id = add(session, **INFORMAL, phone="01274 496000")
    session.execute(
        sa.text("UPDATE assets SET address = '7 Secret Row', postcode = 'BD1 1HY',"
                " is_contact_public = true WHERE id = :id"), {"id": asset_id}
    )  # fmt: skip
    return asset_id


def test_what_is_informal_no_more_stays_private(session: Session) -> None:
    asset_id = add_told(session)
    edit(session, asset_id, kind=("informal", "group"), place=(WARD, MARKET))
    row = stored(session, asset_id)
    assert (row.kind, row.phone) == (AssetKind.GROUP, "01274 496000")
    assert (row.is_contact_public, row.address, row.postcode) == (False, None, None)
    assert {"is_contact_public", "address", "postcode"} <= set(row.kept_fields)


def test_only_an_editor_shows_the_contact_of_what_is_informal_no_more(session: Session) -> None:
    asset_id = add(session, **INFORMAL, phone="01274 496000")
    wanted = {
        "kind": ("informal", "group"), "place": (WARD, MARKET), "is_contact_public": (False, True),
        "phone": (HIDDEN, "01274 496111"), "address": (None, "1 Market Hall"),
    }  # fmt: skip
    with pytest.raises(FactsRefused) as said:
        edit(session, asset_id, **wanted)
    assert set(said.value.problems) == {"is_contact_public"}
    wanted["phone"] = ("01274 496000", "01274 496111")
    edit(session, asset_id, **wanted, sees_private=True)
    row = stored(session, asset_id)
    assert (row.phone, row.is_contact_public) == ("01274 496111", True)
    assert row.address == "1 Market Hall"


@pytest.mark.parametrize("kind", ["care_home", "surgery"])
def test_only_an_editor_changes_the_kind_of_a_home_or_surgery(session: Session, kind: str) -> None:
    asset_id = add(session, kind=kind)
    with pytest.raises(FactsRefused) as said:
        edit(session, asset_id, kind=(kind, "informal"), consent_how=(None, "said_yes"))
    assert set(said.value.problems) == {"kind"}
    assert edit(session, asset_id, kind=(kind, kind), name=("Knit and natter", "X")).is_written
    assert edit(session, asset_id, kind=(kind, "venue"), sees_private=True).is_written


def test_with_a_private_number_is_kept_that_it_is_private(session: Session) -> None:
    hidden = add(session, phone="01274 496000", is_contact_public=False)
    shown = add(session, phone="01274 496000", is_contact_public=True)
    edit(session, hidden, phone=(HIDDEN, "01274 496111"))
    edit(session, shown, phone=("01274 496000", "01274 496111"))
    assert stored(session, hidden).kept_fields == ["is_contact_public", "phone"]
    # A file may still say that it is private.
    assert stored(session, shown).kept_fields == ["phone"]


def test_consent_cannot_be_taken_out_and_can_be_renewed(session: Session) -> None:
    asset_id = add(session, **INFORMAL)
    with pytest.raises(FactsRefused):
        edit(session, asset_id, consent_how=("said_yes", None))
    assert edit(session, asset_id, consent_how=("said_yes", "in_writing")).is_written
    assert stored(session, asset_id).consent_on == today()


def test_consent_of_what_is_no_person_is_left_out(session: Session) -> None:
    asset_id = add(session, consent_how="said_yes")
    assert stored(session, asset_id).consent_how is None


def test_a_refuge_is_not_recorded() -> None:
    read = for_new_asset({"kind": "venue", "name": "Women’s refuge", "place": HERE})
    assert set(read.problems) == {"name"}
