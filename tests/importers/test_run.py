from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.options import ReadOptions
from app.importers.records import Report
from app.importers.run import load_file
from app.importers.stages import assets as asset_stage
from tests.importers.files import write_assets

FORTY: list[dict[str, object]] = [
    {"name": f"Hall number {n}", "lon": -1.75 + n / 1000, "lat": 53.79} for n in range(40)
]


def rows(connection: sa.Connection, what: str = "*") -> list[sa.Row[Any]]:
    statement = f"SELECT {what} FROM assets ORDER BY source_key"
    return list(connection.execute(sa.text(statement)).all())


def problems(connection: sa.Connection) -> list[sa.Row[Any]]:
    return list(
        connection.execute(sa.text("SELECT * FROM import_problems ORDER BY row_number, id")).all()
    )


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.read, report.new, report.changed, report.unchanged, report.gone


def test_a_first_load_stores_every_row(connection: sa.Connection, tmp_path: Path) -> None:
    told: list[int] = []
    report = load_file(
        connection, write_assets(tmp_path, FORTY), progress=lambda done, _total: told.append(done)
    )
    assert counts(report) == (40, 40, 0, 0, 0)
    assert report.status == "loaded"
    assert told[-1] == 40
    run = connection.execute(sa.text("SELECT * FROM import_runs")).one()
    assert (run.status, run.rows_new, run.reader) == ("loaded", 40, "csv")
    assert len(run.file_sha256) == 64


def test_the_same_file_again_changes_nothing_at_all(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = write_assets(tmp_path, [*FORTY, {"name": "Nowhere", "lon": "", "lat": ""}])
    load_file(connection, path)
    before, said = rows(connection), problems(connection)
    again = load_file(connection, path)
    assert counts(again) == (41, 0, 0, 40, 0)
    assert again.status == "unchanged"
    assert again.problems == 1
    assert rows(connection) == before
    assert [p.id for p in problems(connection)] == [p.id for p in said]


def test_a_newer_file_updates_adds_and_marks_gone(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_file(connection, write_assets(tmp_path, FORTY))
    newer = [{"id": f"p{n}"} | row for n, row in enumerate(FORTY, start=1)]
    newer[0] |= {"name": "Hall with a new name"}
    del newer[39]
    newer.append({"id": "p99", "name": "A hall that opened"})
    report = load_file(connection, write_assets(tmp_path, newer))
    assert counts(report) == (40, 1, 1, 38, 1)
    stored = {row.source_key: row for row in rows(connection)}
    assert stored["p1"].name == "Hall with a new name"
    assert stored["p1"].version == 2
    assert stored["p2"].version == 1
    assert stored["p40"].gone_at is not None
    back = load_file(connection, write_assets(tmp_path, FORTY))
    assert counts(back) == (40, 0, 2, 38, 1)
    assert {r.source_key for r in rows(connection) if r.gone_at} == {"p99"}


def test_what_a_person_corrected_is_not_undone(connection: sa.Connection, tmp_path: Path) -> None:
    path = write_assets(tmp_path, FORTY)
    load_file(connection, path)
    connection.execute(sa.text("UPDATE assets SET phone = '01274 1' WHERE source_key = 'p1'"))
    load_file(connection, path)
    assert rows(connection, "phone")[0].phone == "01274 1"


def test_files_with_other_names_are_other_scopes(connection: sa.Connection, tmp_path: Path) -> None:
    load_file(connection, write_assets(tmp_path, FORTY, name="one.csv"))
    other = [{"id": f"q{n}"} | row for n, row in enumerate(FORTY)]
    report = load_file(connection, write_assets(tmp_path, other, name="two.csv"))
    assert counts(report) == (40, 40, 0, 0, 0)


def test_a_file_half_as_long_is_more_likely_cut_off_than_true(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_file(connection, write_assets(tmp_path, FORTY))
    shorter = write_assets(tmp_path, FORTY[:15])
    with pytest.raises(FileRefused, match="would mark 25 of 40 places as gone"):
        load_file(connection, shorter)
    assert not any(row.gone_at for row in rows(connection))
    refused = connection.execute(
        sa.text("SELECT message FROM import_runs WHERE status = 'refused'")
    ).scalar_one()
    assert "25 of 40" in refused
    report = load_file(connection, shorter, options=ReadOptions(allow_shrink=True))
    assert report.gone == 25


def test_a_row_with_a_problem_does_not_take_its_place_away(
    connection: sa.Connection, tmp_path: Path
) -> None:
    load_file(connection, write_assets(tmp_path, FORTY))
    worse = [dict(row) for row in FORTY]
    worse[0] |= {"lon": 53.79, "lat": -1.75}
    report = load_file(connection, write_assets(tmp_path, worse))
    assert counts(report) == (40, 0, 0, 39, 0)
    assert report.reasons == {"swapped_axes": 1}
    assert rows(connection)[0].gone_at is None


def test_a_place_now_said_to_be_a_refuge_goes(connection: sa.Connection, tmp_path: Path) -> None:
    load_file(connection, write_assets(tmp_path, FORTY))
    changed = [dict(row) for row in FORTY]
    changed[0] |= {"name": "Women's refuge"}
    report = load_file(connection, write_assets(tmp_path, changed))
    assert report.gone == 1
    assert report.reasons == {"may_be_a_refuge": 1}


def test_older_data_changes_nothing(connection: sa.Connection, tmp_path: Path) -> None:
    old = write_assets(tmp_path, FORTY[:30], name="places_2024-01.csv")
    new = write_assets(tmp_path, FORTY, name="places_2025-01.csv")
    load_file(connection, new)
    report = load_file(connection, old)
    assert (report.status, report.read) == ("unchanged", 0)
    assert "older than the data of 2025-01-01" in report.message
    assert load_file(connection, old, options=ReadOptions(allow_older=True)).gone == 10


def test_what_was_settled_stays_settled_and_what_was_mended_is_closed(
    connection: sa.Connection, tmp_path: Path
) -> None:
    bad = [{"name": "One", "lon": 0, "lat": 95}, {"name": "Two", "lon": 0, "lat": 95}]
    load_file(connection, write_assets(tmp_path, [*FORTY, *bad]))
    settle = "UPDATE import_problems SET resolved_at = '2026-01-01' WHERE name = 'One'"
    connection.execute(sa.text(settle))
    more = [*FORTY, *bad, {"name": "Three", "lon": 0, "lat": 95}]
    load_file(connection, write_assets(tmp_path, more))
    still_open = {p.name for p in problems(connection) if p.resolved_at is None}
    assert still_open == {"Two", "Three"}
    load_file(connection, write_assets(tmp_path, FORTY))
    assert not [p for p in problems(connection) if p.resolved_at is None]


def test_unknown_formats_and_wrong_formats_are_said(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = write_assets(tmp_path, FORTY)
    with pytest.raises(FileRefused, match="There is no format called nonsense"):
        load_file(connection, path, reader="nonsense")
    with pytest.raises(FileRefused, match=r"not a file for ods: it looks like csv"):
        load_file(connection, path, reader="ods")
    strange = tmp_path / "strange.csv"
    strange.write_text("colour,size\nred,1\n")
    with pytest.raises(FileRefused, match="in no format we know"):
        load_file(connection, strange)
    with pytest.raises(FileRefused, match=r"has no columns? "):
        load_file(connection, strange, reader="cqc")


def test_interests_are_found_by_slug_label_and_other_words(
    connection: sa.Connection, tmp_path: Path, vocabulary: object
) -> None:
    columns = ("id", "kind", "name", "lon", "lat", "interests")
    path = write_assets(
        tmp_path,
        [{"name": "Club", "interests": "bowls;no-such-thing", "lon": -1.7, "lat": 53.8}],
        columns=columns,
    )
    report = load_file(connection, path)
    assert report.new == 1
    assert report.reasons == {"unknown_interest, stored": 1}
    [row] = rows(connection)
    bowls = "SELECT id FROM interests WHERE concept = 'bowls'"
    assert row.interest_ids == [connection.execute(sa.text(bowls)).scalar_one()]


@pytest.fixture
def clean_engine(engine: sa.Engine) -> Iterator[sa.Engine]:
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE assets, sources, import_runs CASCADE"))


def test_a_crash_in_the_middle_leaves_what_was_there(
    clean_engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_file(clean_engine, write_assets(tmp_path, FORTY))
    with clean_engine.connect() as connection:
        before = rows(connection)

    def crash(*_: object, **__: object) -> int:
        raise RuntimeError("power cut")

    # After rows were inserted, updated and marked gone, before the commit.
    monkeypatch.setattr(asset_stage, "link_duplicates", crash)
    newer: list[dict[str, object]] = [
        {"id": "p1", "name": "Renamed"},
        *({"id": f"n{n}"} | r for n, r in enumerate(FORTY)),
    ]
    with pytest.raises(RuntimeError, match="power cut"):
        load_file(
            clean_engine,
            write_assets(tmp_path, newer),
            options=ReadOptions(allow_shrink=True),
        )
    with clean_engine.connect() as connection:
        assert rows(connection) == before
        assert connection.execute(sa.text("SELECT count(*) FROM import_runs")).scalar_one() == 1


def test_a_refusal_in_the_middle_leaves_what_was_there(
    clean_engine: sa.Engine, tmp_path: Path
) -> None:
    path = write_assets(tmp_path, FORTY)
    load_file(clean_engine, path)
    with path.open("a") as file:
        file.write('"p1","venue","' + "never closed " * 20_000)
    with pytest.raises(FileRefused, match="quotation mark"):
        load_file(clean_engine, path)
    with clean_engine.connect() as connection:
        assert len(rows(connection)) == 40
        states = connection.execute(sa.text("SELECT status FROM import_runs ORDER BY id")).scalars()
        assert list(states) == ["loaded", "refused"]
