"""Ward pages of all Bradford and Stockport: every number held to geopandas and pandas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.importers.records import Report
from app.main import create_app
from app.settings import Settings
from tests.acceptance.conftest import LAD_CODES, stored_points
from tests.web.document import Document, Element

pytestmark = pytest.mark.real_data

KINDS = {"Care homes": "care_home", "Groups": "group", "GP surgeries": "surgery",
         "Venues": "venue", "Skills and networks": "informal"}  # fmt: skip
# Outlines of neighbours may differ in the last digits.
TOUCHING_M = 0.6
Loaded = tuple[sa.Engine, dict[str, Report]]


class Pages:
    """Every ward's page and what the API says, each asked for once."""

    def __init__(self, client: TestClient, codes: list[str]) -> None:
        self.client = client
        self.pages = {code: Document(self._ask(f"/wards/{code}").text) for code in codes}
        self.said = {code: self._ask(f"/api/wards/{code}").json() for code in codes}

    def _ask(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return answer

    def figure(self, code: str, slug: str) -> dict[str, Any]:
        (found,) = [one for one in self.said[code]["figures"] if one["slug"] == slug]
        figure: dict[str, Any] = found
        return figure


@pytest.fixture(scope="module")
def wards(real_data: Path) -> gpd.GeoDataFrame:
    """Every ward of 2025 there is a file of, once, as published."""
    files = sorted((real_data / "wards").glob("*.geojson"))
    everything = pd.concat([gpd.read_file(path) for path in files]).drop_duplicates("WD25CD")
    return gpd.GeoDataFrame(everything).set_index("WD25CD", drop=False)


@pytest.fixture(scope="module")
def points(district: Loaded) -> gpd.GeoDataFrame:
    with district[0].connect() as connection:
        return stored_points(connection)


@pytest.fixture(scope="module")
def pages(district: Loaded, wards: gpd.GeoDataFrame) -> Iterator[Pages]:
    url = district[0].url.render_as_string(hide_password=False)
    settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
    codes = wards.loc[wards["LAD25CD"].isin(LAD_CODES), "WD25CD"]
    # Open as long as anybody may ask more: a closed one would open connections nobody closes.
    with TestClient(create_app(settings)) as client:
        yield Pages(client, sorted(codes))


@pytest.fixture(scope="module")
def published(real_data: Path) -> pd.DataFrame:
    """Small areas with their ward, people and deprivation, from the raw files alone."""
    lookup = pd.read_csv(real_data / "lookups" / "lookup_lsoa21_ward24_ltla24.csv")
    people = pd.read_csv(real_data / "deprivation" / "lsoa21_population.csv", encoding="utf-8-sig")
    imd = pd.read_csv(real_data / "deprivation" / "imd2025_england_lsoa21.csv")
    table = lookup.merge(people, left_on="lsoa21_code", right_on="lsoacd", how="left")
    return table.merge(imd, on="lsoa21_code", how="left")


def kinds_on(page: Document) -> dict[str, int]:
    (table,) = [t for t in page.all("table") if t.one("caption").get("id") == "kinds"]
    rows: list[Element] = table.one("tbody").all("tr")
    return {KINDS[row.one("th").text]: int(row.all("td")[0].text.replace(",", "")) for row in rows}


def test_all_wards_have_a_page(pages: Pages) -> None:
    assert len(pages.pages) == 30 + 21


def test_every_count_equals_geopandas(
    pages: Pages, wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame
) -> None:
    joined = gpd.sjoin(points, wards.drop(columns="WD25CD").reset_index())
    expected = joined.groupby(["WD25CD", "kind"]).size()
    assert len(joined) > 1_500
    for code, page in pages.pages.items():
        theirs = expected[code].to_dict() if code in expected else {}
        counted = kinds_on(page)
        assert {kind: count for kind, count in counted.items() if count} == theirs, code
        assert pages.said[code]["assets_by_kind"] == theirs
        assert pages.figure(code, "places")["value"] == sum(theirs.values())
        assert len(page.all("li", class_="pw-line")) == sum(theirs.values()), code


def test_beds_and_homes_equal_the_list(
    pages: Pages, wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame
) -> None:
    homes = gpd.sjoin(points[points["kind"] == "care_home"], wards.drop(columns="WD25CD"))
    assert len(homes) > 30
    for code, said in pages.said.items():
        theirs = homes.loc[homes["index_right" if "index_right" in homes else "WD25CD"] == code]
        assert {home["id"] for home in said["homes"]} == set(theirs["id"]), code


def test_population_and_deprivation_equal_pandas(pages: Pages, published: pd.DataFrame) -> None:
    known = 0
    for code, said in pages.said.items():
        areas = published[published["ward24_code"] == code]
        if areas.empty:
            # A ward newer than the lookup: nothing is made up for it.
            assert (said["population"], said["imd_score"]) == (None, None)
            continue
        known += 1
        people = areas["population"]
        assert said["population"] == people.sum(), code
        assert said["imd_score"] == pytest.approx(np.average(areas["IMD_score"], weights=people))
        most = people[areas["IMD_decile"] <= 2].sum() / people.sum()
        assert said["most_deprived_share"] == pytest.approx(most)
        per_1000 = pages.figure(code, "assets_per_1000")["value"]
        places = pages.figure(code, "places")["value"]
        assert per_1000 == pytest.approx(places / people.sum() * 1_000)
    assert known >= 45


@pytest.mark.parametrize("lad_code", LAD_CODES)
def test_the_sums_over_wards_equal_the_district(
    pages: Pages,
    wards: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    published: pd.DataFrame,
    lad_code: str,
) -> None:
    district = wards[wards["LAD25CD"] == lad_code]
    inside = points.intersects(district.union_all()).sum()
    codes = list(district["WD25CD"])
    assert sum(pages.figure(code, "places")["value"] for code in codes) == inside > 0
    people = published.loc[published["ltla24_code"] == lad_code, "population"].sum()
    known = [pages.said[code]["population"] for code in codes]
    assert all(known), "every ward of the district is in the lookup"
    assert sum(known) == people > 200_000


@pytest.mark.parametrize("lad_code", LAD_CODES)
def test_neighbours_and_medians_equal_numpy(
    pages: Pages, wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame, lad_code: str
) -> None:
    places = gpd.sjoin(points, wards.drop(columns="WD25CD").reset_index())
    counts = places.groupby("WD25CD").size().reindex(wards.index, fill_value=0)
    district = wards[wards["LAD25CD"] == lad_code]
    metres = wards.geometry.to_crs(27700)
    for code in district.index:
        touches = metres.dwithin(metres[code], TOUCHING_M)
        beside = set(wards.index[touches]) - {code}
        assert beside == {one["gss_code"] for one in pages.said[code]["neighbours"]}, code
        made = pages.figure(code, "places")
        assert made["neighbours_mean"] == pytest.approx(counts[list(beside)].mean())
        assert made["district_median"] == pytest.approx(np.median(counts[district.index]))


def test_abolished_wards_name_what_geopandas_finds(
    pages: Pages, real_data: Path, wards: gpd.GeoDataFrame
) -> None:
    files = sorted((real_data / "wards_2013").glob("*.geojson"))
    old = gpd.GeoDataFrame(pd.concat([gpd.read_file(path) for path in files])).to_crs(27700)
    gone = old[~old["WD13CD"].isin(wards.index)].set_index("WD13CD")
    newest = wards.to_crs(27700)
    assert len(gone) == 32
    for code, shape in gone.geometry.items():
        near = newest[newest.intersects(shape)]
        shares = near.intersection(shape).area / shape.area
        expected = shares[shares >= 0.01]
        answer = pages.client.get(f"/api/wards/{code}")
        assert answer.status_code == 410
        said = {one["gss_code"]: one["percent"] for one in answer.json()["successors"]}
        assert said.keys() == set(expected.index), code
        for now, percent in said.items():
            assert percent == pytest.approx(expected[now] * 100, abs=0.1)
