"""The published contract: every answer against the OpenAPI document and the schema files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

BASE = "https://openreferraluk.org/specifications/3.0/schema/"
ONE = {
    "services": "service", "organizations": "organization", "taxonomies": "taxonomy",
    "service_at_locations": "service_at_location", "taxonomy_terms": "taxonomy_term",
}  # fmt: skip


class Contract:
    """Validators of both forms of the standard, with their formats; counts what it has seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundled = json.loads((folder / "openapi-3.0-uk.bundled.json").read_text())
        files = {path.name: path.read_text() for path in (folder / "schema").glob("*.json")}
        files.pop("open_api.json")
        # Its one reference is empty; nothing refers to it.
        files.pop("empy_list_response.json")
        self.files = {name: json.loads(text) for name, text in files.items()}
        self._registry = jsonschema_rs.Registry(
            [(BASE + name, schema) for name, schema in self.files.items()],
            draft=jsonschema_rs.Draft202012,
        )
        self._made: dict[str, Any] = {}
        self.seen: Counter[str] = Counter()

    def _validator(self, schema: dict[str, Any], name: str) -> Any:
        if name not in self._made:
            self._made[name] = jsonschema_rs.Draft202012Validator(
                schema, validate_formats=True, registry=self._registry
            )
        return self._made[name]

    def validators(self, name: str) -> Iterator[Any]:
        """Yield the validator of a schema file, and of the component of the same name."""
        yield self._validator(self.files[f"{name}.json"], f"file {name}")
        yield self._component(name)

    def _component(self, name: str) -> Any:
        parts = {"components": self.bundled["components"]}
        return self._validator({"$ref": f"#/components/schemas/{name}"} | parts, f"bundled {name}")

    def page_validator(self) -> Any:
        """Return the validator of the frame of a list."""
        return self._component("Page")

    def errors_in_list(self, kind: str, page: Any, *, is_full: bool = False) -> list[str]:
        """Return what is wrong with a page of a list; with all of each record if they are full."""
        self.seen["responses"] += 1
        found = [str(e) for e in self.page_validator().iter_errors(page)]
        for validator in self.validators(f"{ONE[kind]}_list"):
            found += [str(e) for e in validator.iter_errors(page)]
        for record in page["contents"]:
            found += self._errors_in(kind, record) if is_full else []
            self.seen["objects"] += objects_in(record)
        found += nothings_in(page, may_be_empty=("contents",))
        self.seen["errors"] += len(found)
        return found

    def errors_in_one(self, kind: str, record: Any) -> list[str]:
        """Return what is wrong with the answer of one record's address."""
        self.seen["responses"] += 1
        self.seen["objects"] += objects_in(record)
        found = self._errors_in(kind, record) + nothings_in(record)
        self.seen["errors"] += len(found)
        return found

    def _errors_in(self, kind: str, record: Any) -> list[str]:
        return [
            str(error)
            for validator in self.validators(ONE[kind])
            for error in validator.iter_errors(record)
        ]

    def figures(self) -> str:
        """Return what was seen, in words."""
        return ", ".join(
            f"{self.seen[name]:,} {name}" for name in ("responses", "objects", "errors")
        )


def objects_in(value: Any) -> int:
    """Return how many JSON objects there are in a value, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(objects_in, value.values()))
    return sum(map(objects_in, value)) if isinstance(value, list) else 0


def nothings_in(value: Any, where: str = "", may_be_empty: tuple[str, ...] = ()) -> list[str]:
    """Return where something is null or empty."""
    if value in (None, "", [], {}):
        return [] if where in may_be_empty else [f"{where} is {value!r}"]
    if isinstance(value, dict):
        return [e for k, v in value.items() for e in nothings_in(v, f"{where}.{k}".lstrip("."),
                                                                 may_be_empty)]  # fmt: skip
    if isinstance(value, list):
        return [e for n, v in enumerate(value) for e in nothings_in(v, f"{where}[{n}]")]
    return []
