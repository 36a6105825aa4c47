"""What was written by hand: the plan of the town, its places, people's skills and its week."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("texts")


def read_written(name: str) -> dict[str, Any]:
    """Return what texts/`name`.toml says."""
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def read_lists(prefix: str, key: str) -> list[dict[str, Any]]:
    """Return the entries called `key` of all texts whose name begins with `prefix`, in order."""
    return [
        entry
        for path in sorted(_FOLDER.glob(f"{prefix}*.toml"))
        for entry in read_written(path.stem).get(key, [])
    ]
