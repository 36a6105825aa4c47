"""Wards compared in files and for programs: the page's order, and its figures."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.areas.compare import measures_of, rows_of
from app.areas.measures import MEASURES, read_district
from app.parameters import today
from tests.wards.test_compare import BRADFORD, bradford, client, made_app, rows_on
from tests.web.conftest import TestClient  # type: ignore[attr-defined]  # quietly imported there
from tests.web.document import Document

__all__ = ["bradford", "client", "made_app"]


@pytest.mark.parametrize("sort", ["-assets_per_1000", "assets", "-name", "-groups:sport"])
def test_files_are_in_the_pages_order(client: TestClient, bradford: Session, sort: str) -> None:
    asked = f"/wards?measure=groups:sport&sort={sort}"
    page = Document(client.get(asked).text)
    names = [row[0] for row in rows_on(page)]
    assert names != sorted(names)
    links = {link.partition("?")[0]: link for link in page.links()}
    text = client.get(links["/wards.csv"]).content.decode("utf-8-sig")
    assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == names
    features = client.get(links["/wards.geojson"]).json()["features"]
    assert [one["properties"]["name"] for one in features] == names
    # And for programs, page by page.
    first = client.get(f"/api/wards?sort={sort}&limit=3").json()
    rest = client.get(first["next"]).json()
    assert [ward["name"] for ward in first["wards"] + rest["wards"]] == names
    assert rest["next"] is None


def test_files_and_programs_get_the_same_figures(client: TestClient, bradford: Session) -> None:
    api: dict[str, Any] = client.get(f"/api/wards?district={BRADFORD}").json()
    features = client.get(f"/wards.geojson?district={BRADFORD}").json()["features"]
    text = client.get(f"/wards.csv?district={BRADFORD}").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    table = read_district(bradford.connection(), lad_code=BRADFORD, today=today())
    columns, cells = rows_of(table)
    assert set(api["measures"]) == {measure.slug for measure in measures_of(table)}
    assert set(MEASURES) < set(api["measures"])
    for ward, feature, row, line in zip(api["wards"], features, rows, cells, strict=True):
        words = dict(zip(columns, line, strict=True))
        assert words["Ward"] == ward["name"] == row["name"]
        for slug, value in ward["measures"].items():
            heading = f"{api['measures'][slug]['label']} ({api['measures'][slug]['unit']})"
            assert feature["properties"][slug] == value
            assert words[heading] == value
            assert row[heading] == ("" if value is None else str(value))
    assert [ward["measures"]["assets_per_1000"] for ward in api["wards"]] == [2, 1, 10, None, 0]
    assert all("People of ONS" in row["attribution"] for row in rows)
    assert any("People of ONS" in one for one in api["attribution"])
