"""Areas by boundary release, their subdivided parts, and the figures published about them."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from geoalchemy2 import Geometry, WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import WGS84, Base, Versioned, has_a_name, words_enum


class AreaType(enum.StrEnum):
    """What kind of area a polygon is."""

    WARD = "ward"
    LAD = "lad"
    LSOA = "lsoa"


class Area(Versioned, Base):
    """One polygon of one boundary release, as published (never moved between releases)."""

    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    area_type: Mapped[AreaType] = mapped_column(words_enum(AreaType, "area_type"))
    # The year of the boundaries, "2013" or "2025".
    release: Mapped[str] = mapped_column(sa.Text)
    gss_code: Mapped[str] = mapped_column(sa.Text, index=True)
    name: Mapped[str] = mapped_column(sa.Text)
    lad_code: Mapped[str | None] = mapped_column(sa.Text, index=True)
    lad_name: Mapped[str | None] = mapped_column(sa.Text)
    geom: Mapped[WKBElement] = mapped_column(
        Geometry("MULTIPOLYGON", srid=WGS84, spatial_index=False)
    )
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"), index=True)
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"))
    content_hash: Mapped[str] = mapped_column(sa.Text)
    gone_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (
        sa.UniqueConstraint("area_type", "release", "gss_code"),
        has_a_name(),
        sa.CheckConstraint("ST_IsValid(geom) AND NOT ST_IsEmpty(geom)", name="valid_geometry"),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -9 AND ST_XMax(geom) <= 2.1"
            " AND ST_YMin(geom) >= 49.8 AND ST_YMax(geom) <= 61",
            name="inside_great_britain",
        ),
        sa.Index("ix_areas_geom", "geom", postgresql_using="gist"),
    )


class AreaPart(Base):
    """A piece of an area of at most 128 vertices: point-in-area questions ask these."""

    __tablename__ = "area_parts"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    area_id: Mapped[int] = mapped_column(sa.ForeignKey("areas.id", ondelete="CASCADE"), index=True)
    geom: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", srid=WGS84, spatial_index=False))

    __table_args__ = (sa.Index("ix_area_parts_geom", "geom", postgresql_using="gist"),)


class AreaLookup(Base):
    """Which ward and district an LSOA belongs to, as the publisher's lookup says."""

    __tablename__ = "area_lookups"

    lsoa_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    # The ward release of the lookup, "2024".
    release: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    ward_code: Mapped[str] = mapped_column(sa.Text, index=True)
    ward_name: Mapped[str] = mapped_column(sa.Text)
    lad_code: Mapped[str] = mapped_column(sa.Text, index=True)
    lad_name: Mapped[str] = mapped_column(sa.Text)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"))


class AreaFigure(Base):
    """One published number about one area, with where and when it comes from."""

    __tablename__ = "area_figures"

    gss_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    # A closed list in app.areas: "population", "imd_decile", "imd_rank", "imd_score", ...
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    as_of: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)
    value: Mapped[float] = mapped_column(sa.Double)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"))

    __table_args__ = (
        # NaN too: PostgreSQL sorts it above infinity.
        sa.CheckConstraint("value > '-Infinity' AND value < 'Infinity'", name="a_finite_number"),
    )
