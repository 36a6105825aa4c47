"""How alike two places are, 0 to 1, with the reasons in sentences.

The formula is a sum of fixed weights, cut off at 0 and 1, so that anybody can work it out again::

    0.60 × how alike the names are (0 to 1; half of it when they only say what kind it is)
    0.25 × how near: 1 at one point, falling evenly to 0 at 300 m and to -0.4 from 1 km on;
           with the same postcode at least 0.6; 0 where one has no place
    0.20   the same telephone number
    0.15   the same web page (host and path)
    0.10   the same e-mail address
    0.30   the same charity number
  - 0.25   each name has a word that the other lacks (Alexandra Court, Alexandra Grange)
  - 0.30   the names say different kinds of place (a library and a pub)
  - 0.30   the names hold different numbers (Surgery 1, Surgery 2)
  - 0.25   kinds of entry no place has both of (a care home and a GP surgery)
  - 0.20   different charity numbers
  - 0.05   different telephone numbers, and as much for different postcodes

A likely pair has at least `LIKELY`: one name within a short walk, or a similar one at one door.
Nearer is never less alike, and the order of the two makes no difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from geo.distance import in_words

LIKELY = 0.65

NAME, WHERE, PHONE, WEBSITE, EMAIL, CHARITY = 0.60, 0.25, 0.20, 0.15, 0.10, 0.30
OWN_WORDS, OTHER_TYPE, OTHER_NUMBERS, OTHER_KIND = 0.25, 0.30, 0.30, 0.25
OTHER_CHARITY, OTHER_PHONE, OTHER_POSTCODE = 0.20, 0.05, 0.05
NEAR_M, FAR_M, FAR, ONE_POSTCODE = 300.0, 1000.0, -0.4, 0.6
# A name without a word of its own ("Playground") is everybody's.
NOTHING_TELLING = 0.5
NEARLY_THE_SAME, MUCH_ALIKE = 86.0, 70.0
# Two words are spellings of one from here on.
ONE_WORD = 75.0

# What kind of place a name says it is; two different ones are two places, whatever else agrees.
_WORDS_OF_TYPES = {
    "library": "library",
    "doctors": "surgery surgeries practice doctors medical med gp",
    "dentist": "dental dentist",
    "pharmacy": "pharmacy chemist chemists",
    "hospital": "hospital",
    "worship": "church chapel mosque masjid temple gurdwara",
    "school": "school academy college",
    "nursery": "nursery",
    "centre": "centre center community",
    "hall": "hall",
    "club": "club",
    "pub": "pub inn tavern",
    "cafe": "cafe café coffee",
    "park": "park gardens",
    "playground": "playground",
    "allotments": "allotments allotment",
    "theatre": "theatre",
    "museum": "museum",
    "gym": "gym",
    "pool": "pool",
    "cricket": "cricket",
    "football": "football",
    "bowls": "bowls bowling",
    "golf": "golf",
    "tennis": "tennis",
    "rugby": "rugby",
    "bank": "bank foodbank",
    "shop": "supermarket",
    "post": "post",
    "station": "station",
}
_TYPES = {word: kind for kind, words in _WORDS_OF_TYPES.items() for word in words.split()}
# How a sentence calls them where "a …" would not do.
_SAID = {
    "doctors": "a surgery",
    "worship": "a place of worship",
    "allotments": "allotments",
    "cricket": "cricket",
    "football": "football",
    "bowls": "bowls",
    "golf": "golf",
    "tennis": "tennis",
    "rugby": "rugby",
    "post": "a post office",
    "care_home": "a care home",
    "surgery": "a GP surgery",
    "informal": "a skill or network",
    "cafe": "a café",
}
# Words that tell no place from another; "home", "centre" and the like are often left out.
_GENERIC = {
    "the", "of", "and", "at", "in", "for", "a", "ltd", "limited",
    "health", "care", "home", "nursing", "residential", "house", "public", "group", "groups",
    "local", "dr", "drs", "partners", "branch", "service", "services", "hub", "office",
    "information",
}  # fmt: skip


# Two buildings beside each other often differ in nothing but these.
_BUILDINGS = {"house", "court", "lodge", "hall", "grange", "manor", "cottage"}
# What an importer calls what its source has no name for.
_UNNAMED = "(name not known)"


@dataclass(frozen=True, slots=True)
class Place:
    """What is compared of a place; `kind` is one of the kinds of asset."""

    name: str
    kind: str = "venue"
    postcode: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    charity_number: str | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two places are, 0 to 1, and why: what speaks for it first, then what against."""

    score: float
    reasons: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        """Whether somebody should be asked."""
        return self.score >= LIKELY


@dataclass(frozen=True, slots=True)
class _Name:
    plain: str
    types: frozenset[str]
    head: str | None  # what kind it is in the end: a park's pub is a pub
    telling: tuple[str, ...]  # what is left, sorted
    numbers: frozenset[str]


def compare(one: Place, other: Place, *, distance_m: float | None) -> Likeness:
    """Return how alike two places are that are `distance_m` metres apart (None: not known)."""
    score, reasons = _judge_names(one.name, other.name)
    is_one_postcode = bool(one.postcode) and _plain(one.postcode) == _plain(other.postcode)
    score += WHERE * _nearness(distance_m, is_one_postcode=is_one_postcode)
    if distance_m is not None:
        reasons.append(_apart(distance_m))
    for weight, sentence, ours, theirs in (
        (0.0, "The same postcode", _plain(one.postcode), _plain(other.postcode)),
        (PHONE, "The same telephone number", _digits(one.phone), _digits(other.phone)),
        (WEBSITE, "The same website", page_of(one.website), page_of(other.website)),
        (EMAIL, "The same e-mail address", _plain(one.email), _plain(other.email)),
        (CHARITY, "The same charity number", one.charity_number, other.charity_number),
    ):
        if ours and ours == theirs:
            score += weight
            reasons.append(sentence)
    taken, against = _judge_against(one, other)
    # Rounded, so that the order of sums makes no difference.
    return Likeness(min(1.0, max(0.0, round(score - taken, 6))), (*reasons, *against))


def likeness(name: str, other: str) -> float:
    """Return how sure two names are one place's, 0 to 100.

    0 where they say different kinds of place (a library and a pub) or different numbers. Generic
    words count only where nothing else is left.
    """
    one, two = _read(name), _read(other)
    if one.plain == two.plain:
        return 100.0
    if one.numbers != two.numbers or not _agree(one, two):
        return 0.0
    return _words_alike(one, two)


def page_of(website: str | None) -> str | None:
    """Return the host and path of a web address, without "www." and a last slash."""
    if not website:
        return None
    try:
        parts = urlsplit(website.strip() if "//" in website else f"//{website.strip()}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    return f"{host}{parts.path.rstrip('/')}".casefold() if host else None


def _judge_names(name: str, other: str) -> tuple[float, list[str]]:
    """Return the names' part of the sum, and what to say of them if it speaks for one place."""
    one, two = _read(name), _read(other)
    alike = likeness(name, other)
    if (not one.telling and not two.telling) or _UNNAMED in name or _UNNAMED in other:
        said = ["The names only say what kind of place it is"] if alike else []
        return NAME * NOTHING_TELLING * alike / 100, said
    if one.plain == two.plain:
        said = ["The names are the same"]
    elif alike >= NEARLY_THE_SAME:
        said = ["The names are nearly the same"]
    elif alike >= MUCH_ALIKE:
        said = ["The names are much alike"]
    else:
        said = []
    return NAME * alike / 100, said


def _judge_against(one: Place, other: Place) -> tuple[float, list[str]]:
    """Return what speaks against one place: what it takes from the sum, and the sentences."""
    ours, theirs = _read(one.name), _read(other.name)
    taken, said = 0.0, []
    own, their_own = _own_words(one.name, other.name)
    if own and their_own:
        taken += OWN_WORDS
        said.append(f"Each name has a word of its own: {' and '.join(sorted((own, their_own)))}")
    if ours.plain != theirs.plain and not _agree(ours, theirs):
        taken += OTHER_TYPE
        said.append(f"Different kinds of place: {_both(ours.head, theirs.head)}")
    if ours.numbers != theirs.numbers:
        taken += OTHER_NUMBERS
        said.append("Different numbers in the name")
    if _family(one.kind) != _family(other.kind):
        taken += OTHER_KIND
        said.append(f"Different kinds of entry: {_both(one.kind, other.kind)}")
    for weight, sentence, here, there in (
        (OTHER_CHARITY, "Different charity numbers", one.charity_number, other.charity_number),
        (OTHER_PHONE, "Different telephone numbers", _digits(one.phone), _digits(other.phone)),
        (OTHER_POSTCODE, "Different postcodes", _plain(one.postcode), _plain(other.postcode)),
    ):
        if here and there and here != there:
            taken += weight
            said.append(sentence)
    return taken, said


def _own_words(name: str, other: str) -> tuple[str | None, str | None]:
    """Return the first word of each name that the other has in no spelling and no other word."""
    one, two = _telling_words(name), _telling_words(other)
    return _first_own(one, two), _first_own(two, one)


def _first_own(words: dict[str, str], others: dict[str, str]) -> str | None:
    run_together = "".join(others)
    for word, meaning in words.items():
        # "StJohns", "St Johns": what stands in one word there is no word of its own here.
        is_there = meaning in others.values() or (len(word) > 2 and word in run_together)
        if not is_there and not any(fuzz.ratio(word, there) >= ONE_WORD for there in others):
            return word
    return None


def _telling_words(name: str) -> dict[str, str]:
    """Return the words that can tell a place from its neighbour, with what they mean."""
    words = {word: _TYPES.get(word, word) for word in _words_of(name)}
    return {
        word: meaning
        for word, meaning in words.items()
        if meaning != "centre" and (word in _BUILDINGS or word not in _GENERIC)
    }


def _nearness(distance_m: float | None, *, is_one_postcode: bool) -> float:
    """Return how near two places are, 1 to -0.4."""
    near = 0.0
    if distance_m is not None and distance_m <= NEAR_M:
        near = 1.0 - distance_m / NEAR_M
    elif distance_m is not None:
        near = FAR * min(1.0, (distance_m - NEAR_M) / (FAR_M - NEAR_M))
    return max(near, ONE_POSTCODE) if is_one_postcode else near


def _family(kind: str) -> str:
    """Return what a kind is compared as: a club's house is a venue and a group."""
    return "place" if kind in {"venue", "group"} else kind


def _both(one: str | None, other: str | None) -> str:
    """Return two kinds as a sentence has them, in one order whichever came first."""
    said = sorted(_SAID.get(kind, f"a {kind}") for kind in (one, other) if kind)
    return " and ".join(dict.fromkeys(said))


def _apart(distance_m: float) -> str:
    if distance_m < 1:
        return "At the same point on the map"
    if distance_m < 995:
        return f"{distance_m:.0f} m apart"
    return f"{in_words(distance_m)} apart"


def _plain(text: str | None) -> str | None:
    return "".join(text.split()).casefold() if text else None


def _digits(phone: str | None) -> str | None:
    """Return a telephone number as it is dialled in Great Britain."""
    digits = re.sub(r"[^0-9+]", "", phone or "")
    return re.sub(r"^(\+44|0044)0?", "0", digits) or None


def _words_alike(one: _Name, two: _Name) -> float:
    if not one.telling or not two.telling:
        return 0.0
    score = fuzz.ratio(" ".join(one.telling), " ".join(two.telling))
    shorter = min(len(one.telling), len(two.telling))
    if shorter >= 2 and one.types == two.types:
        contained = fuzz.token_set_ratio(" ".join(one.telling), " ".join(two.telling))
        score = max(score, contained - 5)
    return float(score)


def _read(name: str) -> _Name:
    words = _words_of(name)
    types = [_TYPES[word] for word in words if word in _TYPES]
    # Surgeries, libraries and clubs call themselves centres too.
    telling_types = [kind for kind in types if kind != "centre"] or types
    head = telling_types[-1] if telling_types else None
    telling = sorted(w for w in words if w not in _TYPES and w not in _GENERIC)
    numbers = frozenset(word for word in words if word.isdigit())
    return _Name(" ".join(words), frozenset(types), head, tuple(telling), numbers)


def _words_of(name: str) -> list[str]:
    text = re.sub("['\N{RIGHT SINGLE QUOTATION MARK}`.]", "", name.casefold()).replace("&", " and ")
    return ["st" if word == "saint" else word for word in re.findall(r"[^\W_]+", text)]


def _agree(one: _Name, two: _Name) -> bool:
    """Return whether two names can mean the same kind of place; one that names none agrees."""
    if one.head is None or two.head is None:
        return True
    return one.head in two.types and two.head in one.types
