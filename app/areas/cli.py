"""`patchwork map ward`: a ward's map as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.areas.actions import get_ward
from app.areas.maps import map_of_ward
from app.assets.actions import NameCache
from app.database import make_engine
from app.rendering import STATIC
from app.settings import get_settings
from geo.maps import MapAssets

# Scripts inside the file: it opens from a memory stick, with no network.
INLINE = MapAssets(base=STATIC / "vendor", inline=True)

Output = Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")]


def ward(
    gss_code: Annotated[str, typer.Argument(help="The ward's code, such as E05001347.")],
    output: Output = Path("ward.html"),
    release: Annotated[str | None, typer.Option(help="The boundaries' year; else newest.")] = None,
) -> None:
    """Write the map of a ward and what is in it."""
    settings = get_settings()
    engine = make_engine(settings)
    with engine.connect() as connection:
        found = get_ward(connection, gss_code=gss_code, release=release)
        names = NameCache().get(connection)
        document = map_of_ward(connection, found, names, settings=settings, scripts=INLINE)
    engine.dispose()
    document.write(output)
    typer.echo(f"{output}: {output.stat().st_size / 1000:,.0f} kB")
