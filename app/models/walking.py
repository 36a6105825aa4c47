"""Ways on foot: the networks loaded, what was worked out on them, and measures of wards."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from geoalchemy2 import Geometry, WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

GRID = 27700


class FootNetwork(Base):
    """One OpenStreetMap file's foot network, as compressed arrays (`geo.network_files`)."""

    __tablename__ = "foot_networks"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"))
    # The file it came in, without its date: loading a newer one replaces it.
    scope: Mapped[str] = mapped_column(sa.Text)
    file_name: Mapped[str] = mapped_column(sa.Text)
    as_of: Mapped[dt.date | None] = mapped_column(sa.Date)
    # SHA-256 of `content`: the same ways again change nothing.
    digest: Mapped[str] = mapped_column(sa.Text)
    nodes: Mapped[int] = mapped_column(sa.Integer)
    edges: Mapped[int] = mapped_column(sa.Integer)
    length_m: Mapped[float] = mapped_column(sa.Double)
    # The rectangle of its nodes.
    bounds: Mapped[WKBElement] = mapped_column(Geometry("POLYGON", srid=GRID, spatial_index=False))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    loaded_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )

    __table_args__ = (sa.UniqueConstraint("source_id", "scope"),)


class Walk(Base):
    """How far it is on foot from a care home to a place near it.

    'Infinity': no way on foot of an hour and a half or less. NULL: not near any way we know. No
    row, or one whose place is elsewhere now: not worked out yet.
    """

    __tablename__ = "walks"

    home_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True
    )
    asset_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    # Where the place was then: whoever moves it need tell nobody.
    at: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=GRID, spatial_index=False))
    walk_m: Mapped[float | None] = mapped_column(sa.REAL)
    step_free_m: Mapped[float | None] = mapped_column(sa.REAL)


class WalkHome(Base):
    """For which networks a home's walks were worked out, and when."""

    __tablename__ = "walk_homes"

    home_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True
    )
    # Where the home was then.
    at: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=GRID, spatial_index=False))
    # Of all networks loaded (app.walking.queries.find_version).
    network_version: Mapped[str] = mapped_column(sa.Text)
    refreshed_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )


class WardMeasure(Base):
    """A figure about a ward that takes long to work out: what people there reach on foot."""

    __tablename__ = "ward_measures"

    gss_code: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    release: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    # app.areas.measures has the list.
    measure: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[float] = mapped_column(sa.Double)
    # Worked out along streets, or "about": by the straight line.
    is_about: Mapped[bool] = mapped_column(sa.Boolean)
    worked_out_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
