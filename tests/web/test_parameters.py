"""Reading query strings: properties that hold for anything at all."""

from __future__ import annotations

import csv
import io
import math

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from app.models import AssetKind
from app.parameters import LARGEST_LIMIT, WIDEST_M, Address, Query
from app.rendering import FORMULA_STARTS, csv_answer, csv_cell, problem_answer

# Everything Python can hold: NUL, lone surrogates, right-to-left marks.
ANYTHING = st.text(max_size=300)
NUMBERS = st.one_of(st.floats().map(str), st.integers().map(str), ANYTHING)


def query(**values: str) -> Query:
    return Query(QueryParams(list(values.items())))


@given(NUMBERS)
def test_within_is_a_number_in_reach_or_a_sentence(text: str) -> None:
    asked = query(within=text)
    value = asked.within_m(default=5_000)
    assert 1 <= value <= WIDEST_M
    if value != 5_000:
        assert not asked.problems
        assert int(text) == value


@given(st.lists(NUMBERS, min_size=3, max_size=5))
def test_bbox_is_on_the_globe_or_a_sentence(parts: list[str]) -> None:
    asked = query(bbox=",".join(parts))
    box = asked.bbox()
    if box is None:
        assert "bbox" in asked.problems or not ",".join(parts).strip()
    else:
        assert all(map(math.isfinite, (box.west, box.south, box.east, box.north)))
        assert -180 <= box.west < box.east <= 180
        assert -90 <= box.south < box.north <= 90


@given(
    st.floats(-180, 180, width=32), st.floats(-90, 90, width=32),
    st.floats(-180, 180, width=32), st.floats(-90, 90, width=32),
)  # fmt: skip
def test_any_sensible_bbox_is_read(west: float, south: float, east: float, north: float) -> None:
    corners = [f"{value:.6f}" for value in (west, south, east, north)]
    box = query(bbox=",".join(corners)).bbox()
    is_sensible = float(corners[0]) < float(corners[2]) and float(corners[1]) < float(corners[3])
    assert (box is not None) == is_sensible


@given(ANYTHING, ANYTHING)
def test_nothing_raises_and_no_sentence_repeats_what_was_typed(first: str, second: str) -> None:
    asked = query(near=first, lon=first, lat=second, home=first, ward=second, kind=first, q=second)
    asked.text("near")
    asked.lon_lat()
    asked.identifier("home")
    asked.gss_code("ward")
    asked.words("kind", [kind.value for kind in AssetKind])
    text = asked.text("q")
    assert text is None or (text.strip() and "\0" not in text and len(text) <= 200)
    for field in ("near", "q"):
        # What is shown again in the form can be written as UTF-8.
        asked.typed(field).encode()
    for sentence in asked.problems.values():
        answer = problem_answer(status=422, title="x", detail=sentence)
        if len(first.strip()) > 12:
            assert first.strip().encode("utf-8", "replace") not in answer.body


@given(st.lists(st.tuples(ANYTHING, ANYTHING), max_size=5))
def test_addresses_of_other_views_can_be_written(items: list[tuple[str, str]]) -> None:
    address = Address.of("/assets", QueryParams(items))
    for other in (address, address.setting(page=2), address.adding("interest", "bowls")):
        str(other).encode("ascii")
        assert "%00" not in str(other)
    assert dict(address.setting(page=2).items)["page"] == "2"
    assert "interest" not in dict(address.without("interest").items)


@given(st.one_of(ANYTHING, st.lists(ANYTHING, max_size=3), st.floats(), st.integers(), st.none()))
def test_no_cell_starts_a_formula(value: object) -> None:
    cell = csv_cell(value)
    if isinstance(cell, str):
        assert not cell.lstrip(" \n").startswith(FORMULA_STARTS)


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=2, max_size=2))
)
def test_a_spreadsheet_is_read_back_as_it_was_written(rows: list[list[str]]) -> None:
    body = csv_answer(("a", "b"), rows, name="x").body
    text = io.StringIO(bytes(body).decode("utf-8-sig"), newline="")
    read = list(csv.reader(text))
    # Line ends inside a cell are the one thing CSV cannot keep apart.
    expected = [["a", "b"], *([str(csv_cell(cell)) for cell in row] for row in rows)]
    assert read == expected


def test_the_limit_is_named_in_the_sentence() -> None:
    asked = query(limit="1e9")
    assert asked.limit(default=10) == 10
    assert f"{LARGEST_LIMIT:,}" in asked.problems["limit"]
