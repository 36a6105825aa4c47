"""A run on a Dask cluster from another host: `python -m … ADDRESS FILE [FILE SAYS GO]`.

With a third argument it stops in the middle until that file is there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from app.errors import PatchworkError
from app.everyone.dask_engine import DaskEngine
from app.everyone.parts import Part
from tests.everyone.dask_towns import in_many, make_answers, make_part, matches


def town() -> list[Part]:
    """Return the parts of the run."""
    return in_many(make_part(askers=1_200, targets=800), count=12)


def parts(here: Path | None) -> Iterator[Part]:
    """Yield them; in the middle wait until the file `here` is gone again."""
    for number, part in enumerate(town()):
        if here is not None and number == 5:
            here.touch()
            while here.exists():
                time.sleep(0.05)
        yield part


def main(address: str, file: str, here: str | None = None) -> None:
    """Match, and keep what was found."""
    try:
        engine = DaskEngine(address)
        found = matches(engine, parts(Path(here) if here else None), make_answers())
    except PatchworkError as error:
        sys.exit(str(error))
    np.savez(file, allow_pickle=False, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
