"""Why a match is a match, in sentences a coordinator can read out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Iterator, Mapping

from geo.distance import ON_FOOT, in_words, minutes_along, walk_minutes
from geo.interests import Relation
from geo.scores import DAYS_THIS_YEAR
from geo.walking import Walker

# Beyond an hour and a half nobody walks: say the distance alone.
LONGEST_WALK_MINUTES = 90

ACCESS_SENTENCES = {
    "step_free": (
        "Step-free.",
        "Ask whether it is step-free.",
        "Not step-free, as far as we know.",
    ),
    "accessible_toilet": (
        "Has an accessible toilet.",
        "Ask whether there is an accessible toilet.",
        "No accessible toilet, as far as we know.",
    ),
    "hearing_loop": (
        "Has a hearing loop.",
        "Ask whether there is a hearing loop.",
        "No hearing loop, as far as we know.",
    ),
    "parking": ("Has parking.", "Ask whether there is parking.", "No parking, as far as we know."),
    "seating": (
        "Somewhere to sit down.",
        "Ask whether there is somewhere to sit.",
        "Nowhere to sit, as far as we know.",
    ),
    "dementia_friendly": (
        "Dementia friendly.",
        "Ask whether they are used to people with dementia.",
        "Not known to be dementia friendly.",
    ),
}

KIND_ORDER = {"same": 0, "narrower": 1, "gentler": 2, "broader": 3}
MOST_INTEREST_SENTENCES = 2


# Labels that begin with a name keep its capital inside a sentence.
NAMES = frozenset(
    "African Army Baptist Bible Bollywood Buddhism Caribbean Catholic Chinese Church Commonwealth"
    " English Gypsy Hindu Irish Islam Italian Jewish Methodist Mothers' National Orthodox Polish"
    " Royal Salvation Scottish Scouts, Scrabble Sikh South Whit Yorkshire".split()
)


def lower_first(label: str) -> str:
    """Return a label for the middle of a sentence; "RAF", "VE Day" and names stay."""
    if label[1:2].isupper() or label.partition(" ")[0] in NAMES:
        return label
    return label[:1].lower() + label[1:]


def interest_sentence(relation: Relation) -> str:
    """Return what the related interest has to do with the one asked for."""
    if relation.kind == "same":
        return f"{relation.label}: just what you asked for."
    wanted = lower_first(relation.wanted)
    if relation.kind == "narrower":
        return f"{relation.label}: a kind of {wanted}."
    if relation.kind == "gentler":
        said = f"{relation.label}: a gentler alternative to {wanted}."
        return f"{said} {relation.sentence}" if relation.sentence else said
    return f"{relation.label}: more general than {wanted}, so ask."


def _led_sentences(relations: Iterable[Relation], leads: Mapping[int, str]) -> Iterator[str]:
    """Yield what each relation says; how somebody stands to an interest once, before it."""
    said = set()
    for relation in relations:
        lead = leads.get(relation.wanted_id)
        if lead is not None and lead not in said:
            said.add(lead)
            yield lead
        if lead is None or relation.kind != "same":
            yield interest_sentence(relation)


def distance_sentence(
    distance_m: float,
    *,
    visits: bool,
    is_rough: bool = False,
    walk_m: float = math.nan,
    walker: Walker = ON_FOOT,
) -> str:
    """Return how far away it is: minutes on foot and distance, or that they come.

    `distance_m` is the straight line; "about" is said where only that is known, at 5 km/h whoever
    goes. `walk_m` is along ways (infinite: none of an hour and a half or less), and minutes along
    them are `walker`'s. `is_rough`: only the ward is known, and the distance is to its middle.
    """
    if is_rough:
        return f"Somewhere in a ward about {in_words(distance_m)} away."
    if visits:
        return f"They come to you, from {in_words(distance_m)} away."
    if not math.isnan(walk_m):
        return _way_sentence(walk_m, distance_m, walker)
    minutes = walk_minutes(distance_m)
    if minutes > LONGEST_WALK_MINUTES:
        return f"{in_words(distance_m)} away."
    return f"About {minutes} {_minutes_of(minutes)} walk ({in_words(distance_m)})."


def _way_sentence(walk_m: float, distance_m: float, walker: Walker) -> str:
    """Return how long the way along a network is, without "about"."""
    if not math.isfinite(walk_m) or minutes_along(walk_m, walker) > LONGEST_WALK_MINUTES:
        by = "by step-free ways" if walker.needs_step_free else "on foot"
        far = in_words(distance_m)
        return f"More than {LONGEST_WALK_MINUTES} minutes {by} ({far} as the crow flies)."
    minutes, far = minutes_along(walk_m, walker), in_words(walk_m)
    if walker.needs_step_free:
        return f"{minutes} minute{'' if minutes == 1 else 's'} by step-free ways ({far})."
    return f"{minutes} {_minutes_of(minutes)} walk ({far} on foot)."


def _minutes_of(minutes: int) -> str:
    return "minute's" if minutes == 1 else "minutes'"


def access_sentences(needs: Iterable[str], access: Collection[str] | None) -> list[str]:
    """Return one sentence for each need: met, not known, or not met."""
    state = {True: 0, False: 2}
    return [
        ACCESS_SENTENCES[need][1 if access is None else state[need in access]]
        for need in sorted(needs)
        if need in ACCESS_SENTENCES
    ]


def age_in_words(days: int) -> str:
    """Return an age as people say it: "today", "3 weeks ago", "2 years ago"."""
    if days <= 0:
        return "today"
    for length, word in ((365, "year"), (30, "month"), (7, "week"), (1, "day")):
        count = days // length
        if count:
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    raise AssertionError(days)


def freshness_sentence(assured_date: dt.date | None, today: dt.date) -> str:
    """Return when somebody last checked it, with a warning if that is more than a year ago."""
    if assured_date is None:
        return "Not checked yet: ring first."
    days = (today - assured_date).days
    sentence = f"Last checked {age_in_words(days)}."
    return sentence if days <= DAYS_THIS_YEAR else f"{sentence[:-1]}: ring first."


def reasons(
    relations: Iterable[Relation],
    *,
    distance_m: float,
    visits: bool,
    needs: Collection[str],
    access: Collection[str] | None,
    assured_date: dt.date | None,
    today: dt.date,
    when: str | None = None,
    is_rough: bool = False,
    leads: Mapping[int, str] | None = None,
    walk_m: float = math.nan,
    walker: Walker = ON_FOOT,
) -> list[str]:
    """Return all the sentences of one match, the strongest interest first.

    The distance as for `distance_sentence`. `leads` has, by the number of the interest wanted,
    how somebody stands to it.
    """
    strongest = sorted(relations, key=lambda r: (KIND_ORDER[r.kind], r.label))
    told = strongest[:MOST_INTEREST_SENTENCES]
    sentences = list(_led_sentences(told, leads)) if leads else [interest_sentence(r) for r in told]
    sentences.append(
        distance_sentence(
            distance_m, visits=visits, is_rough=is_rough, walk_m=walk_m, walker=walker
        )
    )
    if when:
        sentences.append(f"{when}.")
    sentences += access_sentences(needs, access)
    sentences.append(freshness_sentence(assured_date, today))
    return sentences
