"""Every measure of the sample town's wards, held to geopandas; keeping them up to date."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from rich.console import Console

from app.areas.access_actions import refresh
from app.areas.measures import (
    ACCESS_SCORE,
    ASKED_IN_VAIN,
    MEASURES,
    WITHIN_10,
    DistrictValues,
    read_district,
)
from app.database import make_engine
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.errors import NotFound
from app.parameters import today
from app.settings import Settings
from app.walking.actions import WalkingCache
from geo.access import is_community_venue
from geo.walking import FootNetwork, walks_m
from tests.conftest import ROOT, new_database

ELLERDALE = "E07999001"
TODAY = today()
METRES_A_MINUTE = 5000 / 60


@pytest.fixture(scope="module")
def settings(admin_url: sa.URL) -> Iterator[Settings]:
    """The sample town, loaded as `make run` does, in a database of this module's own."""
    with new_database(admin_url) as url:
        made = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        prepare_demo(made, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
        yield made


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[sa.Engine]:
    made = make_engine(settings)
    yield made
    made.dispose()


@pytest.fixture
def district(connection: sa.Connection) -> DistrictValues:
    return read_district(connection, lad_code=ELLERDALE, today=TODAY)


def figures(district: DistrictValues, measure: str) -> dict[str, Any]:
    return {ward.gss_code: ward.values[measure] for ward in district.wards}


def sample(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO_FOLDER / name)


def wards() -> gpd.GeoDataFrame:
    return gpd.read_file(DEMO_FOLDER / "wards.geojson")[["WD25CD", "geometry"]]


@pytest.fixture
def inside(connection: sa.Connection) -> pd.DataFrame:
    """What is public, a row for each ward it is in: by geopandas, or as it is given."""
    table = pd.DataFrame(
        connection.execute(
            sa.text(
                "SELECT id::text, kind::text, ST_X(geom) AS lon, ST_Y(geom) AS lat, ward_code,"
                " interest_ids, assured_date FROM public_assets"
            )
        )
        .mappings()
        .all()
    )
    points = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326
    )
    located = points[points["lon"].notna()].sjoin(wards(), predicate="intersects")
    given = table[table["ward_code"].notna()].assign(WD25CD=table["ward_code"])
    both: pd.DataFrame = pd.concat([located, given]).drop_duplicates(["WD25CD", "id"])
    return both


@pytest.fixture
def people() -> pd.Series:
    lookup, population = sample("lookup.csv"), sample("population.csv")
    both = lookup.merge(population, left_on="lsoa21_code", right_on="lsoacd")
    return both.groupby("ward24_code")["population"].sum()


def test_counts_shares_and_people(
    district: DistrictValues, inside: pd.DataFrame, people: pd.Series
) -> None:
    assert len(district.wards) == 6
    counts = inside.groupby("WD25CD")["id"].count()
    assert counts.sum() > 100
    groups = inside[inside["kind"] == "group"].groupby("WD25CD")["id"].count()
    since = dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=365)
    is_fresh = inside["assured_date"].map(lambda day: bool(day) and day >= since)
    checked = inside[is_fresh].groupby("WD25CD")["id"].count()
    for ward in district.wards:
        code = ward.gss_code
        assert ward.population == people[code]
        assert ward.assets == counts[code]
        assert ward.values["assets_per_1000"] == pytest.approx(counts[code] / people[code] * 1000)
        assert ward.values["groups_per_1000"] == pytest.approx(
            groups.get(code, 0) / people[code] * 1000
        )
        assert ward.values["checked_share"] == pytest.approx(
            checked.get(code, 0) / counts[code] * 100
        )


def test_a_group_counts_once_in_each_theme(
    connection: sa.Connection, district: DistrictValues, inside: pd.DataFrame
) -> None:
    rows = pd.read_csv(ROOT / "data" / "reference" / "interests.csv").set_index("concept")
    broader = rows["broader"].dropna().to_dict()

    def theme_of(concept: str) -> str:
        return theme_of(broader[concept]) if concept in broader else concept

    ids = connection.execute(sa.text("SELECT id, concept FROM interests")).all()
    theme = {row.id: theme_of(row.concept) for row in ids}
    groups = inside[inside["kind"] == "group"]
    runs = connection.execute(
        sa.text("SELECT place_id::text AS id, interest_ids FROM public_activities"
                " WHERE ends_on IS NULL OR ends_on >= :today"),
        {"today": TODAY},
    ).all()  # fmt: skip
    expected: dict[tuple[str, str], int] = {}
    for code, group, own in zip(
        groups["WD25CD"], groups["id"], groups["interest_ids"], strict=True
    ):
        too = [number for row in runs if row.id == group for number in row.interest_ids]
        for one in {theme[number] for number in [*own, *too]}:
            expected[code, one] = expected.get((code, one), 0) + 1
    assert len(expected) > 30
    assert set(district.themes) == set(rows.index) - set(broader)
    for ward in district.wards:
        for slug in district.themes:
            assert ward.values[f"groups:{slug}"] == expected.get((ward.gss_code, slug), 0)


def demand_points() -> gpd.GeoDataFrame:
    """Return the postcodes with an even share of their LSOA's people, as geopandas has it."""
    lsoas = gpd.read_file(DEMO_FOLDER / "lsoas.geojson").rename(columns={"LSOA21CD": "lsoa"})
    table = sample("postcodes.csv")
    postcodes = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["longitude"], table["latitude"]), crs=4326
    )
    placed = postcodes.sjoin(lsoas[["lsoa", "geometry"]], predicate="intersects")
    population = sample("population.csv").set_index("lsoacd")["population"]
    assert set(placed["lsoa"]) == set(population.index)
    placed["people"] = placed["lsoa"].map(population / placed["lsoa"].value_counts())
    return placed.to_crs(27700)


def minutes_between(network: FootNetwork, demand: np.ndarray, supply: np.ndarray) -> np.ndarray:
    """Return minutes for every pair: along the streets, or by the straight line."""
    walked = walks_m(network, network.snap(demand), network.snap(supply))
    straight = np.hypot(*(demand[:, None] - supply[None]).transpose(2, 0, 1)) * 1.3
    return np.where(np.isnan(walked), straight, walked) / METRES_A_MINUTE


def test_access_to_venues(
    connection: sa.Connection, district: DistrictValues, inside: pd.DataFrame, people: pd.Series
) -> None:
    demand = demand_points()
    rows = connection.execute(
        sa.text(
            "SELECT ST_X(ST_Transform(geom, 27700)) AS x, ST_Y(ST_Transform(geom, 27700)) AS y,"
            " is_indoors, name, ARRAY(SELECT concept FROM interests i"
            " WHERE i.id = ANY(interest_ids)) AS concepts FROM public_assets"
            " WHERE kind = 'venue' AND geom IS NOT NULL"
        )
    ).all()
    supply = np.array([
        (row.x, row.y) for row in rows
        if is_community_venue(row.concepts, is_indoors=row.is_indoors, name=row.name)
    ])  # fmt: skip
    # Neither everything nor nothing: parks and pubs are in the town, and halls.
    assert 10 < len(supply) < len(rows) - 10
    walking = WalkingCache().get(connection)
    assert walking is not None
    at = np.c_[demand.geometry.x, demand.geometry.y]
    minutes = minutes_between(walking.network, at, supply)
    who = demand["people"].to_numpy()
    near = minutes <= 15
    ratio = 1 / (who[:, None] * near).sum(axis=0)
    demand["score"] = (near * ratio).sum(axis=1)
    demand["has_one"] = minutes.min(axis=1) <= 10
    ward_of = sample("lookup.csv").set_index("lsoa21_code")["ward24_code"]
    by_ward = demand.assign(ward=demand["lsoa"].map(ward_of)).groupby("ward")
    for code, part in by_ward:
        weights = part["people"]
        assert weights.sum() == pytest.approx(people[code])
        share = (weights * part["has_one"]).sum() / weights.sum() * 100
        assert figures(district, WITHIN_10)[code] == pytest.approx(share)
        score = (weights * part["score"]).sum() / weights.sum() * 1000
        assert figures(district, ACCESS_SCORE)[code] == pytest.approx(score)
    # The town is on its streets, and not everybody has a venue near: else this would say little.
    assert not district.about
    shares = figures(district, WITHIN_10).values()
    assert min(shares) < 80
    assert max(shares) > 99


def test_everything_used_is_named(connection: sa.Connection, district: DistrictValues) -> None:
    slugs = {
        row.id: row.slug for row in connection.execute(sa.text("SELECT id, slug FROM sources"))
    }
    named = {slugs[one] for one in district.source_ids}
    assert named >= {
        "sample-ons-boundaries", "sample-ons-lookups", "sample-ons-population",
        "sample-code-point-open", "sample-osm", "sample-own", "sample-cqc",
    }  # fmt: skip


def test_unmet_interests_are_counted_by_kind_not_by_person(connection: sa.Connection) -> None:
    district = read_district(connection, lad_code=ELLERDALE, today=TODAY)
    ward, before = district.wards[0], figures(district, ASKED_IN_VAIN)
    connection.execute(
        sa.text(
            "INSERT INTO unmet_interests (interest_id, ward_code, noticed_on)"
            " SELECT i.id, :code, CURRENT_DATE - day FROM interests i, generate_series(0, 8) AS day"
            " WHERE i.concept IN ('falconry', 'knitting', 'church-of-england')"
        ),
        {"code": ward.gss_code},
    )
    # What shows faith is in no count.
    expected = {
        code: connection.execute(
            sa.text("SELECT count(*) FROM unmet_by_ward(:code)"), {"code": code}
        ).scalar_one()
        for code in before
    }
    after = figures(read_district(connection, lad_code=ELLERDALE, today=TODAY), ASKED_IN_VAIN)
    assert after == expected
    assert 1 <= after[ward.gss_code] - before[ward.gss_code] <= 2
    del after[ward.gss_code], before[ward.gss_code]
    assert after == before


def test_a_district_without_wards_is_not_found(connection: sa.Connection) -> None:
    with pytest.raises(NotFound, match="E07999002"):
        read_district(connection, lad_code="E07999002", today=TODAY)
    with pytest.raises(NotFound, match="1999"):
        read_district(connection, lad_code=ELLERDALE, release="1999", today=TODAY)


def test_only_what_changed_is_worked_out_again(connection: sa.Connection) -> None:
    assert [one.wards for one in refresh(connection)] == [None]
    # Not a venue: nobody's way to a venue is another.
    connection.execute(sa.text("UPDATE assets SET name = name || '!' WHERE kind = 'group'"))
    assert [one.wards for one in refresh(connection)] == [None]
    before = figures(read_district(connection, lad_code=ELLERDALE, today=TODAY), ACCESS_SCORE)
    connection.execute(
        sa.text("UPDATE assets SET gone_at = now() WHERE kind = 'venue' AND name LIKE '%Library%'")
    )
    assert [one.wards for one in refresh(connection)] == [6]
    after = figures(read_district(connection, lad_code=ELLERDALE, today=TODAY), ACCESS_SCORE)
    assert sum(after[code] != before[code] for code in before) >= 1
    assert sum(after.values()) < sum(before.values())
    assert [one.wards for one in refresh(connection)] == [None]
    # Without streets it is "about"; without a venue there is no figure at all.
    connection.execute(sa.text("DELETE FROM foot_networks"))
    assert [one.wards for one in refresh(connection)] == [6]
    about = read_district(connection, lad_code=ELLERDALE, today=TODAY)
    assert about.about == {WITHIN_10, ACCESS_SCORE}
    measure = about.measure(WITHIN_10)
    assert measure is not None
    assert "about 10 minutes" in measure.label
    connection.execute(sa.text("UPDATE assets SET gone_at = now() WHERE kind = 'venue'"))
    assert [one.wards for one in refresh(connection)] == [0]
    none = read_district(connection, lad_code=ELLERDALE, today=TODAY)
    assert set(figures(none, WITHIN_10).values()) == {None}


def test_a_ward_whose_people_have_no_place_has_no_figure(connection: sa.Connection) -> None:
    connection.execute(
        sa.text("UPDATE areas SET gone_at = now() WHERE area_type = 'lsoa' AND gss_code IN"
                " (SELECT min(lsoa_code) FROM area_lookups)")
    )  # fmt: skip
    lost = connection.execute(
        sa.text("SELECT ward_code FROM area_lookups ORDER BY lsoa_code LIMIT 1")
    ).scalar_one()
    assert refresh(connection, is_forced=True)[0].wards == 5
    found = figures(read_district(connection, lad_code=ELLERDALE, today=TODAY), WITHIN_10)
    assert [code for code, value in found.items() if value is None] == [lost]


def test_a_ward_whose_people_are_partly_known_has_no_figure(connection: sa.Connection) -> None:
    lost = connection.execute(
        sa.text("SELECT ward_code, lsoa_code FROM area_lookups ORDER BY lsoa_code LIMIT 1")
    ).one()
    connection.execute(
        sa.text("DELETE FROM area_figures WHERE measure = 'population' AND gss_code = :code"),
        {"code": lost.lsoa_code},
    )
    assert refresh(connection, is_forced=True)[0].wards == 5
    found = read_district(connection, lad_code=ELLERDALE, today=TODAY)
    (ward,) = [ward for ward in found.wards if ward.population is None]
    assert ward.gss_code == lost.ward_code
    assert ward.values[WITHIN_10] is None
    assert ward.values["assets_per_1000"] is None


def test_older_boundaries_take_small_areas_by_their_middle(connection: sa.Connection) -> None:
    connection.execute(
        sa.text("UPDATE areas SET release = '2013', gss_code = replace(gss_code, 'E05', 'E99')"
                " WHERE area_type = 'ward' AND gss_code = 'E05999004'")
    )  # fmt: skip
    connection.execute(
        sa.text("INSERT INTO area_parts (area_id, geom) SELECT a.id, (ST_Dump(a.geom)).geom"
                " FROM areas a WHERE a.gss_code = 'E99999004'")
    )  # fmt: skip
    old = read_district(connection, lad_code=ELLERDALE, release="2013", today=TODAY)
    assert not old.is_newest
    (ward,) = old.wards
    lsoas = gpd.read_file(DEMO_FOLDER / "lsoas.geojson")
    lsoas.geometry = lsoas.representative_point()
    shape = wards().set_index("WD25CD").geometry["E05999004"]
    mine = lsoas[lsoas.within(shape)]["LSOA21CD"]
    population = sample("population.csv").set_index("lsoacd")["population"]
    assert len(mine) >= 1
    assert ward.is_by_lookup is False
    assert ward.population == population[mine].sum()
    assert ward.values[ASKED_IN_VAIN] is None
    refresh(connection)
    (again,) = read_district(connection, lad_code=ELLERDALE, release="2013", today=TODAY).wards
    assert again.values[WITHIN_10]


def test_every_measure_says_how_it_is_worked_out() -> None:
    for slug, measure in MEASURES.items():
        assert measure.slug == slug
        assert measure.label
        assert measure.explanation.endswith(".")
    assert "Luo" in MEASURES[ACCESS_SCORE].explanation
    assert MEASURES[ACCESS_SCORE].formula
