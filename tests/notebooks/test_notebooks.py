"""Every notebook runs from top to bottom, is kept without output, and answers what is true."""

from __future__ import annotations

import csv
import html
import json
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pyproj
import pytest
import shapely
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from shapely.geometry import shape

from app.importers.readers.osm_tags import our_rules, parse_other_tags

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAMPLE = ROOT / "data" / "sample"
VENDORED = ROOT / "app" / "static" / "vendor"
TO_GRID = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)

# Ten minutes on foot as the pages round it: 10.5 minutes at 5 km/h, streets 1.3 times as long.
WALK_M = 10.5 / 60 * 5000 / 1.3
VISIT_M = 15_000
MOST_SECONDS_A_CELL = 300

Point = tuple[float, float]


@dataclass
class Executed:
    """A notebook after it ran, and the folder it ran in."""

    notebook: Any
    folder: Path

    def outputs(self) -> Iterator[dict[str, Any]]:
        for cell in self.notebook.cells:
            yield from cell.get("outputs", [])

    def words(self) -> str:
        """Return everything it printed or showed, except the code of maps."""
        shown = []
        for output in self.outputs():
            data = output.get("data", {})
            shown += [output.get("text", ""), data.get("text/plain", "")]
            shown.append(data.get("text/markdown", ""))
        return "\n".join(shown)

    def maps(self) -> list[str]:
        """Return the documents of the maps it shows."""
        shown = (output.get("data", {}).get("text/html", "") for output in self.outputs())
        return [html.unescape(found[1]) for text in shown if (found := _SRCDOC.search(text))]


_SRCDOC = re.compile(r'^<iframe .*srcdoc="([^"]*)"', re.DOTALL)


def _execute(
    path: Path, folder: Path, *, change: Callable[[str], str] = str, add: str = ""
) -> Executed:
    """Run a notebook in a copy of what a fresh clone has, so that nothing here is written to.

    `change` edits the cell tagged "parameters", `add` is a cell put at the end.
    """
    if not (VENDORED / "leaflet").is_dir():
        pytest.skip("no Leaflet in app/static/vendor: make front-end")
    shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("generator"))
    (folder / "app" / "static").mkdir(parents=True)
    (folder / "app" / "static" / "vendor").symlink_to(VENDORED)
    (folder / "notebooks").mkdir()
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # as published
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            cell.source = change(cell.source)
    if add:
        cell = nbformat.v4.new_code_cell(add)  # type: ignore[no-untyped-call]  # as published
        notebook.cells.append(cell)
    # Sockets in a folder of our own instead of ports; their names must be short
    with tempfile.TemporaryDirectory(prefix="pw-") as own:
        kernel = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc",
            ip=f"{own}/kernel",
            connection_file=f"{own}/kernel.json",
        )
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=MOST_SECONDS_A_CELL,
            resources={"metadata": {"path": str(folder / "notebooks")}},
        )
        client.execute(cleanup_kc=True)
    return Executed(notebook, folder)


KEEP = """
gaps.to_csv("gaps.csv", index=False)
by_ward.to_csv("by_ward.csv")
listable.to_csv("listable.csv", index=False)
pd.Series([vocabulary.label_of(number) for home in homes.index for number in enjoyed_in(home)],
          name="label").to_csv("on_maps.csv", index=False)
"""


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    path = ROOT / "notebooks" / "01_explore_a_district.ipynb"
    return _execute(path, tmp_path_factory.mktemp("clone"), add=KEEP)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# The same question once more, with nothing of geo/ and no data frame.


@dataclass
class Town:
    """The sample town, read by hand."""

    homes: dict[str, tuple[str, Point]] = field(default_factory=dict)
    targets: list[tuple[str, Point, bool, frozenset[str]]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    answers: dict[str, frozenset[str]] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)


def _grid(lon: str, lat: str) -> Point:
    return TO_GRID.transform(float(lon), float(lat))


def _read_vocabulary(town: Town) -> None:
    rows = {row["concept"]: row for row in _rows(ROOT / "data/reference/interests.csv")}

    def below(slug: str) -> set[str]:
        under = {name for name, row in rows.items() if row["broader"].strip() == slug}
        return {slug}.union(*(below(name) for name in under))

    def themes(slug: str) -> Iterator[str]:
        while slug:
            yield slug
            slug = rows[slug]["broader"].strip()

    for slug, row in rows.items():
        gentler = [name.strip() for name in row["gentler"].split("|") if name.strip()]
        town.labels[slug] = row["label"].strip()
        town.answers[slug] = frozenset(below(slug).union(*(below(name) for name in gentler)))
        theme = list(themes(slug))[-1]
        if "yes" in (row["special_category"], rows[theme]["special_category"]):
            town.sensitive.add(slug)


def _read_homes(town: Town) -> None:
    wards = [
        (feature["properties"]["WD25NM"], shape(feature["geometry"]))
        for feature in json.loads((SAMPLE / "wards.geojson").read_text())["features"]
    ]
    for row in _rows(SAMPLE / "care_homes.csv"):
        lon_lat = shapely.Point(float(row["lon"]), float(row["lat"]))
        ward = next(name for name, outline in wards if outline.contains(lon_lat))
        town.homes[row["CQC Location ID"]] = (ward, _grid(row["lon"], row["lat"]))


def _read_targets(town: Town) -> None:
    postcodes = {row["postcode"]: row for row in _rows(SAMPLE / "postcodes.csv")}
    points = {}
    for row in _rows(SAMPLE / "assets.csv"):
        if row["kind"] == "informal":
            continue
        code = postcodes.get(row["postcode"], {})
        lon, lat = (row["lon"] or code["longitude"]), (row["lat"] or code["latitude"])
        points[row["id"]] = _grid(lon, lat)
        about = frozenset(row["interests"].split(";"))
        town.targets.append((row["name"], points[row["id"]], False, about))
    for row in _rows(SAMPLE / "activities.csv"):
        at = points.get(row["venue_id"] or row["organizer_id"])
        if row["name"] and at:
            about = frozenset(row["interests"].split(";"))
            town.targets.append((row["name"], at, row["comes_to_homes"] == "yes", about))
    own = {name: at for name, at, _, _ in town.targets}
    for feature in json.loads((SAMPLE / "places.geojson").read_text())["features"]:
        known = feature["properties"]
        tags = {key: text for key, text in known.items() if isinstance(text, str)}
        verdict = our_rules().judge(tags | parse_other_tags(known.get("other_tags") or ""))
        spot = shape(feature["geometry"]).representative_point()
        at = _grid(str(spot.x), str(spot.y))
        is_kept = verdict.rule is not None and verdict.rule.kind in ("venue", "group", "surgery")
        is_ours = known.get("name") in own and math.dist(at, own[known["name"]]) <= 100
        if is_kept and known.get("name") and not is_ours:
            town.targets.append((known["name"], at, False, frozenset(verdict.interests)))


@pytest.fixture(scope="module")
def town() -> Town:
    read = Town()
    _read_vocabulary(read)
    _read_homes(read)
    _read_targets(read)
    return read


def _told(people: set[str]) -> str:
    if not people:
        return "0"
    return "fewer than 8" if len(people) < 8 else str((len(people) + 2) // 5 * 5)


def _expected_gaps(town: Town) -> dict[tuple[str, str], tuple[str, float]]:
    """Return for each (ward, label) what people may be told, and metres to the nearest."""
    people: dict[tuple[str, str], set[str]] = {}
    nearest: dict[tuple[str, str], float] = {}
    for resident in _rows(SAMPLE / "residents.csv"):
        ward, home = town.homes[resident["home"]]
        for wish in resident["interests"].split(";"):
            slug, stance = wish.split(":")
            if stance == "could_share" or slug in town.sensitive:
                continue
            metres: dict[bool, list[float]] = {False: [math.inf], True: [math.inf]}
            for _, at, comes, about in town.targets:
                if about & town.answers[slug]:
                    metres[comes].append(math.dist(home, at))
            if min(metres[False]) > WALK_M and min(metres[True]) > VISIT_M:
                key = (ward, town.labels[slug])
                people.setdefault(key, set()).add(resident["reference"])
                nearest[key] = min(nearest.get(key, math.inf), *metres[False])
    return {key: (_told(people[key]), nearest[key]) for key in people}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_output(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # as published
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}


def test_there_is_a_test_of_every_notebook() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "01_explore_a_district.ipynb",
        # test_access_notebooks.py
        "02_access_to_community_venues.ipynb",
        "03_ward_gaps.ipynb",
    ]


def test_it_says_what_it_does_between_its_cells(explored: Executed) -> None:
    cells = explored.notebook.cells
    assert cells[0].cell_type == "markdown"
    assert sum(cell.cell_type == "markdown" for cell in cells) >= 10
    # Its last cell of its own, before the one added here
    conclusion = cells[-2].outputs[0].data["text/markdown"]
    assert re.search(r"^\d+ wishes in 9 homes were looked at", conclusion)
    assert "The first conversation to have" in conclusion


def test_the_answer_is_right(explored: Executed, town: Town) -> None:
    answer = _rows(explored.folder / "notebooks" / "gaps.csv")
    expected = _expected_gaps(town)
    assert len(expected) > 20
    assert {(row["ward"], row["label"]) for row in answer} == set(expected)
    assert len(answer) == len(expected)
    for row in answer:
        people, metres = expected[row["ward"], row["label"]]
        assert row["people"] == people, row
        assert float(row["nearest_m"] or "inf") == pytest.approx(metres, abs=0.01), row


def test_the_conclusion_names_the_ward_with_most_gaps(explored: Executed) -> None:
    wards = _rows(explored.folder / "notebooks" / "by_ward.csv")
    shares = {row["ward"]: int(row["neither"]) / int(row["asked_for"]) for row in wards}
    worst = max(shares, key=lambda ward: shares[ward])
    conclusion = explored.notebook.cells[-2].outputs[0].data["text/markdown"]
    assert f"**They meet least in {worst}**" in conclusion
    assert f"{shares[worst]:.0%}".rstrip("%") + " % of wishes" in conclusion


def test_no_small_number_of_people_is_told(explored: Executed) -> None:
    answer = _rows(explored.folder / "notebooks" / "gaps.csv")
    tellable = {"0", "fewer than 8", *(str(number) for number in range(10, 200, 5))}
    assert {row["people"] for row in answer} <= tellable
    words = explored.words()
    assert words.count("fewer than 8") > 50
    for reference in (row["reference"] for row in _rows(SAMPLE / "residents.csv")):
        assert reference not in words


def test_sensitive_interests_are_not_listed(explored: Executed, town: Town) -> None:
    wished = {
        wish.split(":")[0]
        for resident in _rows(SAMPLE / "residents.csv")
        for wish in resident["interests"].split(";")
    }
    held_back = {town.labels[slug] for slug in wished & town.sensitive}
    assert len(held_back) >= 5
    for name in ("gaps", "listable", "on_maps"):
        rows = _rows(explored.folder / "notebooks" / f"{name}.csv")
        assert len(rows) > 20
        assert not held_back & {row["label"] for row in rows}, name
    assert not held_back & set(re.findall(r"[\w' ]+(?=: just what)", explored.words()))


def test_it_draws_the_wards_and_one_home(explored: Executed) -> None:
    choropleth, home = explored.maps()
    assert "Where interests and venues do not meet" in choropleth
    for feature in json.loads((SAMPLE / "wards.geojson").read_text())["features"]:
        assert feature["properties"]["WD25NM"] in choropleth
    assert "and what is around it" in home
    assert any(row["name"] in home for row in _rows(SAMPLE / "care_homes.csv"))


@pytest.mark.real_data
def test_it_explores_real_wards_and_places(tmp_path: Path, real_data: Path) -> None:
    def change(source: str) -> str:
        changed = source.replace('ROOT / "data/sample"', f"Path({str(real_data)!r})")
        return changed.replace('LAD_NAME = ""', 'LAD_NAME = "Bradford"')

    path = ROOT / "notebooks" / "01_explore_a_district.ipynb"
    done = _execute(path, tmp_path / "clone", change=change, add=KEEP)
    assert "30 wards (boundaries of 2025) in Bradford" in done.words()
    answer = _rows(done.folder / "notebooks" / "gaps.csv")
    assert {row["people"] for row in answer} == {"not known"}
    assert {"Bowls", "Walking"} <= {row["label"] for row in answer}
    assert all(float(row["nearest_m"] or "inf") > WALK_M for row in answer)
