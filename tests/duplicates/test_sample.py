"""Our likeness beside the usual rule of thumb, on pairs of the real data that a person judged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from rapidfuzz.distance import Levenshtein
from sqlalchemy.orm import Session

from app.database import make_engine, transaction
from app.duplicates.actions import find_all
from app.importers.folder import load_folder
from app.importers.options import ReadOptions
from app.importers.run import load_file
from app.interests.actions import load_vocabulary
from app.settings import Settings
from geo.likeness import Place, compare
from tests.conftest import new_database

pytestmark = pytest.mark.real_data

SAMPLE = Path(__file__).parent / "labelled_pairs.csv"
FOLDERS = ("wards", "postcodes", "osm_bradford", "libraries", "community", "nhs")
# The two dates beside each other, as if two publishers had them.
DATES = {"cqc-2018": "gm_care_homes_2018-09.csv", "cqc-2019": "gm_care_homes_2019-04.csv"}
BASELINE_M, BASELINE_EDITS = 100.0, 0.3
ROWS = """
SELECT s.slug, a.source_key, a.id, a.name, a.kind::text AS kind, a.postcode, a.phone, a.email,
       a.website, a.charity_number, a.point_27700, a.duplicate_of
FROM assets a JOIN sources s ON s.id = a.source_id WHERE a.gone_at IS NULL
"""
PAIRS = f"""
SELECT a.*, o.slug AS other_slug, o.source_key AS other_key, o.id AS other_id,
       o.name AS other_name, o.kind AS other_kind, o.postcode AS other_postcode,
       o.phone AS other_phone, o.email AS other_email, o.website AS other_website,
       o.charity_number AS other_charity_number, o.duplicate_of AS other_duplicate_of,
       ST_Distance(a.point_27700, o.point_27700) AS distance_m,
       EXISTS (SELECT FROM duplicate_pairs d WHERE d.asset_id = least(a.id, o.id)
               AND d.other_id = greatest(a.id, o.id)) AS is_found
FROM unnest(CAST(:ones AS text[]), CAST(:keys AS text[]), CAST(:others AS text[]),
            CAST(:other_keys AS text[])) WITH ORDINALITY AS g (one, key, other, other_key, n)
JOIN ({ROWS}) a ON a.slug = g.one AND a.source_key = g.key
JOIN ({ROWS}) o ON o.slug = g.other AND o.source_key = g.other_key
ORDER BY g.n
"""
FIELDS = ("name", "kind", "postcode", "phone", "email", "website", "charity_number")


class Scores(NamedTuple):
    """How many of those called alike are the same, and how many of the same are called alike."""

    precision: float
    recall: float


def read_sample() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loaded(admin_url: sa.URL, real_data: Path) -> Iterator[Session]:
    """Load the real files into a database of their own, and look for pairs."""
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # alias
        with transaction(engine) as session:
            load_vocabulary(session)
        for name in FOLDERS:
            load_folder(engine, real_data / name)
        for source, name in DATES.items():
            load_file(engine, real_data / "care_homes" / name, options=ReadOptions(source=source))
        with transaction(engine) as session:
            find_all(session)
        with Session(engine) as session:
            yield session
        engine.dispose()


def judged(rows: list[sa.Row[tuple[object, ...]]]) -> list[tuple[bool, bool]]:
    """Return for each pair whether our likeness and whether the baseline calls it the same."""
    found = []
    for row in rows:
        one = Place(**{name: getattr(row, name) for name in FIELDS})
        other = Place(**{name: getattr(row, f"other_{name}") for name in FIELDS})
        names = (one.name.casefold(), other.name.casefold())
        edits = Levenshtein.distance(*names) / max(len(name) for name in names)
        is_near = row.distance_m is not None and row.distance_m <= BASELINE_M
        found.append(
            (
                compare(one, other, distance_m=row.distance_m).is_likely,
                is_near and edits <= BASELINE_EDITS,
            )
        )
    return found


def scores(said: list[bool], truth: list[bool]) -> Scores:
    right = sum(one and other for one, other in zip(said, truth, strict=True))
    return Scores(right / sum(said), right / sum(truth))


def test_the_sample_is_large_and_whole() -> None:
    sample = read_sample()
    assert len(sample) >= 200
    assert {row["label"] for row in sample} == {"same", "different"}
    assert all(row["why"] for row in sample)
    keys = {(row["source"], row["id"], row["other_source"], row["other_id"]) for row in sample}
    assert len(keys) == len(sample)


def test_ours_is_at_least_as_good_as_the_rule_of_thumb(
    loaded: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = read_sample()
    rows = list(
        loaded.execute(
            sa.text(PAIRS),
            {
                "ones": [row["source"] for row in sample],
                "keys": [row["id"] for row in sample],
                "others": [row["other_source"] for row in sample],
                "other_keys": [row["other_id"] for row in sample],
            },
        )
    )
    assert [row.source_key for row in rows] == [row["id"] for row in sample], "a row has gone"
    truth = [row["label"] == "same" for row in sample]
    verdicts = judged(rows)
    ours = scores([one for one, _ in verdicts], truth)
    baseline = scores([other for _, other in verdicts], truth)
    with capsys.disabled():
        print(f"\n{len(sample)} pairs, {sum(truth)} the same.")  # noqa: T201 - the figures
        for name, found in (("ours", ours), ("baseline", baseline)):
            print(f"{name}: precision {found.precision:.3f}, recall {found.recall:.3f}")  # noqa: T201
    assert ours.precision >= baseline.precision
    assert ours.recall >= baseline.recall
    # What is alike is found by the questions to the database too, or an import linked it.
    for row, (is_likely, _) in zip(rows, verdicts, strict=True):
        is_shown = row.duplicate_of is None and row.other_duplicate_of is None
        if is_likely and is_shown:
            assert row.is_found, (row.name, row.other_name)
