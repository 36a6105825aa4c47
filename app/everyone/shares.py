"""What the rounded numbers of a home say: its class on the map, and the sentences beside it.

The list and the map both take them from here, so that they cannot tell different things.
"""

from __future__ import annotations

from app.everyone.summary import Counts, rounded

# Of a hundred residents. Two limits only: numbers rounded to 5 bear no finer ones.
QUARTER, HALF = 25, 50


def about_percent(counts: Counts) -> int | None:
    """Return about how many in a hundred have nobody in reach, to the nearest 5.

    None where there is no number to work it out of: none, or fewer than 8.
    """
    if not counts.nobody or not counts.residents:
        return None
    return max(5, int(20 * counts.nobody / counts.residents + 0.5) * 5)


def mark_of(counts: Counts) -> str:
    """Return the class of a home, a key of `geo.map_homes.MARKS`."""
    if counts.has_none_matched:
        return "all"
    if counts.nobody == 0:
        return "unasked" if counts.matched == 0 else "none"
    percent = about_percent(counts)
    if percent is None:
        return "few"
    return "most" if percent > HALF else "half" if percent > QUARTER else "quarter"


def sentences(counts: Counts) -> str:
    """Return how many residents of a home have nobody in reach, in words."""
    residents = rounded(counts.residents)
    if counts.nobody == 0 and counts.matched == 0:
        return f"{residents.capitalize()} residents, with nothing noted yet of anybody."
    if counts.nobody == 0:
        said = f"{residents.capitalize()} residents: whoever was looked for has somebody in reach."
    elif counts.nobody is None and counts.residents is None:
        who = "all" if counts.has_none_matched and counts.unasked == 0 else "some"
        said = f"Fewer than 8 residents, {who} of them with nobody in reach."
    else:
        said = (
            f"{rounded(counts.nobody).capitalize()} of {residents} residents have nobody in reach."
        )
        percent = about_percent(counts)
        if percent is not None and not counts.has_none_matched:
            said += f" That is about {percent}%."
    if counts.unasked != 0:
        said += f" {rounded(counts.unasked).capitalize()} with nothing noted yet."
    return said
