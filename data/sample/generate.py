"""Make the files of Ellerwick, a market town that does not exist: the same bytes every time.

`python data/sample/generate.py` writes them beside this file; `--into DIR` writes them elsewhere.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generator import own_lists, publishers, street_map
from generator.areas import make_areas
from generator.connections import Teams, connections, diary
from generator.people import accounts, people_at_home, suggestions
from generator.places import Places
from generator.residents import residents
from generator.streets import Streets
from generator.tables import as_csv


def make_files() -> dict[str, str]:
    """Return every file's name and text."""
    areas = make_areas()
    streets = Streets(areas)
    places = Places(areas, streets)
    own_residents, at_home = list(residents(places)), list(people_at_home(places))
    teams = Teams(own_residents, at_home)
    return {
        "wards.geojson": publishers.wards(areas),
        "lsoas.geojson": publishers.lsoas(areas),
        "lookup.csv": as_csv(publishers.lookup(areas)),
        "population.csv": as_csv(publishers.population(areas)),
        "imd.csv": as_csv(publishers.deprivation(areas)),
        "postcodes.csv": as_csv(publishers.postcodes(areas, streets)),
        "care_homes.csv": as_csv(publishers.care_homes(places)),
        "surgeries.csv": as_csv(publishers.surgeries(places)),
        "library.csv": as_csv(publishers.library(places)),
        "mobile_library.csv": as_csv(publishers.mobile_library(places)),
        "assets.csv": as_csv(own_lists.assets(places)),
        "activities.csv": as_csv(own_lists.activities()),
        "residents.csv": as_csv(own_residents),
        "accounts.csv": as_csv(accounts(places)),
        "people_at_home.csv": as_csv(at_home),
        "connections.csv": as_csv(connections(places, teams)),
        "diary.csv": as_csv(diary(places, teams)),
        "suggestions.csv": as_csv(suggestions(places)),
        "places.geojson": street_map.places_geojson(streets),
        "streets.osm": street_map.streets_xml(areas, streets),
    }


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Make the files of the sample town.")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    folder: Path = parser.parse_args().into
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in make_files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
