"""All SQL that writes assets one at a time: added, changed, gone, back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# What people here record has one source: ours. Facts stay with whoever needs to be named.
OWN_SOURCE = "fieldwork"
OWN_PRECEDENCE = 5

# From a fact's name to the column that holds it, and how a bound value becomes it.
COLUMNS = {
    "kind": "CAST(:kind AS asset_kind)",
    "name": ":name",
    "description": ":description",
    "address": ":address",
    "postcode": ":postcode",
    "phone": ":phone",
    "email": ":email",
    "website": ":website",
    "is_contact_public": ":is_contact_public",
    "interest_ids": "CAST(:interest_ids AS int[])",
    "access": "CAST(:access AS text[])",
    "is_indoors": ":is_indoors",
    "opening_hours": "CAST(:opening_hours AS jsonb)",
    "beds": "CAST(:beds AS int)",
    "charity_number": ":charity_number",
    "consent_on": ":consent_on",
    "consent_how": "CAST(:consent_how AS consent)",
    "location_source": "CAST(:location_source AS location_source)",
    "ward_code": ":ward_code",
    "accuracy_m": "CAST(:accuracy_m AS float8)",
    "geom": "CASE WHEN CAST(:lon AS float8) IS NOT NULL"
    " THEN ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) END",
}
# A point is bound as two values.
BOUND = {"geom": ("lon", "lat")}

# A merge of a merge of a merge: nobody gets further.
MOST_MERGES = 10

FACTS_OF = """
  a.id, a.version, a.kind::text AS kind, a.name, a.description, a.address, a.postcode,
  ST_X(a.geom) AS lon, ST_Y(a.geom) AS lat, a.location_source::text AS location_source,
  a.ward_code, a.interest_ids, a.access, a.is_indoors, a.phone, a.email, a.website,
  a.is_contact_public, a.opening_hours, a.beds, a.charity_number, a.consent_on,
  a.consent_how::text AS consent_how, a.gone_at, a.duplicate_of, a.source_id, a.updated_at
"""


def act_as(session: Session, *, acting_as: str, undoes: int | None = None) -> None:
    """Say, for the rest of this transaction, as what assets are changed (for their history)."""
    session.execute(
        sa.text(
            "SELECT set_config('patchwork.acting_as', :acting_as, true),"
            " set_config('patchwork.undoes', :undoes, true)"
        ),
        {"acting_as": acting_as, "undoes": "" if undoes is None else str(undoes)},
    )


def own_source_id(session: Session, *, service_name: str) -> int:
    """Return the source of what people here record, made when it is first needed."""
    found = session.execute(
        sa.text("SELECT id FROM sources WHERE slug = :slug"), {"slug": OWN_SOURCE}
    ).scalar()
    if found is None:
        session.execute(
            sa.text(
                """
                INSERT INTO sources (slug, name, publisher, licence, attribution, precedence)
                VALUES (:slug, 'Recorded by people here', :publisher, 'CC BY 4.0',
                        :attribution, :precedence)
                ON CONFLICT (slug) DO NOTHING
                """
            ),
            {
                "slug": OWN_SOURCE,
                "publisher": service_name,
                "attribution": f"© the people who recorded it for {service_name}",
                "precedence": OWN_PRECEDENCE,
            },
        )
        found = session.execute(
            sa.text("SELECT id FROM sources WHERE slug = :slug"), {"slug": OWN_SOURCE}
        ).scalar_one()
    return int(found)


def lock_asset(session: Session, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return `FACTS_OF` of an asset, gone and linked ones too; others that want it wait.

    Rows that only point to it, a photo or a check, need not wait.
    """
    return session.execute(
        sa.text(f"SELECT {FACTS_OF} FROM assets a WHERE a.id = :id FOR NO KEY UPDATE"),  # noqa: S608 - constants only
        {"id": asset_id},
    ).first()


def find_last(session: Session, *, asset_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id of an asset, or of the one it is shown as by now; None if it never was."""
    found: uuid.UUID | None = session.execute(
        sa.text(
            """
            WITH RECURSIVE merged(id, next, step) AS (
              SELECT id, duplicate_of, 0 FROM assets WHERE id = :id
              UNION ALL
              SELECT a.id, a.duplicate_of, step + 1 FROM merged m
              JOIN assets a ON a.id = m.next WHERE step < :most
            ) SELECT id FROM merged WHERE next IS NULL
            """
        ),
        {"id": asset_id, "most": MOST_MERGES},
    ).scalar()
    return found


def find_facts(session: Session, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return `FACTS_OF` of an asset, gone and linked ones too."""
    return session.execute(
        sa.text(f"SELECT {FACTS_OF} FROM assets a WHERE a.id = :id"),  # noqa: S608 - constants only
        {"id": asset_id},
    ).first()


def insert_asset(
    session: Session, *, asset_id: uuid.UUID, source_id: int, columns: Mapping[str, Any]
) -> int | None:
    """Store a new asset of ours; return its version, None if there is one of this id already."""
    names = [name for name in COLUMNS if name in columns]
    version = session.execute(
        sa.text(
            f"""
            INSERT INTO assets (id, source_id, source_key, {", ".join(names)})
            VALUES (:id, :source_id, CAST(:id AS text), {", ".join(COLUMNS[n] for n in names)})
            ON CONFLICT (id) DO NOTHING RETURNING version
            """  # noqa: S608 - names of COLUMNS
        ),
        {"id": asset_id, "source_id": source_id} | _bound(columns),
    ).scalar()
    return None if version is None else int(version)


def update_asset(
    session: Session, *, asset_id: uuid.UUID, columns: Mapping[str, Any], kept: Sequence[str]
) -> int:
    """Write columns of an asset that is locked; return its new version.

    `kept` are the columns an import has to leave alone from now on. With a telephone number or
    email address that is not shown goes that it is not: a file cannot publish what it never held.
    """
    names = [name for name in COLUMNS if name in columns]
    sets = [f"{name} = {COLUMNS[name]}" for name in names]
    if "gone_at" in columns:
        sets.append("gone_at = :gone_at")
    sets.append(
        "kept_fields = ARRAY(SELECT DISTINCT k FROM unnest(kept_fields || :kept"
        " || CASE WHEN NOT is_contact_public AND CAST(:kept AS text[]) && '{phone,email}'"
        " THEN '{is_contact_public}' ELSE '{}' END::text[]) k ORDER BY k)"
    )
    return int(
        session.execute(
            sa.text(f"UPDATE assets SET {', '.join(sets)} WHERE id = :id RETURNING version"),  # noqa: S608 - names of COLUMNS
            {"id": asset_id, "kept": list(kept)} | _bound(columns),
        ).scalar_one()
    )


def keep_no_more(
    session: Session,
    *,
    asset_id: uuid.UUID,
    columns: Sequence[str],
    location_source: str | None = None,
) -> None:
    """Let imports write `columns` of an asset again; say how its place is known, if given."""
    session.execute(
        sa.text(
            """
            UPDATE assets SET
              kept_fields = ARRAY(
                SELECT k FROM unnest(kept_fields) k WHERE NOT k = ANY(:columns) ORDER BY k),
              location_source = coalesce(CAST(:location_source AS location_source), location_source)
            WHERE id = :id AND kept_fields && CAST(:columns AS text[])
            """
        ),
        {"id": asset_id, "columns": list(columns), "location_source": location_source},
    )


def _bound(columns: Mapping[str, Any]) -> dict[str, Any]:
    bound = {name: value for name, value in columns.items() if name != "geom"}
    if "geom" in columns:
        bound["lon"], bound["lat"] = columns["geom"] or (None, None)
    return bound


def add_check(
    session: Session,
    *,
    asset_id: uuid.UUID,
    checked_on: dt.date,
    outcome: str,
    fact: str | None = None,
    account_id: uuid.UUID | None = None,
) -> None:
    """Record that somebody looked."""
    session.execute(
        sa.text(
            "INSERT INTO checks (asset_id, checked_on, outcome, fact, account_id) VALUES"
            " (:asset_id, :checked_on, CAST(:outcome AS check_outcome), :fact, :account_id)"
        ),
        {
            "asset_id": asset_id, "checked_on": checked_on, "outcome": outcome, "fact": fact,
            "account_id": account_id,
        },
    )  # fmt: skip


def interest_ids_of(session: Session, *, slugs: Sequence[str]) -> dict[str, int]:
    """Return the numbers of concepts by slug; unknown and retired ones are left out."""
    rows = session.execute(
        sa.text("SELECT concept, id FROM interests WHERE concept = ANY(:slugs) AND NOT is_retired"),
        {"slugs": list(slugs)},
    )
    return {row.concept: row.id for row in rows}


def interest_slugs_of(session: Session, *, ids: Sequence[int]) -> list[str]:
    """Return the slugs of concepts, sorted."""
    rows = session.execute(
        sa.text("SELECT concept FROM interests WHERE id = ANY(:ids) ORDER BY concept"),
        {"ids": list(ids)},
    )
    return sorted(rows.scalars())
