"""KML 2.2 (OGC 12-007r2): a folder a layer, written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr  # nosec B406 - writes, and reads nothing

from app.exports.layers import Export, Layer, Row
from app.exports.workbooks import cell_text

NAMESPACE = "http://www.opengis.net/kml/2.2"


def write_kml(path: Path, export: Export) -> None:
    """Write a document that says whose data it is; what has no place is a placemark without."""
    with path.open("w", encoding="utf-8") as file:
        said = "\n".join([f"Taken on {export.made_on}.", *export.attribution])
        file.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{NAMESPACE}"><Document>\n'
            f"{_element('name', export.title)}{_element('description', said)}\n"
        )
        for layer in export.layers:
            _write_folder(file, layer)
        file.write("</Document></kml>\n")


def _write_folder(file: TextIO, layer: Layer) -> None:
    file.write(f"<Folder>{_element('name', layer.name)}")
    file.write(_element("description", "\n".join([layer.title, *layer.attribution])) + "\n")
    file.writelines("".join(_placemark(layer, row)) for row in layer.rows())
    file.write("</Folder>\n")


def _placemark(layer: Layer, row: Row) -> Iterator[str]:
    values = dict(zip(layer.columns, row, strict=True))
    lon, lat = values.pop("lon"), values.pop("lat")
    said = [values.get("description"), f"{values['attribution']} ({values['licence']})"]
    yield f"<Placemark>{_element('name', values.pop('name'))}"
    yield _element("description", "\n".join(str(line) for line in said if line))
    yield "<ExtendedData>"
    for name, value in values.items():
        # "description" would be taken for the placemark's own.
        if value is not None and name != "description":
            yield f"<Data name={quoteattr(name)}>{_element('value', value)}</Data>"
    yield "</ExtendedData>"
    if lon is not None:
        yield f"<Point><coordinates>{lon!r},{lat!r}</coordinates></Point>"
    yield "</Placemark>\n"


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(cell_text(value, is_xlsx=False))}</{name}>"
