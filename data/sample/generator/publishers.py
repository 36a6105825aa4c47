"""The files a publisher would give: areas, figures, postcodes, homes, surgeries, the library."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import shapely

from generator.areas import Areas, SmallArea
from generator.grid import lon_lat_of
from generator.places import Places
from generator.streets import Streets, Unit
from generator.tables import Row

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DOMAINS = ("IMD", "Income", "Employment", "Education", "Health", "Crime",
            "Housing_and_Services", "Environment")  # fmt: skip
_LSOAS_OF_ENGLAND = 33_755  # of 2021, the number the ranks run to


def feature_lines(features: list[dict[str, Any]], name: str) -> str:
    """Return a GeoJSON file with a feature a line, longitude first."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    head = f'{{\n"type": "FeatureCollection",\n"name": "{name}",\n"crs": {json.dumps(crs)},\n'
    return f'{head}"features": [\n{lines}\n]\n}}\n'


def feature(shape: shapely.Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    """Return one GeoJSON feature of a shape in degrees."""
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(shapely.to_geojson(shape)),
    }


def wards(areas: Areas) -> str:
    """Return wards.geojson, as of May 2025."""
    district = {"LAD25CD": areas.lad_code, "LAD25NM": areas.lad_name}
    return feature_lines(
        [
            feature(ward.shape, {"WD25CD": ward.code, "WD25NM": ward.name, **district})
            for ward in areas.wards
        ],
        areas.lad_code,
    )


def lsoas(areas: Areas) -> str:
    """Return lsoas.geojson, of 2021."""
    return feature_lines(
        [
            feature(
                lsoa.shape,
                {"LSOA21CD": lsoa.code, "LSOA21NM": lsoa.name, "LADCD_ACTIVE": areas.lad_code},
            )
            for lsoa in areas.lsoas
        ],
        areas.lad_code,
    )


def lookup(areas: Areas) -> Iterator[Row]:
    """Yield the lookup's rows, header first."""
    yield ["lsoa21_name", "lsoa21_code", "ward24_name", "ward24_code", "ltla24_name",
           "ltla24_code"]  # fmt: skip
    names = {ward.code: ward.name for ward in areas.wards}
    for lsoa in areas.lsoas:
        yield [lsoa.name, lsoa.code, names[lsoa.ward], lsoa.ward, areas.lad_name, areas.lad_code]


def population(areas: Areas) -> Iterator[Row]:
    """Yield the population's rows, header first."""
    yield ["lsoacd", "population", "population_65_plus"]
    for lsoa in areas.lsoas:
        # From one in seven where people have least to one in four where they have most.
        yield [lsoa.code, lsoa.population, round(lsoa.population * (0.13 + 0.012 * lsoa.decile))]


def deprivation(areas: Areas) -> Iterator[Row]:
    """Yield the index of deprivation's rows, header first: deciles, ranks, scores."""
    measures = ("decile", "rank", "score")
    yield ["lsoa21_code", *(f"{domain}_{what}" for what in measures for domain in _DOMAINS)]
    for lsoa in areas.lsoas:
        ranks = _ranks(lsoa)
        deciles = [1 + (rank - 1) * 10 // _LSOAS_OF_ENGLAND for rank in ranks]
        scores = [round(70 * (1 - rank / _LSOAS_OF_ENGLAND) ** 1.8 + 1, 3) for rank in ranks]
        yield [lsoa.code, *deciles, *ranks, *scores]


def _ranks(lsoa: SmallArea) -> list[int]:
    chance = random.Random(f"ellerwick {lsoa.code}")  # noqa: S311 - scenery, not secrets
    middle = (lsoa.decile - 0.5) / 10
    shares = [middle, *(min(max(chance.gauss(middle, 0.1), 0.01), 0.99) for _ in _DOMAINS[1:])]
    return [max(1, round(share * _LSOAS_OF_ENGLAND)) for share in shares]


def postcodes(areas: Areas, streets: Streets) -> Iterator[Row]:
    """Yield Code-Point Open's rows, header first."""
    yield ["postcode", "positional_quality", "eastings", "northings", "country_code",
           "nhs_regional_ha_code", "nhs_ha_code", "admin_county_code", "admin_district_code",
           "admin_ward_code", "latitude", "longitude"]  # fmt: skip
    for unit in streets.units():
        lon, lat = lon_lat_of(unit.point)
        easting, northing = Places.grid_of(unit.point)
        codes = ["E92000001", "E19000001", "E18000003", "", areas.lad_code, unit.ward_code]
        yield [unit.postcode, 10, easting, northing, *codes, lat, lon]


def care_homes(places: Places) -> Iterator[Row]:
    """Yield the register's rows as councils cut them, header first."""
    yield ["name", "type", "address", "postcode", "telephone", "website", "area_name", "area_code",
           "lon", "lat", "CQC Location ID", "Care homes beds"]  # fmt: skip
    for home in places.written("homes", "home"):
        address, unit, (lon, lat) = places.locate(home)
        site = "https://" + home["name"].lower().replace(" ", "-") + ".example"
        yield [home["name"], home["type"], address, unit.postcode, places.next_phone(), site,
               places.areas.lad_name, places.areas.lad_code, lon, lat, home["id"],
               home["beds"]]  # fmt: skip


def surgeries(places: Places) -> Iterator[Row]:
    """Yield epraccur's rows: no header, 27 columns."""
    for surgery in places.written("homes", "surgery"):
        street, unit = _street_and_unit(places, surgery)
        door = " ".join(word for word in (surgery.get("number"), street.upper()) if word)
        lines = [surgery.get("building", surgery["name"]), door, "ELLERWICK", "NORTH YORKSHIRE", ""]
        closed = surgery.get("closed", "")
        yield [surgery["code"], surgery["name"], "Y63", "QWO", *lines, unit.postcode,
               surgery["opened"], closed, "C" if closed else "A", "B", "36J", "20200401", closed,
               places.next_phone(), "", "", "", "0", "", "36J", "", "4", ""]  # fmt: skip


def library(places: Places) -> Iterator[Row]:
    """Yield the libraries' rows, header first."""
    staffed = [f"{day} staffed hours" for day in _WEEKDAYS]
    unstaffed = [f"{day} unstaffed hours" for day in _WEEKDAYS]
    yield ["Local authority", "Library name", "Address 1", "Address 2", "Address 3", "Postcode",
           "Unique property reference number", "Statutory", "Type of library", "Year opened",
           "Year closed", *staffed, *unstaffed, "Special hours", "Co-located", "Co-located with",
           "Notes", "URL", "Email address"]  # fmt: skip
    for entry in places.written("homes", "library"):
        street, unit = _street_and_unit(places, entry)
        door = f"{entry['number']} {street}"
        yield ["Ellerdale District Council", entry["name"], entry["building"], door, "Ellerwick",
               unit.postcode, "", "Yes", "LAL", "", "", *entry["hours"], *([""] * 7), "", "No", "",
               entry["notes"], "https://libraries.ellerdale.example/ellerwick",
               "library@ellerdale.example"]  # fmt: skip


def mobile_library(places: Places) -> Iterator[Row]:
    """Yield the van's stops, header first."""
    yield ["organisation", "mobile", "route", "community", "stop", "address", "postcode", "geox",
           "geoy", "day", "type", "arrival", "departure", "frequency", "start", "end",
           "exceptions", "timetable"]  # fmt: skip
    for stop in places.written("homes", "van_stop"):
        _, unit, (lon, lat) = places.locate(stop)
        address = f"{stop['stop']}, {stop['community']}"
        yield ["Ellerdale", "Mobile", stop["day"], stop["community"], stop["stop"], address,
               unit.postcode, lon, lat, stop["day"], "Public", stop["arrival"], stop["departure"],
               "FREQ=WEEKLY;INTERVAL=2", stop["start"], "", "",
               "https://libraries.ellerdale.example/van"]  # fmt: skip


def _street_and_unit(places: Places, entry: dict[str, Any]) -> tuple[str, Unit]:
    street, _, unit = places.streets.door(entry["at"])
    return street.name, unit
