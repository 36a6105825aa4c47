"""OpenStreetMap features: tags in text, ids, shapes, names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.importers.options import ReadOptions
from app.importers.readers import osm
from app.importers.readers.osm_tags import TagsError, our_rules, parse_other_tags
from app.importers.records import AssetRecord, Problem, Skipped
from app.models import AssetKind, LocationSource, ProblemReason

POINT = {"type": "Point", "coordinates": [-1.75, 53.79]}
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-1.75, 53.79], [-1.74, 53.79], [-1.74, 53.8], [-1.75, 53.8], [-1.75, 53.79]]],
}
# A U: its centroid lies outside it.
HORSESHOE = {
    "type": "Polygon",
    "coordinates": [[
        [-1.75, 53.79], [-1.72, 53.79], [-1.72, 53.8], [-1.73, 53.8], [-1.73, 53.791],
        [-1.74, 53.791], [-1.74, 53.8], [-1.75, 53.8], [-1.75, 53.79],
    ]],
}  # fmt: skip
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[-1.75, 53.79], [-1.74, 53.8], [-1.74, 53.79], [-1.75, 53.8], [-1.75, 53.79]]],
}


def read_one(tmp_path: Path, geometry: Any, **properties: Any) -> Any:
    path = tmp_path / "places.geojson"
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    items = list(osm.read(path, ReadOptions()))
    return items[0] if len(items) == 1 else items


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=20), max_size=5))
def test_other_tags_read_back_whatever_they_hold(tags: dict[str, str]) -> None:
    text = ",".join(f"{quote(key)}=>{quote(value)}" for key, value in tags.items())
    assert parse_other_tags(text) == tags


def test_other_tags_with_quotes_commas_and_nulls() -> None:
    text = r'"opening_hours"=>"Sa \"by appointment\"","addr:unit"=>"1, The Yard", "x"=>NULL'
    assert parse_other_tags(text) == {
        "opening_hours": 'Sa "by appointment"',
        "addr:unit": "1, The Yard",
    }


@pytest.mark.parametrize("text", ['"a"=>"b', "a=b", '"a"=>"b" "c"=>"d"', '"a"', "{}"])
def test_text_that_is_no_tags_is_refused(text: str) -> None:
    with pytest.raises(TagsError):
        parse_other_tags(text)


def test_a_row_with_unreadable_other_tags_is_stored_with_a_doubt(tmp_path: Path) -> None:
    problem, asset = read_one(
        tmp_path, POINT, osm_id="1", amenity="library", name="Library", other_tags='"phone"=>"01'
    )
    assert isinstance(problem, Problem)
    assert problem.is_stored
    assert asset.name == "Library"


@pytest.mark.parametrize(
    ("geometry", "properties", "key"),
    [
        (POINT, {"osm_id": "12"}, "n12"),
        (POINT, {"osm_id": 12}, "n12"),
        (SQUARE, {"osm_way_id": "34"}, "w34"),
        (SQUARE, {"osm_id": "56"}, "r56"),
        ({"type": "LineString", "coordinates": [[-1.75, 53.79], [-1.74, 53.8]]},
         {"osm_id": "78"}, "w78"),
        (SQUARE, {"@id": "relation/90"}, "r90"),
    ],
)  # fmt: skip
def test_keys_say_node_way_or_relation(
    tmp_path: Path, geometry: Any, properties: dict[str, Any], key: str
) -> None:
    asset = read_one(tmp_path, geometry, amenity="library", name="Library", **properties)
    assert asset.source_key == key


def test_a_place_without_an_id_is_a_problem(tmp_path: Path) -> None:
    problem = read_one(tmp_path, POINT, amenity="library", name="Library")
    assert problem.reason is ProblemReason.MISSING_FIELD


@pytest.mark.parametrize("geometry", [SQUARE, HORSESHOE, BOW_TIE])
def test_polygons_become_points_on_them(tmp_path: Path, geometry: Any) -> None:
    asset = read_one(tmp_path, geometry, osm_way_id="1", leisure="park", name="The Park")
    shape = shapely.make_valid(shapely.geometry.shape(geometry))
    assert shape.intersects(shapely.Point(asset.lon, asset.lat))
    assert asset.location_source is LocationSource.SURFACE


@pytest.mark.parametrize("geometry", [None, {"type": "Polygon", "coordinates": []}])
def test_a_place_without_a_shape_is_a_problem(tmp_path: Path, geometry: Any) -> None:
    problem = read_one(tmp_path, geometry, osm_id="1", amenity="library", name="Library")
    assert problem.reason is ProblemReason.INVALID_GEOMETRY


def test_the_facts_of_a_place(tmp_path: Path) -> None:
    other = (
        '"addr:housenumber"=>"5","addr:street"=>"Mill Lane","addr:city"=>"Bradford",'
        '"addr:postcode"=>"BD1 1AF","contact:phone"=>"+44 1274 000000","wheelchair"=>"yes",'
        '"toilets:wheelchair"=>"yes","website"=>"https://hall.example",'
        '"opening_hours"=>"Mo-Fr 09:00-17:00"'
    )
    asset = read_one(
        tmp_path, POINT, osm_id="1", amenity="community_centre", name="Hall", other_tags=other
    )
    assert isinstance(asset, AssetRecord)
    assert (asset.kind, asset.interests) == (AssetKind.VENUE, ("community-centres",))
    assert asset.address == "5 Mill Lane, Bradford"
    assert asset.postcode == "BD1 1AF"
    assert asset.phone == "+44 1274 000000"
    assert asset.access == ("step_free", "accessible_toilet")
    assert asset.website == "https://hall.example"
    assert asset.description == "Opening hours: Mo-Fr 09:00-17:00."
    assert (asset.lon, asset.lat) == (-1.75, 53.79)


def test_sports_add_their_interests(tmp_path: Path) -> None:
    asset = read_one(
        tmp_path, SQUARE, osm_way_id="1", leisure="sports_centre", sport="swimming;tennis", name="S"
    )
    assert {"sport", "swimming", "tennis"} <= set(asset.interests)


def test_names(tmp_path: Path) -> None:
    green = read_one(tmp_path, SQUARE, osm_way_id="1", leisure="pitch", sport="bowls")
    assert green.name == "Bowling green (name not known)"
    pharmacy = read_one(
        tmp_path, POINT, osm_id="1", amenity="pharmacy", other_tags='"brand"=>"Boots"'
    )
    assert pharmacy.name == "Boots pharmacy"
    house = read_one(
        tmp_path, POINT, osm_id="1", amenity="cafe", other_tags='"addr:housename"=>"The Barn"'
    )
    assert house.name == "The Barn"
    cafe = read_one(tmp_path, POINT, osm_id="1", amenity="cafe")
    assert cafe.reason is ProblemReason.UNNAMED
    assert "openstreetmap.org/node/1." in cafe.suggestion
    park = read_one(tmp_path, SQUARE, osm_way_id="1", leisure="park")
    assert isinstance(park, Skipped)


@pytest.mark.parametrize(
    "other",
    [
        '"social_facility"=>"shelter"',
        '"social_facility:for"=>"abused"',
        '"social_facility"=>"refuge"',
    ],
)
def test_a_refuge_leaves_no_trace_of_where_it_is(tmp_path: Path, other: str) -> None:
    problem = read_one(
        tmp_path,
        POINT,
        osm_id="1",
        amenity="social_facility",
        name="Safe Place",
        other_tags=f'"addr:street"=>"Hidden Lane",{other}',
    )
    assert problem.reason is ProblemReason.MAY_BE_A_REFUGE
    assert not problem.is_stored
    said = repr(problem)
    assert "Hidden Lane" not in said
    assert "Safe Place" not in said
    assert "53.79" not in said


def test_overpass_files_and_others_are_told_apart() -> None:
    assert osm.recognises(Path("a.geojson"), ["@id", "amenity", "name"])
    assert osm.recognises(Path("a.geojson"), ["osm_id", "leisure"])
    assert not osm.recognises(Path("a.geojson"), ["WD25CD", "WD25NM"])
    assert not osm.recognises(Path("a.csv"), ["osm_id", "amenity"])
    assert not osm.recognises(Path("a.geojson"), None)


def test_osm_is_share_alike() -> None:
    assert osm.source(Path("a.geojson")).is_share_alike


def test_a_value_that_no_rule_names_falls_to_any_other() -> None:
    rule = our_rules().judge({"shop": "Never_Heard_Of"}).rule
    assert rule is not None
    assert (rule.key, rule.value, rule.kind) == ("shop", "*", "skip")
    assert our_rules().judge({"colour": "red"}).rule is None
