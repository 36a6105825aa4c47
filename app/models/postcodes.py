"""Postcodes and where they are."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    grid_copy_of,
    grid_point,
    inside_great_britain,
    lon_lat_point,
)


class Postcode(Base):
    """A unit postcode, written with its space ("BD1 1AF"), at its published point."""

    __tablename__ = "postcodes"

    postcode: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    geom: Mapped[WKBElement] = mapped_column(lon_lat_point())
    point_27700: Mapped[WKBElement] = mapped_column(grid_point(), grid_copy_of("geom"))
    # Code-Point Open's quality: 10 is best; 60 and 90 mean no or a rough position.
    positional_quality: Mapped[int] = mapped_column(sa.SmallInteger)
    lad_code: Mapped[str | None] = mapped_column(sa.Text)
    ward_code: Mapped[str | None] = mapped_column(sa.Text)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"))
    # Set when a newer file of the same postcode area no longer has it.
    gone_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = (inside_great_britain("geom"),)
