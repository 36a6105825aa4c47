from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.models import AssetKind
from geo.interests import Vocabulary

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
RULES_PATH = REFERENCE / "osm_tags.csv"
HEADER = ["key", "value", "kind", "interests", "indoors", "note"]

PLACED = {AssetKind.CARE_HOME, AssetKind.GROUP, AssetKind.SURGERY, AssetKind.VENUE}
KINDS = {kind.value for kind in PLACED} | {"skip", "quarantine", ""}

# Every value of these that real files use has a row of its own: "any other" is for the unforeseen.
EXPLICIT_KEYS = (
    "amenity leisure landuse shop sport religion denomination social_facility "
    "social_facility:for social_facility_for tourism healthcare access garden:type"
).split()

HSTORE_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')

Tags = dict[str, str]
Rule = Mapping[str, str]


def read_rules() -> list[Rule]:
    with RULES_PATH.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


RULES = read_rules()
NAMED_VALUES = {(rule["key"], rule["value"]) for rule in RULES if rule["value"] != "*"}


def values_of(text: str) -> list[str]:
    """Several values of one tag stand between semicolons; capitals mean nothing."""
    return [part.strip().casefold() for part in text.split(";") if part.strip()]


def applies(rule: Rule, tags: Tags) -> bool:
    values = values_of(tags.get(rule["key"], ""))
    if rule["value"] == "*":
        return any((rule["key"], value) not in NAMED_VALUES for value in values)
    return rule["value"] in values


def decide(tags: Tags) -> tuple[str, set[str]]:
    """Return the kind and interests the rules give these tags, as the file's rules are meant."""
    matching = [rule for rule in RULES if applies(rule, tags)]
    kind = next((rule["kind"] for rule in matching if rule["kind"]), "")
    return kind, {slug for rule in matching for slug in rule["interests"].split("|") if slug}


def real_tags(folder: Path) -> Iterator[Tags]:
    for path in sorted(folder.glob("*.geojson")):
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            properties = feature["properties"]
            tags = dict(HSTORE_PAIR.findall(properties.get("other_tags") or ""))
            tags |= {k: str(v) for k, v in properties.items() if v and k != "other_tags"}
            yield tags


@pytest.fixture(scope="module")
def places(real_data: Path) -> list[Tags]:
    folder = real_data / "osm_bradford"
    if not folder.is_dir():
        pytest.skip(f"no OpenStreetMap files at {folder}: set PATCHWORK_REAL_DATA")
    return list(real_tags(folder))


def test_the_file_has_its_columns_and_no_rule_twice() -> None:
    with RULES_PATH.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == HEADER
    assert {len(line) for line in lines} == {len(HEADER)}
    twice = [pair for pair, n in Counter((r["key"], r["value"]) for r in RULES).items() if n > 1]
    assert twice == []
    assert [r for r in RULES if any(cell != cell.strip() for cell in r.values())] == []
    assert [r for r in RULES if r["value"] != r["value"].casefold() or ";" in r["value"]] == []


def test_kinds_are_of_the_closed_list() -> None:
    assert {rule["kind"] for rule in RULES} <= KINDS


def test_what_is_left_out_says_why() -> None:
    silent = [r for r in RULES if r["kind"] in {"skip", "quarantine"} and len(r["note"]) < 15]
    assert silent == []
    # Interests of a place nobody will see are a slip of the hand
    assert [r for r in RULES if r["kind"] in {"skip", "quarantine"} and r["interests"]] == []


def test_interests_are_in_the_vocabulary() -> None:
    vocabulary = Vocabulary.from_csv(REFERENCE / "interests.csv")
    used = {slug for rule in RULES for slug in rule["interests"].split("|") if slug}
    assert sorted(slug for slug in used if slug not in vocabulary) == []
    assert len(used) > 40


def test_any_other_value_stands_after_the_named_ones_of_its_key() -> None:
    seen_any: set[str] = set()
    late = []
    for rule in RULES:
        if rule["value"] == "*":
            seen_any.add(rule["key"])
        elif rule["key"] in seen_any:
            late.append((rule["key"], rule["value"]))
    assert late == []


@pytest.mark.parametrize(
    "tags",
    [
        {"social_facility": "shelter"},
        {"social_facility": "nursing_home", "social_facility:for": "abused"},
        {"social_facility": "outreach", "social_facility:for": "senior;Domestic_Violence"},
        {"amenity": "cafe", "social_facility:for": "women"},
        {"social_facility": "group_home", "social_facility:for": "child"},
        # Half of the group homes that do not say whom they are for turned out children's homes
        {"social_facility": "group_home"},
        {"social_facility": "shelter", "disused:amenity": "social_facility"},
    ],
)
def test_places_that_must_not_be_on_a_map_are_held_back(tags: Tags) -> None:
    kind, _interests = decide({"amenity": "social_facility", **tags})
    assert kind == "quarantine"
    assert decide(tags | {"building": "yes"})[0] == "quarantine"


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "social_facility", "social_facility": "nursing_home"}, "care_home"),
        ({"amenity": "social_facility", "social_facility": "assisted_living"}, "care_home"),
        (
            {
                "amenity": "social_facility",
                "social_facility": "group_home",
                "social_facility:for": "senior",
            },
            "care_home",
        ),
        (
            {
                "amenity": "social_facility",
                "social_facility": "outreach",
                "social_facility:for": "senior",
            },
            "group",
        ),
        ({"amenity": "clinic", "healthcare": "clinic"}, "surgery"),
        ({"amenity": "doctors"}, "surgery"),
        ({"amenity": "bench", "tourism": "viewpoint"}, "skip"),
        ({"amenity": "pub", "disused:amenity": "pub"}, "skip"),
        ({"leisure": "garden", "access": "private"}, "skip"),
        ({"leisure": "sports_centre", "building": "construction"}, "skip"),
        ({"leisure": "pitch", "sport": "bowls"}, "venue"),
        ({"leisure": "pitch", "sport": "skateboard"}, "skip"),
        ({"amenity": "unheard_of"}, "skip"),
    ],
)
def test_the_kind_of_a_place(tags: Tags, kind: str) -> None:
    assert decide(tags)[0] == kind


def test_interests_of_all_matching_rows_are_joined() -> None:
    kind, interests = decide(
        {"leisure": "sports_centre", "sport": "swimming;tennis", "building": "yes"}
    )
    assert kind == "venue"
    assert {"swimming", "tennis"} <= interests


@pytest.mark.real_data
def test_every_real_tag_is_decided(places: list[Tags]) -> None:
    keys = {rule["key"] for rule in RULES}
    others = {rule["key"] for rule in RULES if rule["value"] == "*"}
    undecided: Counter[tuple[str, str]] = Counter()
    looked_at = 0
    for tags in places:
        for key in keys & tags.keys():
            for value in values_of(tags[key]):
                looked_at += 1
                is_named = (key, value) in NAMED_VALUES
                if not is_named and (key in EXPLICIT_KEYS or key not in others):
                    undecided[key, value] += 1
    assert dict(undecided) == {}
    assert looked_at > 4_000
    assert set(EXPLICIT_KEYS) <= keys


@pytest.mark.real_data
def test_every_real_place_gets_a_kind(places: list[Tags]) -> None:
    kinds = Counter(decide(tags)[0] for tags in places)
    assert kinds[""] == 0
    assert set(kinds) == KINDS - {""}
    by_name = {tags["name"]: decide(tags) for tags in places if "name" in tags}
    assert by_name["Copwood Respite Centre"][0] == "care_home"
    assert by_name["Rainbow House Childrens Home"][0] == "quarantine"
    assert by_name["Carnegie Library"][0] == "skip"
    assert by_name["Bradford Playhouse"] == ("venue", decide({"amenity": "theatre"})[1])
    assert by_name["Foster Park Smallholdings"][0] == "venue"
