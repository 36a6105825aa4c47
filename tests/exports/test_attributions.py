"""Whatever shows a place or an activity names whose it is: every public page, file and list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from app.assets.actions import NameCache
from app.oruk.ids import child_id, service_at_location_id
from app.oruk.terms import TAXONOMY_IDS
from tests import builders
from tests.authorisation.crawling import addresses_of, texts_of
from tests.authorisation.table import ROWS, Access, Row
from tests.exports.conftest import Taken
from tests.people import weekly_on_tuesdays

# A tile has no place for it: what describes the tiles says it, for all of them (below).
TILE = "/{z}/{x}/{y}"
# Drawn for seconds, and looked at by the tests of wards.
SLOW = ("/wards/{gss_code}.pdf", "/wards/{gss_code}.png")
# These must show something, or nothing is tested.
SHOWS = re.compile(
    r"^/(assets|activities)(\.\w+)?$|/items|^.(?!calendar).*\.ics$|^/assets/{asset_id}(/history)?$|^/homes|^/wards/{gss_code}"
    r"(\.csv|\.geojson|\.gpkg|\.xlsx)?$|/matches|^/oruk/(services|organizations|service_at)|/map/near"
)
LAYERS = [f"/{name}.{ending}?layer=osm" for name in ("assets", "activities")
          for ending in ("parquet", "fgb")]  # fmt: skip
PUBLIC = [
    row for row in ROWS
    if row.method == "GET" and row.access is Access.PUBLIC and row.path not in SLOW
    and not row.path.endswith(TILE)
]  # fmt: skip


@pytest.fixture(scope="module")
def credit_of(taken: Taken) -> Mapping[str, str]:
    """Return a word in the name of every row → the credit of its source, all words made here.

    Three sources, so that a page which names one of them and not another is seen.
    """
    with taken.engine.begin() as connection, sa.orm.Session(connection) as session:
        for slug, licence in (("town", "OGL v3.0"), ("crowd", "ODbL 1.0")):
            source = builders.make_source(
                session, slug, licence=licence, is_share_alike=slug == "crowd"
            )
            asset = builders.make_asset(
                session, "A choir", at=(-1.7534, 53.7925), interests=["bowls"], source=source
            )
            builders.make_activity(
                session, "Singing", asset, interests=["boccia"], schedules=[weekly_on_tuesdays()]
            )
        session.flush()
        connection.execute(sa.text(
            "UPDATE sources SET attribution = 'zqcredit' || lpad(id::text, 4, '0') || 'q <b>'"
        ))  # fmt: skip
        for table in ("assets", "activities"):
            connection.execute(sa.text(
                f"UPDATE {table} SET name = 'zqrow' || replace(id::text, '-', '') || 'q'"
            ))  # fmt: skip
        found = connection.execute(sa.text(
            "SELECT r.name, s.attribution FROM sources s JOIN (SELECT name, source_id FROM assets"
            " UNION ALL SELECT name, source_id FROM activities) r ON r.source_id = s.id"
        ))  # fmt: skip
        owed = {name: attribution.partition(" ")[0] for name, attribution in found}
    taken.app.state.names = NameCache()
    return owed


def names_in(taken: Taken) -> Mapping[str, list[str]]:
    with taken.engine.connect() as connection:

        def ids(sql: str) -> list[str]:
            return [str(one) for one in connection.execute(sa.text(sql)).scalars()]

        # One of each source, so that there are few questions.
        assets = ids(
            "SELECT DISTINCT ON (source_id, kind) id FROM public_assets ORDER BY source_id, kind"
        )
        activities = ids(
            "SELECT DISTINCT ON (source_id) id FROM public_activities ORDER BY source_id, id"
        )
        homes = ids("SELECT id FROM public_assets WHERE kind = 'care_home' LIMIT 1")
    return {
        "asset_id": assets, "other_id": assets[:1], "home_id": homes,
        "itemId": [*assets, *activities],
        "gss_code": ["E05001347"], "concept": ["boccia", "bowls"], "service_id": activities,
        "link_id": [service_at_location_id(one) for one in activities],
        "taxonomy_id": [TAXONOMY_IDS["kinds"]],
        "term_id": [child_id(TAXONOMY_IDS["kinds"], "group")],
        "collectionId": ["assets", "activities", "wards"], "tileMatrixSetId": ["WebMercatorQuad"],
        "z": ["0"], "x": ["0"], "y": ["0"], "feed_id": ["1"], "code": ["ZZZZZZ"],
        "token": ["x" * 43], "photo_id": assets[:1], "change_id": ["0"],
    }  # fmt: skip


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.path)
def test_whoever_is_shown_is_credited(taken: Taken, credit_of: Mapping[str, str], row: Row) -> None:
    shown: set[str] = set()
    for address in addresses_of([row], names_in(taken)):
        answer = taken.client.get(address, headers={"accept": "text/html, */*"})
        assert uncredited(answer.content, credit_of) == [], address
        shown |= shown_in(answer.content)
    assert shown or not SHOWS.search(row.path)


@pytest.mark.parametrize("name", ["tilejson.json", "style.json", "map.html"])
@pytest.mark.parametrize("collection", ["assets", "activities", "wards"])
def test_what_describes_tiles_names_everybody(
    taken: Taken, credit_of: Mapping[str, str], collection: str, name: str
) -> None:
    said = taken.get(f"/ogc/collections/{collection}/tiles/WebMercatorQuad/{name}").decode()
    table = {"wards": "areas"}.get(collection, f"public_{collection}")
    with taken.engine.connect() as connection:
        found = connection.execute(sa.text(
            "SELECT DISTINCT split_part(attribution, ' ', 1) FROM sources s"
            f" JOIN {table} r ON r.source_id = s.id"
        ))  # fmt: skip
        owed = set(found.scalars())
    assert owed
    assert owed <= set(re.findall(r"zqcredit\d{4}q", said))
    assert "<b>" not in json.loads(said).get("attribution", "") if name == "tilejson.json" else True


@pytest.mark.parametrize("address", LAYERS)
def test_a_layer_of_its_own_is_credited(
    taken: Taken, credit_of: Mapping[str, str], address: str
) -> None:
    content = taken.get(address)
    assert shown_in(content), "something is in it"
    assert uncredited(content, credit_of) == []


def said_in(content: bytes) -> str:
    """Return all the text of an answer; a calendar's long lines are put together again."""
    return "\n".join(texts_of(content)).replace("\r\n ", "")


def shown_in(content: bytes) -> set[str]:
    return set(re.findall(r"zqrow[0-9a-f]{32}q", said_in(content)))


def uncredited(content: bytes, credit_of: Mapping[str, str]) -> list[str]:
    """Return the credits that an answer owes and does not give."""
    given = set(re.findall(r"zqcredit\d{4}q", said_in(content)))
    return sorted({credit_of[name] for name in shown_in(content)} - given)
