"""What every table shares: the metadata, its naming convention and the common columns."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

WGS84 = 4326
BRITISH_NATIONAL_GRID = 27700

# Great Britain and its islands with a margin: longitude and latitude in degrees, WGS 84.
GREAT_BRITAIN_LON_LAT = (-9.0, 49.8, 2.1, 61.0)

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)


class Timestamped:
    """When a row was made and last changed."""

    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class Versioned(Timestamped):
    """A row people edit: `version` goes up by one at every change (a trigger keeps it).

    An edit names the version it saw; another value in the database means somebody else was
    quicker.
    """

    version: Mapped[int] = mapped_column(sa.Integer, server_default="1")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> Mapping[str, Any]:
        return {"eager_defaults": True}


def words_enum(kind: type[enum.StrEnum], name: str) -> sa.Enum:
    """Return the column type of `kind`, stored by its words as a PostgreSQL enum called `name`."""
    return sa.Enum(kind, name=name, values_callable=lambda members: [m.value for m in members])


def lon_lat_point() -> Geometry:
    """Return the type of a stored point: longitude, latitude in WGS 84 (index made by hand)."""
    return Geometry("POINT", srid=WGS84, spatial_index=False)


def grid_point() -> Geometry:
    """Return the type of a point's copy in metres, British National Grid (index made by hand)."""
    return Geometry("POINT", srid=BRITISH_NATIONAL_GRID, spatial_index=False)


def grid_copy_of(column: str) -> sa.Computed:
    """Return the stored expression that keeps `column` in British National Grid as well."""
    return sa.Computed(f"ST_Transform({column}, {BRITISH_NATIONAL_GRID})", persisted=True)


def has_a_name() -> sa.CheckConstraint:
    """Return the constraint that a name has something in it besides blanks of any width.

    The blanks are ones that imports take out (`normalise.clean_text`), whatever the locale says.
    """
    return sa.CheckConstraint(
        r"name ~ '[^ \t\n\r\f\v\u00a0\u2000-\u200b\u202f\u3000\ufeff]'", name="has_a_name"
    )


def inside_great_britain(column: str) -> sa.CheckConstraint:
    """Return the constraint that a point is valid, not empty and inside Great Britain's box."""
    west, south, east, north = GREAT_BRITAIN_LON_LAT
    return sa.CheckConstraint(
        f"{column} IS NULL OR (NOT ST_IsEmpty({column})"
        f" AND ST_X({column}) BETWEEN {west} AND {east}"
        f" AND ST_Y({column}) BETWEEN {south} AND {north})",
        name="inside_great_britain",
    )
