"""What the page that matches columns sent, as it is kept: read field by field, nothing trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.importers.readers import mapped
from app.models import AssetKind
from app.parameters import Query
from app.uploads.actions import LICENCES, Looked
from app.uploads.fields import FIELDS

LONGEST = 200
NEEDED_PLACE = (
    "Choose where each place is: a postcode, or longitude and latitude, or easting and northing."
)


def read_choice(form: Query, looked: Looked) -> dict[str, Any]:
    """Return what was said about a file; what makes no sense is a problem of its field."""
    kept: dict[str, Any] = {
        name: looked.mapping[name] for name in ("known", "layer") if name in looked.mapping
    }
    is_known = looked.known is not None and form.text("as") == looked.known.NAME
    kept["as"] = looked.known.NAME if looked.known is not None and is_known else mapped.NAME
    for name, label in (("title", "what to call this list"), ("publisher", "whose list it is")):
        said = form.text(name) or ""
        if not said:
            form.wrong(name, f"Say {label}.")
        if len(said) > LONGEST:
            form.wrong(name, f"Use {LONGEST} characters or fewer.")
        kept[name] = said
    chosen = form.words("licence", LICENCES)
    if not chosen and "licence" not in form.problems:
        form.wrong("licence", "Choose on which terms it may be used.")
    kept["source"] = {
        "publisher": kept.pop("publisher"),
        "licence": chosen[0] if chosen else "",
        "attribution": (form.text("attribution") or "")[:LONGEST],
    }
    if not is_known:
        _read_columns(form, looked, kept)
    return kept


def _read_columns(form: Query, looked: Looked, kept: dict[str, Any]) -> None:
    columns = _columns_chosen(form, looked.table.header if looked.table is not None else [])
    constants: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for kind in form.words("all-kind", AssetKind):
        constants["kind"] = kind
    if interests := form.text("all-interests"):
        constants["interests"] = interests
    for at, word in enumerate(looked.words_of(columns.get("kind"))):
        for kind in form.words(f"kind-{at}", AssetKind):
            kinds[word] = kind
    if "name" not in columns:
        form.wrong("column-name", "Choose the column with the names.")
    if "kind" not in columns and "kind" not in constants:
        form.wrong("all-kind", "Say what all of them are, or choose the column that says it.")
    if not _has_place(columns):
        form.wrong("column-postcode", NEEDED_PLACE)
    kept |= {"columns": columns, "constants": constants, "kinds": kinds}


def _columns_chosen(form: Query, header: Sequence[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for field in FIELDS:
        number = form.text(f"column-{field.name}")
        if number is None:
            continue
        if number.isascii() and number.isdigit() and len(number) < 5 and int(number) < len(header):
            columns[field.name] = header[int(number)]
        else:
            form.wrong(f"column-{field.name}", "Choose one of the file’s columns.")
    return columns


def _has_place(columns: Mapping[str, str]) -> bool:
    ways = ({"postcode"}, {"ward_code"}, {"lon", "lat"}, {"easting", "northing"})
    return any(way <= columns.keys() for way in ways)
