from __future__ import annotations

import pytest

from geo.foot_ways import is_step_free, is_walked, stops_everybody, stops_wheels

Tags = dict[str, str]


@pytest.mark.parametrize(
    ("tags", "walked"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "residential", "oneway": "yes"}, True),
        ({"highway": "service", "service": "driveway"}, True),
        ({"highway": "pedestrian", "area": "yes"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway", "foot": "yes"}, True),
        ({"highway": "trunk"}, True),
        ({"highway": "trunk", "maxspeed": "30 mph"}, True),
        ({"highway": "trunk", "maxspeed": "60 mph", "oneway": "yes"}, True),
        ({"highway": "trunk", "maxspeed": "70 mph"}, False),
        ({"highway": "trunk", "maxspeed": "70mph", "sidewalk": "left"}, True),
        ({"highway": "trunk", "maxspeed": "70 mph", "foot": "yes"}, True),
        ({"highway": "trunk", "maxspeed": "110"}, False),
        ({"highway": "trunk", "maxspeed": "80"}, True),
        ({"highway": "trunk", "motorroad": "yes"}, False),
        ({"highway": "trunk", "foot": "no"}, False),
        ({"highway": "trunk_link"}, True),
        ({"highway": "trunk_link", "oneway": "yes"}, False),
        ({"highway": "trunk_link", "oneway": "yes", "maxspeed": "30 mph"}, True),
        ({"highway": "bridleway"}, True),
        ({"highway": "primary", "foot": "no"}, False),
        ({"highway": "secondary", "foot": "use_sidepath"}, False),
        ({"highway": "footway", "access": "private"}, False),
        ({"highway": "footway", "access": "private", "foot": "permissive"}, True),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "proposed", "motorroad": "yes", "foot": "yes"}, False),
        ({"highway": "proposed"}, False),
        ({"railway": "platform"}, True),
        ({"railway": "rail"}, False),
        ({"building": "yes"}, False),
    ],
    ids=str,
)
def test_who_walks_where(tags: Tags, walked: bool) -> None:
    assert is_walked(tags) is walked


@pytest.mark.parametrize(
    ("tags", "free"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "steps"}, False),
        ({"highway": "steps", "wheelchair": "yes"}, True),
        ({"highway": "footway"}, True),
        ({"highway": "footway", "wheelchair": "no"}, False),
        ({"highway": "footway", "surface": "mud"}, False),
        ({"highway": "footway", "smoothness": "very_bad"}, False),
        ({"highway": "footway", "incline": "12%"}, False),
        ({"highway": "footway", "incline": "-4%"}, True),
        ({"highway": "footway", "incline": "up"}, True),
        ({"highway": "footway", "width": "0.6"}, False),
        ({"highway": "footway", "width": "1.5 m"}, True),
        ({"highway": "path"}, False),
        ({"highway": "path", "surface": "asphalt"}, True),
        ({"highway": "track", "tracktype": "grade1"}, True),
        ({"highway": "track", "tracktype": "grade4"}, False),
        ({"highway": "bridleway"}, False),
    ],
    ids=str,
)
def test_where_a_wheelchair_gets_along(tags: Tags, free: bool) -> None:
    assert is_step_free(tags) is free


@pytest.mark.parametrize(
    ("tags", "wheels", "everybody"),
    [
        ({"barrier": "kissing_gate"}, True, False),
        ({"barrier": "kissing_gate", "wheelchair": "yes"}, False, False),
        ({"barrier": "stile"}, True, False),
        ({"barrier": "gate"}, False, False),
        ({"barrier": "gate", "wheelchair": "no"}, True, False),
        ({"barrier": "bollard"}, False, False),
        ({"barrier": "gate", "foot": "no"}, False, True),
        ({"barrier": "gate", "access": "private"}, False, True),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, False, False),
        ({"barrier": "wall"}, False, True),
        ({"highway": "crossing", "wheelchair": "no"}, False, False),
    ],
    ids=str,
)
def test_who_gets_past_a_point(tags: Tags, wheels: bool, everybody: bool) -> None:
    assert stops_wheels(tags) is wheels
    assert stops_everybody(tags) is everybody
