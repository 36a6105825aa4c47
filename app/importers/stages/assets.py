"""Assets: checked, placed, copied, merged by their source's key, and linked to their likes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.importers.checking import AssetChecker
from app.importers.copying import array_text
from app.importers.duplicates import link_duplicates
from app.importers.interest_ids import InterestIds
from app.importers.placing import Placer
from app.importers.records import AssetRecord
from app.importers.stages.stage import KEPT_ID, Counts, Run, Stage
from app.models import AssetKind

# Everything an asset takes from its row, in the order it is staged. `lon` and `lat` become geom.
CONTENT = (
    "kind", "name", "description", "address", "postcode", "lon", "lat", "location_source",
    "ward_code", "interest_ids", "access", "is_indoors", "phone", "email", "website",
    "is_contact_public", "opening_hours", "beds", "charity_number",
)  # fmt: skip
STORED = tuple("geom" if name == "lon" else name for name in CONTENT if name != "lat")

# Nobody has to say so.
INDOORS = (AssetKind.CARE_HOME, AssetKind.SURGERY)

# These go together: half a place is none.
PLACE = ("geom", "location_source", "ward_code")
# `a`: the row as it is stored, `s`: the row of the file. What people here made a skill or network
# stays placed by its ward, and what they put at a place is made none by a file.
KEEPS_PLACE = (
    "(a.kept_fields && '{geom,location_source,ward_code,accuracy_m}'"
    " OR 'kind' = ANY(a.kept_fields) AND a.kind = 'informal')"
)
KEEPS_KIND = (
    f"('kind' = ANY(a.kept_fields)"
    f" OR {KEEPS_PLACE} AND (a.kind = 'informal') <> (s.kind = 'informal'))"
)


def _wanted(name: str, value: str) -> str:
    """Return what a column will be: the file's value, but for what people here corrected."""
    keeps = f"'{name}' = ANY(a.kept_fields)"
    if name in PLACE or name == "kind":
        keeps = KEEPS_KIND if name == "kind" else KEEPS_PLACE
    # Most rows were never corrected.
    return f"CASE WHEN a.kept_fields <> '{{}}' AND {keeps} THEN a.{name} ELSE {value} END"


STAGED = {
    name: "CASE WHEN s.lon IS NOT NULL THEN ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326) END"
    if name == "geom"
    else f"s.{name}"
    for name in STORED
}
# What people found gone does not come back by itself, nor goes what they put back.
MAY_GO_OR_COME = "NOT 'gone_at' = ANY(a.kept_fields)"

# Rows as they were are left out first: ON CONFLICT would lock each, which writes it. So are those
# in which the file changed nothing but what people corrected. Corrections are asked for once more
# where the row is written, because somebody may have corrected it since.
MERGE = f"""
  INSERT INTO assets AS a
    ({", ".join(STORED)}, id, source_id, source_key, scope, import_run_id, content_hash)
  SELECT {", ".join(STAGED.values())}, {KEPT_ID.format(table="assets")},
    s.source_id, s.source_key, :scope, :run, s.content_hash
  FROM staged_assets s
  LEFT JOIN assets a ON a.source_id = s.source_id AND a.source_key = s.source_key
  WHERE a.id IS NULL OR a.gone_at IS NOT NULL AND {MAY_GO_OR_COME}
    OR a.content_hash <> s.content_hash AND (
      a.kept_fields = '{{}}'
      OR ({", ".join(_wanted(name, value) for name, value in STAGED.items())})
        IS DISTINCT FROM ({", ".join(f"a.{name}" for name in STORED)}))
  ON CONFLICT (source_id, source_key) DO UPDATE SET
    {
    ", ".join(
        f"{name} = {_wanted(name, f'excluded.{name}').replace('s.kind', 'excluded.kind')}"
        for name in STORED
    )
},
    gone_at = CASE WHEN {MAY_GO_OR_COME} THEN NULL ELSE a.gone_at END,
    scope = excluded.scope, import_run_id = excluded.import_run_id,
    content_hash = excluded.content_hash
  RETURNING xmax = 0 AS is_new
"""  # noqa: S608 - names of this module
IN_SCOPE = "source_id = ANY(:sources) AND scope = :scope AND gone_at IS NULL"
NOT_IN_FILE = f"""
  {IN_SCOPE} AND NOT source_key = ANY(:kept) AND NOT 'gone_at' = ANY(kept_fields)
  AND NOT EXISTS (SELECT 1 FROM staged_assets s WHERE s.source_key = assets.source_key)
"""  # noqa: S608 - names of this module
# Of a file that has only what has changed. `a`: the row as it is stored.
KNOWN = """
  a.source_id = ANY(:sources) AND a.source_key = s.source_key AND a.gone_at IS NULL
"""
# A venue's own row says more than a row that only happens there: what it said stays.
DROP_NAMED_IN_PASSING = f"""
  DELETE FROM staged_assets s USING assets a WHERE s.is_in_passing AND {KNOWN}
"""  # noqa: S608 - a constant
# What services lent their organization, until a whole file no longer has it: which is then told
# from this one, though its row says the same.
LENT = "content_hash = 'lent ' || s.content_hash"
LEND_PLACE = f"""
  UPDATE staged_assets s SET {LENT}, lon = ST_X(a.geom), lat = ST_Y(a.geom), address = a.address,
    postcode = a.postcode, location_source = a.location_source, ward_code = a.ward_code,
    access = coalesce(s.access, a.access),
    opening_hours = coalesce(s.opening_hours, a.opening_hours)
  FROM assets a WHERE s.is_lent_to AND s.location_source = 'none'
    AND a.location_source <> 'none' AND {KNOWN}
"""  # noqa: S608 - a constant
# All of it or nothing: one row says whether it may be shown.
LEND_CONTACT = f"""
  UPDATE staged_assets s SET {LENT}, phone = a.phone, email = a.email,
    website = coalesce(s.website, a.website), is_contact_public = a.is_contact_public
  FROM assets a WHERE s.is_lent_to AND s.phone IS NULL AND s.email IS NULL
    AND (num_nonnulls(a.phone, a.email) > 0 OR s.website IS NULL AND a.website IS NOT NULL)
    AND {KNOWN}
"""  # noqa: S608 - a constant
# Somebody's check is a fact of its own, not a change of the asset.
ADD_CHECKS = """
  WITH added AS (
    INSERT INTO checks (asset_id, checked_on, outcome)
    SELECT a.id, s.checked_on, 'confirmed'
    FROM staged_assets s JOIN assets a ON a.source_id = s.source_id AND a.source_key = s.source_key
    WHERE s.checked_on IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM checks c WHERE c.asset_id = a.id AND c.checked_on = s.checked_on)
    RETURNING 1
  ) SELECT count(*) FROM added
"""


class AssetStage(Stage[AssetRecord]):
    """Collects assets, and links those that other sources know."""

    table = "staged_assets"
    real_table = "assets"
    create = """
      row_number int, source_id int, source_key text, content_hash text, checked_on date,
      kind asset_kind, name text, description text, address text, postcode text,
      lon float8, lat float8,
      location_source location_source, ward_code text, interest_ids int[], access text[],
      is_indoors bool, phone text, email text, website text, is_contact_public bool,
      opening_hours jsonb, beds int, charity_number text, is_in_passing bool, is_lent_to bool
    """
    columns = ("row_number", "source_id", "source_key", "content_hash", "checked_on", *CONTENT,
               "is_in_passing", "is_lent_to")  # fmt: skip

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._interests = InterestIds(run.connection)
        self._checker = AssetChecker(self._interests, run.add_problem)
        self._placer = Placer(run.connection, self._checker, lad_code=run.options.lad_code)

    def prepare(self, batch: list[AssetRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows of those that are right and have a place."""
        checked = [record for record in batch if self._checker.check(record)]
        return [self._row(record) for record in self._placer.place(checked)]

    def merge(self) -> Counts:
        """Insert, update and mark gone."""
        if self.run.options.is_partial:
            self._keep_what_others_said()
        self.move_sources()
        gone = self.take_away(
            noun="places",
            counting="SELECT count(*) FROM assets WHERE ",
            marking="UPDATE assets SET gone_at = now(), import_run_id = :run WHERE ",
            in_scope=IN_SCOPE,
            not_in_file=NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE)
        self.scalar(ADD_CHECKS)
        return Counts(self.staged, new, changed, gone)

    def follow_up(self) -> None:
        """Link what changed to the same places from other sources."""
        link_duplicates(self.run.connection, run_id=self.run.id)

    def _keep_what_others_said(self) -> None:
        """Keep what rows that did not come again said of the places in this file."""
        connection, bound = self.run.connection, self.bound()
        known = connection.execute(sa.text(DROP_NAMED_IN_PASSING), bound)
        self.staged -= known.rowcount
        for statement in (LEND_PLACE, LEND_CONTACT):
            connection.execute(sa.text(statement), bound)

    def _row(self, record: AssetRecord) -> tuple[Any, ...]:
        hours = record.opening_hours
        content = (
            record.kind.value,
            record.name,
            record.description,
            record.address,
            record.postcode,
            record.lon,
            record.lat,
            record.location_source.value,
            record.ward_code,
            array_text(self._interests.find(record.interests)[0]),
            None if record.access is None else array_text(record.access),
            True if record.kind in INDOORS else record.is_indoors,
            record.phone,
            record.email,
            record.website,
            record.is_contact_public,
            None if hours is None else _hours_json(record),
            record.beds,
            record.charity_number,
        )
        # Left out where there is none, so that rows from before we knew of it are not changed ones.
        digest = hash_of(content if record.charity_number else content[:-1])
        source_id = self.run.source_id_of(record.source)
        return (
            record.row_number, source_id, record.source_key, digest, record.checked_on, *content,
            record.is_in_passing, record.is_lent_to,
        )  # fmt: skip


def hash_of(content: tuple[object, ...]) -> str:
    """Return a short fingerprint of a row's content; NULL and the empty text differ."""
    text = "\x1f".join(["\x00" if value is None else str(value) for value in content])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _hours_json(record: AssetRecord) -> str:
    spans = [
        {"weekday": span.weekday, "opens_at": span.opens_at, "closes_at": span.closes_at}
        for span in record.opening_hours or ()
    ]
    return json.dumps(spans)
