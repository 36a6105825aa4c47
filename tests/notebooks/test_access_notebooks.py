"""Notebooks 02 and 03: their figures once more, for every pair of places at once."""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.network_files import read_network
from geo.walking import FootNetwork, join_networks, walks_m
from tests.notebooks.test_notebooks import ROOT, SAMPLE, Executed, _execute, _rows

METRES_A_MINUTE = 5000 / 60
KEEP_ACCESS = 'by_ward.to_csv("by_ward.csv")'
KEEP_GAPS = """
gaps.to_csv("gaps.csv", index=False)
shares.to_csv("shares.csv")
asked.to_csv("asked.csv")
"""


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    path = ROOT / "notebooks" / "02_access_to_community_venues.ipynb"
    return _execute(path, tmp_path_factory.mktemp("access"), add=KEEP_ACCESS)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    path = ROOT / "notebooks" / "03_ward_gaps.ipynb"
    return _execute(path, tmp_path_factory.mktemp("gaps"), add=KEEP_GAPS)


@pytest.fixture(scope="module")
def network() -> FootNetwork:
    return join_networks([read_network(SAMPLE / "streets.osm")])


@pytest.fixture(scope="module")
def people() -> gpd.GeoDataFrame:
    """Each postcode in metres, with its ward and an even share of its LSOA's people."""
    table = pd.read_csv(SAMPLE / "postcodes.csv")
    points = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["longitude"], table["latitude"]), crs=4326
    )
    lsoas = gpd.read_file(SAMPLE / "lsoas.geojson")[["LSOA21CD", "geometry"]]
    placed = points.sjoin(lsoas, predicate="intersects").to_crs(27700)
    population = pd.read_csv(SAMPLE / "population.csv").set_index("lsoacd")["population"]
    lookup = pd.read_csv(SAMPLE / "lookup.csv").set_index("lsoa21_code")["ward24_name"]
    placed["people"] = placed["LSOA21CD"].map(population / placed["LSOA21CD"].value_counts())
    return placed.assign(ward=placed["LSOA21CD"].map(lookup)).set_index("postcode")


def located(rows: pd.DataFrame, people: gpd.GeoDataFrame) -> np.ndarray:
    """Return metres for rows of `assets.csv`: where they say, or where their postcode is."""
    points = gpd.GeoSeries.from_xy(rows["lon"], rows["lat"], crs=4326).to_crs(27700)
    x = points.x.to_numpy()
    y = points.y.to_numpy()
    known = people[~people.index.duplicated()].geometry
    at = [known.get(code) for code in rows["postcode"]]
    return np.array(
        [
            (a, b) if np.isfinite(a) else (point.x, point.y)
            for a, b, point in zip(x, y, at, strict=True)
        ]
    )


def minutes_to(network: FootNetwork, people: gpd.GeoDataFrame, places: np.ndarray) -> Any:
    at = np.c_[people.geometry.x, people.geometry.y]
    walked = walks_m(network, network.snap(at), network.snap(places))
    straight = np.hypot(*(at[:, None] - places[None]).transpose(2, 0, 1)) * 1.3
    return np.where(np.isnan(walked), straight, walked) / METRES_A_MINUTE


def test_shares_and_scores(
    access: Executed, network: FootNetwork, people: gpd.GeoDataFrame
) -> None:
    assets = pd.read_csv(SAMPLE / "assets.csv")
    # Nothing in the open, and nothing that is there for food, drink or shopping alone.
    left_out = {"pubs", "eating-out", "tea-and-coffee", "shopping-and-markets"}
    counts = (
        (assets["kind"] == "venue")
        & (assets["indoors"] != "no")
        & assets["interests"].map(lambda cell: bool(set(str(cell).split(";")) - left_out))
        & assets["interests"].notna()
    )
    venues = assets[counts].reset_index(drop=True)
    assert len(venues) < (assets["kind"] == "venue").sum() - 5
    assert "The Fleece" not in set(venues["name"])
    minutes = minutes_to(network, people, located(venues, people))
    who = people["people"].to_numpy()
    near = minutes <= 15
    sharing = (who[:, None] * near).sum(axis=0)
    ratio = np.where(sharing > 0, 1 / np.maximum(sharing, 1e-9), 0)
    scores = (near * ratio).sum(axis=1)
    rows = _rows(access.folder / "notebooks" / "by_ward.csv")
    assert len(rows) == 6
    for row in rows:
        here = (people["ward"] == row["name"]).to_numpy()
        share = who[here & (minutes.min(axis=1) <= 10)].sum() / who[here].sum()
        assert float(row["near_percent"]) == pytest.approx(100 * share)
        score = np.average(scores[here], weights=who[here])
        assert float(row["venues_per_1000"]) == pytest.approx(1000 * score)
    # The river: somewhere straight lines promise more.
    assert any(float(row["near_percent_straight"]) > float(row["near_percent"]) for row in rows)
    conclusion = access.notebook.cells[-2].outputs[0].data["text/markdown"]
    worst = min(rows, key=lambda row: float(row["venues_per_1000"]))
    assert re.search(rf"least\s+served {worst['name']}\*\*", conclusion)
    (choropleth,) = access.maps()
    assert "How well people reach a community venue on foot" in choropleth
    assert "venues per 1,000 people" in choropleth


def test_the_gaps(gaps: Executed, network: FootNetwork, people: gpd.GeoDataFrame) -> None:
    folder = gaps.folder / "notebooks"
    shares = pd.read_csv(folder / "shares.csv", index_col=0)
    broader = {
        row["concept"]: row["broader"] for row in _rows(ROOT / "data/reference/interests.csv")
    }

    def is_below(slug: str, theme: str) -> bool:
        return bool(slug) and (slug == theme or is_below(broader[slug], theme))

    assets = pd.read_csv(SAMPLE / "assets.csv")
    where = assets.set_index("id")
    activities = pd.read_csv(SAMPLE / "activities.csv").dropna(subset="name")
    at = activities["venue_id"].fillna(activities["organizer_id"])
    for column in ("lon", "lat", "postcode"):
        activities[column] = at.map(where[column])
    own = assets[assets["kind"].isin(["group", "venue"])]
    # An activity at what has no place at all has none either.
    happening = activities[activities["lon"].notna() | activities["postcode"].notna()]
    places = pd.concat([own, happening], ignore_index=True)
    music = places[
        [any(is_below(s, "music") for s in str(cell).split(";")) for cell in places["interests"]]
    ].reset_index(drop=True)
    minutes = minutes_to(network, people, located(music, people)).min(axis=1)
    for ward, part in people.assign(minutes=minutes).groupby("ward"):
        share = part.loc[part["minutes"] <= 10, "people"].sum() / part["people"].sum()
        assert shares.loc["Music", ward] == pytest.approx(100 * share)


def test_no_resident_is_told(gaps: Executed) -> None:
    folder = gaps.folder / "notebooks"
    told = {row["residents"] for row in _rows(folder / "gaps.csv")}
    told |= {row["reference"] for row in _rows(folder / "asked.csv")}
    assert told <= {"fewer than 8", *(str(number) for number in range(10, 200, 5))}
    assert len(told) > 1
    words = gaps.words()
    for row in _rows(SAMPLE / "residents.csv"):
        assert row["reference"] not in words
    sensitive = {
        row["label"]
        for row in _rows(ROOT / "data/reference/interests.csv")
        if row["special_category"] == "yes" and not row["broader"]
    }
    assert sensitive
    assert not sensitive & {row["theme"] for row in _rows(folder / "asked.csv")}
    (choropleth,) = gaps.maps()
    assert "What is missing, ward by ward" in choropleth
