"""What a file's name says: the date of its data, and what its rows cover."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

DATE = re.compile(r"(?<!\d)(20\d{2})(?:[-_](0[1-9]|1[0-2])(?:[-_](0[1-9]|[12]\d|3[01]))?)?(?!\d)")


def date_in_name(path: Path) -> dt.date | None:
    """Return the date in the name, its first day where only a month or year is given, or None.

    >>> date_in_name(Path("gm_care_homes_2018-09.csv"))
    datetime.date(2018, 9, 1)
    """
    match = DATE.search(path.stem)
    if match is None:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return dt.date(year, month, day)
    except ValueError:
        return dt.date(year, month, 1)


def name_without_date(path: Path) -> str:
    """Return the name without its date and suffix: the same for each release of one file.

    >>> name_without_date(Path("GM_care_homes_2018-09.csv"))
    'gm_care_homes'
    """
    stem = DATE.sub("", path.stem.casefold())
    return re.sub(r"[-_ ]{2,}", "_", stem).strip("-_ ") or path.stem.casefold()
