"""Assets: anything on the map."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Versioned,
    grid_copy_of,
    grid_point,
    has_a_name,
    inside_great_britain,
    lon_lat_point,
    words_enum,
)


class AssetKind(enum.StrEnum):
    """The five kinds of asset."""

    CARE_HOME = "care_home"
    GROUP = "group"
    SURGERY = "surgery"
    VENUE = "venue"
    INFORMAL = "informal"


class LocationSource(enum.StrEnum):
    """How we know where an asset is."""

    GIVEN = "given"  # coordinates in the source
    SURFACE = "surface"  # a point on the source's polygon or line
    POSTCODE = "postcode"  # the postcode's point
    WARD = "ward"  # only the ward is known, or may be shown
    NONE = "none"  # by telephone or on the web, or nobody knows yet: in lists, on no map


class Access(enum.StrEnum):
    """What makes a place or session easier to take part in (the closed list)."""

    STEP_FREE = "step_free"
    ACCESSIBLE_TOILET = "accessible_toilet"
    HEARING_LOOP = "hearing_loop"
    PARKING = "parking"
    SEATING = "seating"
    DEMENTIA_FRIENDLY = "dementia_friendly"


class Consent(enum.StrEnum):
    """How somebody agreed that what they do is on the map."""

    SAID_YES = "said_yes"  # to the person who recorded it
    IN_WRITING = "in_writing"
    THROUGH_A_GROUP = "through_a_group"  # their group or a relative passed it on


ACCESS_WORDS = ", ".join(f"'{word.value}'" for word in Access)


# As app/oruk/ids.py makes it.
OWN_SERVICE = "uuid_generate_v5(id, 'service')"

# Far above any care home: more is a slip of the pen.
MOST_BEDS = 2000


class Asset(Versioned, Base):
    """A care home, group, surgery, venue or informal skill.

    `interest_ids` is sorted and has no repeats. `assured_date` is the newest check's date and is
    kept by a trigger on checks. The point of an informal asset only stands for its ward.
    """

    __tablename__ = "assets"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()")
    )
    kind: Mapped[AssetKind] = mapped_column(words_enum(AssetKind, "asset_kind"))
    name: Mapped[str] = mapped_column(sa.Text)
    description: Mapped[str | None] = mapped_column(sa.Text)
    address: Mapped[str | None] = mapped_column(sa.Text)
    postcode: Mapped[str | None] = mapped_column(sa.Text, index=True)
    geom: Mapped[WKBElement | None] = mapped_column(lon_lat_point())
    point_27700: Mapped[WKBElement | None] = mapped_column(grid_point(), grid_copy_of("geom"))
    location_source: Mapped[LocationSource] = mapped_column(
        words_enum(LocationSource, "location_source")
    )
    # Only for assets placed on their ward.
    ward_code: Mapped[str | None] = mapped_column(sa.Text)
    interest_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer), server_default="{}")
    # NULL: nobody has looked. Empty: somebody looked and found none of the list.
    access: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    # NULL: not known.
    is_indoors: Mapped[bool | None] = mapped_column(sa.Boolean)
    phone: Mapped[str | None] = mapped_column(sa.Text)
    email: Mapped[str | None] = mapped_column(sa.Text)
    website: Mapped[str | None] = mapped_column(sa.Text)
    is_contact_public: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.true())
    # [{"weekday": 0-6 (Monday first), "opens_at": "09:00", "closes_at": "17:00"}, ...]
    opening_hours: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    beds: Mapped[int | None] = mapped_column(sa.Integer)
    charity_number: Mapped[str | None] = mapped_column(sa.Text)
    # How exact a position taken on foot is; NULL: not taken so.
    accuracy_m: Mapped[float | None] = mapped_column(sa.Float)
    # Of an informal asset: that the person it is about agreed, when and how.
    consent_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    consent_how: Mapped[Consent | None] = mapped_column(words_enum(Consent, "consent"))
    # Names of columns that people here corrected: an import leaves them as they are.
    kept_fields: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), server_default="{}")
    assured_date: Mapped[dt.date | None] = mapped_column(sa.Date)

    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    source_key: Mapped[str] = mapped_column(sa.Text)
    # Rows of one source and scope are replaced together: see ImportRun.scope.
    scope: Mapped[str] = mapped_column(sa.Text, server_default="")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"), index=True)
    content_hash: Mapped[str] = mapped_column(sa.Text, server_default="")
    gone_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    # The same place known from a better source: this row is linked, and not shown by itself.
    duplicate_of: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("assets.id"), index=True)

    __table_args__ = (
        sa.UniqueConstraint("source_id", "source_key"),
        inside_great_britain("geom"),
        has_a_name(),
        sa.CheckConstraint("duplicate_of IS DISTINCT FROM id", name="not_its_own_duplicate"),
        sa.CheckConstraint(f"access <@ ARRAY[{ACCESS_WORDS}]::text[]", name="known_access"),
        sa.CheckConstraint(
            f"beds IS NULL OR beds BETWEEN 0 AND {MOST_BEDS}", name="plausible_beds"
        ),
        sa.CheckConstraint(
            "charity_number IS NULL OR charity_number ~ '^[0-9]{6,7}(-[0-9]{1,3})?$'",
            name="plausible_charity_number",
        ),
        sa.CheckConstraint("accuracy_m IS NULL OR accuracy_m >= 0", name="plausible_accuracy"),
        sa.CheckConstraint(
            "(consent_on IS NULL) = (consent_how IS NULL)", name="consent_has_a_day_and_a_way"
        ),
        # Somebody's front door is never on the map.
        sa.CheckConstraint(
            "kind <> 'informal' OR (location_source = 'ward' AND ward_code IS NOT NULL)",
            name="informal_is_placed_by_ward",
        ),
        sa.CheckConstraint(
            "geom IS NOT NULL OR ward_code IS NOT NULL OR location_source::text = 'none'",
            name="placed_by_point_or_ward",
        ),
        sa.CheckConstraint(
            "NOT (location_source::text = 'none') OR geom IS NULL", name="no_place_no_point"
        ),
        # The index of the live question (DESIGN 6): one scan gives the nearest that share an
        # interest. No GIN beside it: the planner would combine bitmaps, 13 times slower.
        sa.Index(
            "ix_assets_point_27700_interest_ids",
            "point_27700",
            "interest_ids",
            postgresql_using="gist",
            postgresql_ops={"interest_ids": "gist__intbig_ops(siglen=64)"},
            postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
        ),
        sa.Index("ix_assets_geom", "geom", postgresql_using="gist"),
        # For the search for likely pairs: what has changed, and who is rung under one number.
        sa.Index("ix_assets_updated_at_id", "updated_at", "id"),
        *(
            sa.Index(
                f"ix_assets_{column}",
                column,
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )
            for column in ("phone", "website", "charity_number")
        ),
        sa.Index("ix_assets_source_id_scope", "source_id", "scope"),
        # The unfiltered list's order.
        sa.Index(
            "ix_assets_name_id",
            "name",
            "id",
            postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
        ),
        # For lists of a ward too, and they ask for a code without a kind.
        sa.Index(
            "ix_assets_ward_code",
            "ward_code",
            postgresql_where=sa.text("ward_code IS NOT NULL"),
        ),
        # Open Referral UK's identifiers of an asset's own service, and of that at its place.
        *(
            sa.Index(
                name,
                sa.text(expression),
                postgresql_where=sa.text("gone_at IS NULL AND duplicate_of IS NULL"),
            )
            for name, expression in (
                ("ix_assets_own_service", OWN_SERVICE),
                (
                    "ix_assets_own_service_at_location",
                    f"uuid_generate_v5({OWN_SERVICE}, 'service_at_location')",
                ),
            )
        ),
        sa.Index(
            "ix_assets_name_trigrams",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
    )
