"""What our HTTP stands beside: the shortest FastAPI handler that returns the nearest ten.

It is handed what ours has to find out: the place on the grid and the ids of all related interests.
A second handler returns both lists, as ours does.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from app.database import make_engine
from app.settings import get_settings
from tests.benchmarks.nearest import NEAREST, NEAREST_VISITS

engine = make_engine(get_settings()).execution_options(isolation_level="AUTOCOMMIT")
app = FastAPI()


@app.get("/nearest")
def nearest(easting: float, northing: float, ids: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        asked = {"easting": easting, "northing": northing, "ids": [*map(int, ids.split(","))]}
        return [dict(row) for row in connection.execute(NEAREST, asked).mappings()]


@app.get("/both")
def both(easting: float, northing: float, ids: str) -> list[list[dict[str, Any]]]:
    with engine.connect() as connection:
        asked = {"easting": easting, "northing": northing, "ids": [*map(int, ids.split(","))]}
        return [
            [dict(row) for row in connection.execute(statement, asked).mappings()]
            for statement in (NEAREST, NEAREST_VISITS)
        ]
