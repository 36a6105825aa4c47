"""Areas within minutes' walk: all that is reached is in them, and an outside yardstick agrees."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import grid_of
from geo.errors import NetworkError
from geo.isochrones import SIMPLIFIED_M, WIDENED_M, isochrones
from geo.network_files import read_network
from geo.walking import WALKERS, FootNetwork, walks_m
from tests.conftest import ROOT

MINUTES = (5, 10, 15, 20, 25, 30)
# How far two ways of drawing the same walk agree, area in both over area in either. In Ketton's
# 30 minutes it is less than 0.8: they leave out a road and a track that are not on the shortest
# way to anywhere farther, and walk paths that our older map does not have (README, Decisions).
AGREEMENT = {
    "oakham": (0.92, 0.91, 0.93, 0.89, 0.85, 0.84),
    "ketton": (0.86, 0.90, 0.91, 0.89, 0.84, 0.78),
}


@pytest.fixture(scope="module")
def town() -> FootNetwork:
    return read_network(ROOT / "data" / "sample" / "streets.osm")


@pytest.fixture(scope="module")
def rutland(real_data: Path) -> FootNetwork:
    return read_network(real_data / "walking" / "rutland-2018-03.osm.pbf")


def middle_of(network: FootNetwork) -> tuple[float, float]:
    """The longitude and latitude of the node nearest the middle of a network."""
    centre = network.points.mean(axis=0)
    node = network.points[np.hypot(*(network.points - centre).T).argmin()]
    place = gpd.GeoSeries([shapely.Point(node)], crs=27700).to_crs(4326).iloc[0]
    return place.x, place.y


@pytest.mark.parametrize("walker", WALKERS, ids=str)
def test_what_is_reached_in_time_is_inside_and_rings_hold_each_other(
    town: FootNetwork, walker: str
) -> None:
    lon, lat = middle_of(town)
    who = WALKERS[walker]
    rings = isochrones(town, lon=lon, lat=lat, minutes=(5, 10, 15), walker=who)
    assert rings.crs.to_epsg() == 27700
    assert rings["minutes"].tolist() == [5, 10, 15]
    origin = town.snap(np.array([grid_of(lon, lat)]), needs_step_free=who.needs_step_free)
    nodes = town.snap(town.points, needs_step_free=who.needs_step_free)
    on_it = nodes.gap_m < 0.01
    metres = walks_m(town, origin, nodes, needs_step_free=who.needs_step_free)[0]
    places = np.asarray(shapely.points(town.points))
    for minutes, area in zip(rings["minutes"], rings.geometry, strict=True):
        limit = minutes * who.metres_per_minute
        reached = on_it & (metres <= limit)
        assert reached.sum() > 3
        assert shapely.covers(area, places[reached]).all()
        # Nothing that lies as far as the crow flies beyond the time is inside.
        away_m = shapely.distance(places, shapely.Point(grid_of(lon, lat)))
        far = away_m > limit + WIDENED_M + SIMPLIFIED_M
        assert not shapely.intersects(area, places[far]).any()
    areas = rings.geometry.tolist()
    assert all(small.difference(large).area < 100 for small, large in pairwise(areas))
    assert rings.geometry.is_valid.all()


def test_on_a_long_street_it_goes_both_ways_from_the_door() -> None:
    """Two nodes a kilometre apart, and the door between them, ten metres off the street."""
    points = np.array([[400_000.0, 400_000.0], [401_000.0, 400_000.0], [402_000.0, 400_000.0]])
    street = FootNetwork(
        np.arange(1, 4), points, np.array([[0, 1], [1, 2]], dtype=np.int32), np.ones(2, bool)
    )
    for east in (400_100, 400_500):
        door = gpd.GeoSeries([shapely.Point(east, 400_010)], crs=27700).to_crs(4326).iloc[0]
        rings = isochrones(street, lon=door.x, lat=door.y, minutes=[0.06, 2, 10])
        assert not rings.geometry.is_empty.any()
        for minutes, area in zip(rings["minutes"], rings.geometry, strict=True):
            reach = max(minutes * WALKERS["walking"].metres_per_minute - 10, 0)
            west, _, far, _ = area.bounds
            assert far == pytest.approx(min(402_000, east + reach) + WIDENED_M, abs=4)
            assert west == pytest.approx(max(400_000, east - reach) - WIDENED_M, abs=4)


def test_slower_people_reach_less(town: FootNetwork) -> None:
    lon, lat = middle_of(town)
    sizes = [
        isochrones(town, lon=lon, lat=lat, minutes=[15], walker=WALKERS[who]).area.iloc[0]
        for who in ("walking", "frame")
    ]
    assert sizes[1] < 0.6 * sizes[0]


def test_the_far_bank_is_not_within_ten_minutes(town: FootNetwork) -> None:
    """Low Mill looks across the river at Wash Dub, 400 m away and 53 minutes on foot."""
    place = gpd.GeoSeries([shapely.Point(394_830, 468_510)], crs=27700).to_crs(4326).iloc[0]
    rings = isochrones(town, lon=place.x, lat=place.y, minutes=[10, 60])
    dub = shapely.Point(394_830, 468_110)
    assert rings.geometry.contains(dub).tolist() == [False, True]


def test_far_from_any_way_it_says_so(town: FootNetwork) -> None:
    with pytest.raises(NetworkError, match="within 200 m"):
        isochrones(town, lon=-1.75, lat=53.79, minutes=[5])


def rings_of_openrouteservice(real_data: Path, library: str) -> gpd.GeoDataFrame:
    files = (real_data / "walking").glob(f"{library}_*_foot-walking_destination.geojson")
    theirs = gpd.read_file(next(files)).to_crs(27700).sort_values("value")
    assert theirs["value"].tolist() == [minutes * 60.0 for minutes in MINUTES]
    return theirs


@pytest.mark.real_data
def test_a_trunk_road_without_a_word_on_pavements_is_walked(
    rutland: FootNetwork, real_data: Path
) -> None:
    """The A6003 leaves Oakham to the south: 25 minutes lead some way along it, in both rings."""
    theirs = rings_of_openrouteservice(real_data, "oakham")
    lon, lat = theirs["center"].iloc[0]
    ours = isochrones(rutland, lon=lon, lat=lat, minutes=[25])
    on_the_road = shapely.Point(486_930, 306_980)
    assert theirs.geometry.iloc[MINUTES.index(25)].covers(on_the_road)
    assert ours.geometry.iloc[0].covers(on_the_road)
    # Nobody is led along the A1, where cars may go 70 mph: the nearest way is another.
    on_the_a1 = np.array([[495_020.0, 314_445.0]])
    assert rutland.snap(on_the_a1).gap_m[0] > 100


@pytest.mark.real_data
@pytest.mark.parametrize("library", AGREEMENT, ids=str)
def test_whatever_is_within_reach_is_inside(
    rutland: FootNetwork, real_data: Path, library: str
) -> None:
    """Where our rings hold more than others' do, somebody can walk there in time."""
    lon, lat = rings_of_openrouteservice(real_data, library)["center"].iloc[0]
    ours = isochrones(rutland, lon=lon, lat=lat, minutes=MINUTES)
    metres = walks_m(
        rutland, rutland.snap(np.array([grid_of(lon, lat)])), rutland.snap(rutland.points)
    )[0]
    places = np.asarray(shapely.points(rutland.points))
    for minutes, area in zip(MINUTES, ours.geometry, strict=True):
        reached = metres <= minutes * WALKERS["walking"].metres_per_minute
        assert reached.sum() > 40
        assert shapely.covers(area, places[reached]).all()


@pytest.mark.real_data
@pytest.mark.parametrize("library", AGREEMENT, ids=str)
def test_openrouteservices_rings_agree(rutland: FootNetwork, real_data: Path, library: str) -> None:
    theirs = rings_of_openrouteservice(real_data, library)
    # Their minutes begin on the way in front of the library, at what they call the centre.
    lon, lat = theirs["center"].iloc[0]
    ours = isochrones(rutland, lon=lon, lat=lat, minutes=MINUTES)
    agreement = [
        one.intersection(two).area / one.union(two).area
        for one, two in zip(ours.geometry, theirs.geometry, strict=True)
    ]
    # Printed with -s: the figures of the closing note.
    print(library, [round(share, 3) for share in agreement])  # noqa: T201
    assert all(
        share >= least for share, least in zip(agreement, AGREEMENT[library], strict=True)
    ), agreement
