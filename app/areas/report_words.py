"""A ward's report in plain sentences, careful with none, one and all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from app.areas.report_parts import Changed, Counted, Figure, Gap, HomeReach
from app.words import KINDS, joined, long_date, plural

# Shares people know by name; what is this near one of them is "about" it.
SHARES = (
    (1 / 10, "one in ten"),
    (1 / 5, "one in five"),
    (1 / 4, "one in four"),
    (1 / 3, "one in three"),
    (1 / 2, "half"),
    (2 / 3, "two in three"),
    (3 / 4, "three in four"),
    (4 / 5, "four in five"),
    (9 / 10, "nine in ten"),
)
NEAR_A_SHARE = 0.025
# Up to so many, how many it is says more than a share.
COUNTED_UP_TO = 10
NAMED_GAPS = 3
CHECKED = "checked in the last 12 months"
# As true where nobody could look for anything as where everybody found it: which, is not public.
NOTHING_ASKED = (
    "We know of nothing that was looked for in vain here or next door in the last 12 months."
    " That says something only once people here use Patchwork to look."
)


def share_words(part: int, whole: int) -> str:
    """Return a share as people say it: "three in four", "about one in three", "42%"."""
    share = part / whole
    value, name = min(SHARES, key=lambda one: abs(one[0] - share))
    if abs(value - share) <= NEAR_A_SHARE:
        return name if part == round(value * whole) and _divides(value, whole) else f"about {name}"
    if share > SHARES[-1][0]:
        return "nearly all"
    if share < SHARES[0][0]:
        return "very few"
    return f"{share:.0%}"


def _divides(value: float, whole: int) -> bool:
    return abs(value * whole - round(value * whole)) < 1e-9


def first(text: str) -> str:
    """Return a sentence that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def kind_words(kind: str, count: int) -> str:
    """Return a count with its kind inside a sentence: "3 care homes", "1 GP surgery"."""
    one, many = KINDS[kind]
    word = one if count == 1 else many
    return f"{count:,} {word if word[:2].isupper() else word[:1].lower() + word[1:]}"


def say_total(kinds: Sequence[Counted]) -> str:
    """Say how much is on the map, by kind."""
    there = [kind for kind in kinds if kind.count]
    total = sum(kind.count for kind in there)
    if total == 0:
        return "Nothing is on the map in this ward yet."
    words = [kind_words(kind.slug, kind.count) for kind in there]
    if len(there) == 1:
        return f"{first(words[0])} {'is' if total == 1 else 'are'} on the map in this ward."
    return f"{total:,} places and groups are on the map in this ward: {joined(words)}."


def say_checked(checked: int, total: int) -> str | None:
    """Say what share of what is there was checked of late; None when nothing is there."""
    if total == 0:
        return None
    if total == 1:
        return f"It was {CHECKED}." if checked else f"It was not {CHECKED}."
    if checked == 0:
        return f"None of them was {CHECKED}."
    if checked == total:
        return f"{'Both' if total == 2 else 'All'} of them were {CHECKED}."
    return f"{first(_who(checked, total))} {CHECKED}."


def _who(checked: int, total: int) -> str:
    """Return "three in four places here were": neither none, nor all."""
    if total <= COUNTED_UP_TO:
        return f"{'one' if checked == 1 else checked} of the {total} {_were(checked)}"
    share = share_words(checked, total)
    if share == "very few":
        return f"only {checked} of the {total:,} {_were(checked)}"
    if share.endswith(("half", "all", "%")):
        return f"{share} of the places here were"
    return f"{share} places here {'was' if 'one in' in share else 'were'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def say_homes(homes: Sequence[HomeReach]) -> str:
    """Say how many care homes there are, and their beds as far as they are known."""
    count = len(homes)
    if count == 0:
        return "No care home is on the map in this ward."
    known = [home.beds for home in homes if home.beds is not None]
    beds = plural(sum(known), "bed")
    if count == 1:
        return f"Its one care home has {beds}." if known else _beds_unknown("its one care home has")
    if not known:
        return _beds_unknown(f"its {count} care homes have")
    if len(known) == count:
        return f"Its {count} care homes have {beds} between them."
    return (
        f"Of its {count} care homes {len(known)} {'has' if len(known) == 1 else 'have'} {beds};"
        f" how many the other{'s have' if count - len(known) > 1 else ' has'} is not known."
    )


def _beds_unknown(who: str) -> str:
    return f"How many beds {who} is not known."


def say_gaps(gaps: Sequence[Gap], met: Sequence[Gap]) -> str:
    """Say what people asked for in vain, most asked for first; `met` has come within reach."""
    labels = list(dict.fromkeys(gap.label for gap in gaps))
    if not labels and met:
        return "Everything people here or next door asked for in vain has come within reach."
    if not labels:
        return NOTHING_ASKED
    named = labels[:NAMED_GAPS]
    if len(labels) > NAMED_GAPS:
        named = [*named, f"{len(labels) - NAMED_GAPS} more"]
    things = "one thing" if len(labels) == 1 else f"{len(labels)} things"
    return (
        f"People here or next door asked for {things} and found nothing within reach:"
        f" {joined(named)}."
    )


def say_comparison(figure: Figure, district: str | None) -> str | None:
    """Say how the number of places compares; None where there is nothing to compare."""
    if not figure.value:
        return None
    beside = []
    if figure.neighbours is not None:
        than = _than(figure.text, figure.neighbours_text)
        beside.append(f"{than} in the wards next door (average {figure.neighbours_text})")
    if figure.district is not None:
        than = _than(figure.text, figure.district_text)
        of = district or "its district"
        beside.append(f"{than} in the middle ward of {of} ({figure.district_text})")
    if not beside:
        return None
    return (
        f"For every 1,000 people there are {figure.text} places and groups:"
        f" {joined(beside, 'and')}."
    )


def _than(here: str, there: str) -> str:
    ours, theirs = (float(text.replace(",", "")) for text in (here, there))
    if ours == theirs:
        return "as many as"
    return "more than" if ours > theirs else "fewer than"


def asked_words(asked: int | None) -> str:
    """Return how often something was asked for, as far as anybody may know."""
    return "fewer than 8 times" if asked is None else f"about {asked} times"


def _asked_where(wards: Mapping[int | None, Sequence[str]]) -> str:
    """Return how often and where, equal numbers together: "about 10 times each here and in Ash"."""
    said = [
        f"{asked_words(asked)} {'each ' if len(where) > 1 else ''}{joined(where)}"
        for asked, where in wards.items()
    ]
    return "; ".join(said) if any(len(where) > 1 for where in wards.values()) else joined(said)


def group_gaps(gaps: Iterable[Gap]) -> list[tuple[Gap, str]]:
    """Return each interest once, with where and how often it was asked for in one phrase."""
    found: dict[str, tuple[Gap, dict[int | None, list[str]]]] = {}
    for gap in gaps:
        _, wards = found.setdefault(gap.concept, (gap, {}))
        wards.setdefault(gap.asked, []).append(f"in {gap.where}" if gap.where else "here")
    return [(gap, _asked_where(wards)) for gap, wards in found.values()]


def quarter_before(today: dt.date) -> dt.date:
    """Return the first day of the last full quarter: on 26 November that is 1 July."""
    months = today.year * 12 + (today.month - 1) // 3 * 3 - 3
    return dt.date(months // 12, months % 12 + 1, 1)


def say_changes(changed: Changed, total: int) -> list[str]:
    """Say what is new, gone, checked and corrected, and since when."""
    since = f"Since {long_date(changed.since)}"
    said = []
    if changed.new and changed.new == total:
        said.append(f"{since} everything here was put on the map.")
    elif changed.new:
        said.append(f"{since} {plural(changed.new, 'place was', 'places were')} put on the map.")
    if changed.gone:
        where = "it" if said else "the map"
        said.append(f"{plural(changed.gone, 'place has', 'places have')} gone from {where}.")
    if changed.checked:
        said.append(f"{plural(changed.checked, 'place was', 'places were')} checked.")
    if changed.corrected:
        entries = plural(changed.corrected, "entry was", "entries were")
        said.append(f"{entries} put right by people.")
    if not said:
        return [f"Nothing has changed here since {long_date(changed.since)}."]
    if not changed.new:
        said[0] = f"{since} {said[0]}"
    return said
