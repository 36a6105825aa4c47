"""The tick screen and the paper sheet: which interests they show, and what was ticked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.interests.choosing import Choice, choose_interests
from app.models import Stance
from app.parameters import Query
from app.residents.words import STANCES
from geo.interests import Concept, Vocabulary

PREFIX = "stance_"
NO_LONGER = "retired"
RECORD_FIRST = (
    "Interests that show faith, health or the like were not saved. First record why you may keep"
    " them."
)

# What people in homes name most, by theme, in the order of the sheet: chosen by hand. Anything else
# is typed in.
COMMON = {
    "music": ("singing", "records-and-radio-music", "brass-bands"),
    "dance": ("ballroom-dancing", "tea-dances"),
    "games": ("bingo", "dominoes", "card-games", "jigsaws", "quizzes"),
    "crafts": ("knitting", "sewing", "woodwork"),
    "art-and-photography": ("painting", "photography"),
    "food": ("baking", "cooking"),
    "gardening": ("gardening", "allotments"),
    "animals": ("visiting-animals", "pets"),
    "outdoors": ("walking", "bird-watching", "fishing"),
    "sport": ("bowls", "football", "cricket", "swimming"),
    "books-and-reading": ("reading", "newspapers-and-magazines"),
    "film-and-theatre": ("cinema", "theatre"),
    "history-and-reminiscence": ("reminiscence-groups", "local-history", "family-history"),
    "work-and-trades": ("textile-mills",),
    "forces": ("forces",),
    "transport": ("classic-cars", "steam-railways"),
    "technology": ("tablets-and-phones",),
    "culture-and-language": ("travel-talks",),
    "public-life": ("current-affairs",),
    "helping-others": ("volunteering", "children-and-young-people"),
    "wellbeing": ("chair-exercise", "hair-and-beauty"),
    "company": ("coffee-mornings", "day-trips"),
    "faith": ("faith", "church-of-england", "catholic-church", "islam", "hymns"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One interest of the screen; `stance` is "" when nothing is ticked."""

    concept: str
    label: str
    stance: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The interests of one theme; `theme` names its picture."""

    theme: str
    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Ticks:
    """What a form says: the new stance of each interest by id, None for one to take out."""

    stances: dict[int, Stance | None]
    choice: Choice


def groups(
    vocabulary: Vocabulary,
    *,
    held: Iterable[sa.Row[Any]] = (),
    typed: Mapping[str, str] | None = None,
    shows_special: bool,
) -> list[Group]:
    """Return what the screen shows: the common interests, and with them what somebody has.

    Parameters
    ----------
    held
        Rows with concept, label, stance and is_retired.
    typed
        The stances of a form by concept, when it is shown again; they win over what is held.
    """
    stored = {row.concept: row for row in held}
    said = {concept: row.stance for concept, row in stored.items()} | dict(typed or {})
    by_theme: dict[str, list[str]] = {theme: list(concepts) for theme, concepts in COMMON.items()}
    for concept in said:
        if concept in vocabulary:
            theme = vocabulary.theme_of(vocabulary.concept(concept).id).concept
            by_theme.setdefault(theme, []).append(concept)
        elif concept in stored:
            by_theme.setdefault(NO_LONGER, []).append(concept)
    made = []
    for theme, concepts in by_theme.items():
        rows = []
        for concept in dict.fromkeys(concepts):
            if concept not in vocabulary:
                if concept in stored:
                    rows.append(Row(concept, stored[concept].label, said[concept]))
                continue
            known = vocabulary.concept(concept)
            if shows_special or not known.special_category:
                rows.append(Row(concept, known.label, said.get(concept, "")))
        if rows:
            label = vocabulary.concept(theme).label if theme in vocabulary else "No longer listed"
            made.append(Group(theme, label, tuple(rows)))
    return made


def read_ticks(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    form: Query,
    *,
    held: Sequence[sa.Row[Any]],
    allows_special: bool,
) -> Ticks:
    """Read the tick screen's form; what makes no sense becomes a problem of the form."""
    stored = {row.concept: row.interest_id for row in held}
    stances: dict[int, Stance | None] = {}
    for field in form.names(PREFIX):
        concept = field.removeprefix(PREFIX)
        stance = form.text(field)
        if concept not in vocabulary and concept not in stored:
            if stance:
                form.wrong(
                    "interests",
                    "An interest you ticked is no longer in the list. It was left out: say it in"
                    " your own words below.",
                )
            continue
        if stance and stance not in STANCES:
            form.wrong(field, "Choose one of the four, or none.")
            continue
        known = vocabulary.concept(concept) if concept in vocabulary else None
        if stance and known and known.special_category and not allows_special:
            form.wrong("special", RECORD_FIRST)
            continue
        interest_id = known.id if known else stored[concept]
        stances[interest_id] = Stance(stance) if stance else None
    choice = _read_other(connection, vocabulary, form, stances, allows_special=allows_special)
    return Ticks(stances, choice)


def _read_other(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    form: Query,
    stances: dict[int, Stance | None],
    *,
    allows_special: bool,
) -> Choice:
    """Add to `stances` what was said in own words; what is unsure becomes a problem."""
    words = form.words("other_stance", [stance.value for stance in Stance])
    stance = Stance(words[0]) if len(words) == 1 else Stance.ENJOYS
    meant = [slug for slug in form.texts("meant") if slug in vocabulary]
    choice = choose_interests(connection, vocabulary, form, field="other")
    taken: list[Concept] = [one.concept for one in choice.taken]
    for unsure in choice.unsure:
        chosen = [hit.concept for hit in unsure.hits if hit.concept in meant]
        taken += [vocabulary.concept(slug) for slug in chosen]
        if not chosen and unsure.hits:
            form.wrong("other", "Say what you mean: choose from the words below, or write it anew.")
    for concept in taken:
        if concept.special_category and not allows_special:
            form.wrong("special", RECORD_FIRST)
        elif stances.get(concept.id) is None:
            stances[concept.id] = stance
    return choice


def typed_stances(form: Query) -> dict[str, str]:
    """Return what was ticked, by concept, to be shown again."""
    return {field.removeprefix(PREFIX): form.typed(field) for field in form.names(PREFIX)}


def differences(
    vocabulary: Vocabulary, held: Iterable[sa.Row[Any]], typed: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (label, stored, ticked) of each interest whose stance differs, in words."""
    stored = {row.concept: row for row in held}
    named = {"": "Nothing"} | {stance.value: word for stance, word in STANCES.items()}
    found = []
    for concept in dict.fromkeys([*stored, *typed]):
        was = stored[concept].stance if concept in stored else ""
        mine = typed.get(concept, was)
        if was != mine and mine in named:
            known = vocabulary.concept(concept).label if concept in vocabulary else None
            label = stored[concept].label if concept in stored else known
            if label:
                found.append((label, named[was], named[mine]))
    return found
