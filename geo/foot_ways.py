"""Which ways of OpenStreetMap people may walk along, and which of them have no step in the way.

Tags as https://wiki.openstreetmap.org/wiki/Key:highway, …/Key:foot, …/Key:access, …/Key:barrier,
…/Key:surface, …/Key:smoothness and …/Wheelchair_routing have them; where nothing is said, what
…/OSM_tags_for_routing/Access_restrictions says of the United Kingdom: people may walk on trunk
roads (A roads with green signs, high streets among them) and on bridleways, not on motorways.
One-way rules are for vehicles: nobody on foot is bound by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WALKED = frozenset(
    "footway path steps pedestrian living_street residential service unclassified tertiary"
    " tertiary_link secondary secondary_link primary primary_link trunk trunk_link cycleway"
    " bridleway track road corridor".split()
)
MOTORWAYS = frozenset({"motorway", "motorway_link"})
TRUNK_ROADS = frozenset({"trunk", "trunk_link"})
KM_PER_MILE = 1.609344
# 60 mph is 97: faster than that are only dual carriageways.
FASTEST_WALKED_KM_PER_HOUR = 100.0
NOT_ALLOWED = frozenset({"no", "private", "use_sidepath"})
ALLOWED = frozenset({"yes", "designated", "permissive", "public", "destination", "customers"})
PAVEMENTS = frozenset({"yes", "both", "left", "right"})

# Of these nobody knows without a surface whether wheels get along; in the country they do not.
ROUGH_UNLESS_SAID = frozenset({"path", "bridleway", "track"})
FIRM = frozenset(
    "asphalt concrete concrete:plates concrete:lanes paved paving_stones sett metal wood brick"
    " bricks tarmac compacted fine_gravel rubber tartan".split()
)
ROUGH_SURFACES = frozenset(
    "unpaved grass mud sand ground dirt earth gravel pebblestone cobblestone unhewn_cobblestone"
    " rock rocks stone woodchips bark stepping_stones grass_paver clay snow".split()
)
ROUGH_WHEELS = frozenset({"bad", "very_bad", "horrible", "very_horrible", "impassable"})
# Everybody on two feet gets past; wheels do not.
STOPS_WHEELS = frozenset(
    "stile kissing_gate turnstile full-height_turnstile steps log cattle_grid v_stile"
    " motorcycle_barrier horse_stile step".split()
)
STOPS_EVERYBODY = frozenset({"wall", "fence", "hedge"})
STEEP_PERCENT = 10.0
NARROW_M = 0.8


def is_walked(tags: Mapping[str, str]) -> bool:
    """Return whether people may walk along a way with these tags."""
    highway, foot, access = tags.get("highway"), tags.get("foot"), tags.get("access")
    if foot in NOT_ALLOWED or (access in NOT_ALLOWED and foot not in ALLOWED):
        return False
    if highway in MOTORWAYS or (highway in WALKED and _is_for_cars(tags)):
        return foot in ALLOWED or tags.get("sidewalk") in PAVEMENTS
    return highway in WALKED or (tags.get("railway") == "platform" and highway is None)


def is_step_free(tags: Mapping[str, str]) -> bool:
    """Return whether somebody in a wheelchair gets along a way that is walked."""
    said = tags.get("wheelchair")
    if said in {"yes", "designated"}:
        return True
    if said == "no" or tags.get("highway") == "steps":
        return False
    surface = tags.get("surface", "").partition(";")[0]
    if surface in ROUGH_SURFACES or tags.get("smoothness") in ROUGH_WHEELS:
        return False
    if tags.get("highway") in ROUGH_UNLESS_SAID and surface not in FIRM:
        return tags.get("tracktype") in {"grade1", "grade2"}
    return not (_is_steep(tags.get("incline")) or _is_narrow(tags.get("width")))


def stops_wheels(tags: Mapping[str, str]) -> bool:
    """Return whether a wheelchair does not get past a point with these tags."""
    if tags.get("wheelchair") in {"yes", "designated"}:
        return False
    is_barrier = tags.get("barrier") in STOPS_WHEELS
    return is_barrier or (tags.get("wheelchair") == "no" and "barrier" in tags)


def stops_everybody(tags: Mapping[str, str]) -> bool:
    """Return whether nobody on foot gets past a point with these tags."""
    barrier, foot = tags.get("barrier"), tags.get("foot", tags.get("access"))
    return barrier is not None and foot not in ALLOWED and (
        foot in NOT_ALLOWED or barrier in STOPS_EVERYBODY
    )  # fmt: skip


def _is_for_cars(tags: Mapping[str, str]) -> bool:
    """Return whether a road is built for cars: a motorroad, a trunk road of 70 mph, a slip road.

    The law may let people walk there; nobody should be told that their way is along it.
    """
    if tags.get("motorroad") == "yes":
        return True
    if tags["highway"] not in TRUNK_ROADS:
        return False
    limit = re.fullmatch(r"(\d+)\s*(mph)?", tags.get("maxspeed", ""))
    if limit is None:
        return tags["highway"] == "trunk_link" and tags.get("oneway") == "yes"
    return float(limit[1]) * (KM_PER_MILE if limit[2] else 1) > FASTEST_WALKED_KM_PER_HOUR


def _is_steep(incline: str | None) -> bool:
    found = re.fullmatch(r"-?(\d+(?:\.\d+)?)\s*%", incline or "")
    return bool(found) and float(found[1]) > STEEP_PERCENT  # type: ignore[index]  # bool says so


def _is_narrow(width: str | None) -> bool:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*m?", width or "")
    return bool(found) and float(found[1]) < NARROW_M  # type: ignore[index]  # bool says so
