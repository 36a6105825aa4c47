"""Figures that compare wards: what there are, and their values for every ward of a district."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from app.areas import measure_queries as queries
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure about a ward, in words.

    `unit` follows the number ("per 1,000 people", "%"); `explanation` is one or two sentences that
    say how it is worked out, with the source of a formula. `formula` is that formula in plain
    letters, line by line.
    """

    slug: str
    label: str
    unit: str
    explanation: str
    decimals: int = 1
    formula: tuple[str, ...] = ()
    # For the head of a narrow column; "": the label is short enough.
    short: str = ""


@dataclass(frozen=True, slots=True)
class WardValues:
    """The values of one ward by measure; None where nothing is known."""

    area_id: int
    gss_code: str
    name: str
    values: Mapping[str, float | None]
    population: float | None = None
    assets: int = 0
    care_homes: int = 0
    # How its small areas (LSOAs) were found: by the lookup, by their points, or not at all.
    is_by_lookup: bool | None = None


@dataclass(frozen=True, slots=True)
class DistrictValues:
    """All wards of a district in one boundary release, by name, and whose data it is."""

    lad_code: str
    lad_name: str
    release: str
    wards: Sequence[WardValues]
    source_ids: Sequence[int]
    # The measures that were worked out without a foot network.
    about: frozenset[str] = frozenset()
    is_newest: bool = True
    # Concept and label of each theme that groups are counted by (`groups:<concept>`).
    themes: Mapping[str, str] = field(default_factory=dict)

    def measure(self, slug: str) -> Measure | None:
        """Return a measure as it is worked out here, also of a theme; None: there is none."""
        found = measure_named(slug, self.themes)
        return as_about(found) if found and slug in self.about else found


GROUPS_OF_THEME = "groups:"
WITHIN_10 = "venue_within_10_minutes"
ACCESS_SCORE = "venue_access_score"
ASKED_IN_VAIN = "asked_in_vain"

# `geo.access.is_community_venue` in words.
COMMUNITY_VENUE = (
    "A community venue is a place on this map to meet in: a hall, a library, a church, a swimming"
    " pool and the like. Parks, pitches, allotments and whatever else is outdoors do not count; nor"
    " does a pub, café, restaurant or shop that is there for food, drink or shopping alone. A"
    " place that nobody has named an interest for counts if its name says hall, church, library or"
    " the like."
)

MEASURES: dict[str, Measure] = {
    measure.slug: measure
    for measure in (
        Measure(
            "assets_per_1000",
            "Places and groups",
            "per 1,000 people",
            "Everything on the map in the ward, for every 1,000 people who live there.",
            short="Places and groups per 1,000 people",
        ),
        Measure(
            "groups_per_1000",
            "Groups",
            "per 1,000 people",
            "Clubs, classes and other groups that meet in the ward, for every 1,000 people who live"
            " there.",
            short="Groups per 1,000 people",
        ),
        Measure(
            "checked_share",
            "Checked in the last 12 months",
            "%",
            "Out of every 100 entries in the ward, how many somebody has checked in the last 12"
            " months.",
            decimals=0,
        ),
        Measure(
            WITHIN_10,
            "People within 10 minutes’ walk of a community venue",
            "%",
            "Out of every 100 people who live in the ward, how many have a community venue within"
            f" 10 minutes’ walk at 5 km/h, in this ward or the next. {COMMUNITY_VENUE} The people"
            " of each small area (LSOA) are spread evenly over its postcodes.",
            decimals=0,
            short="People within 10 minutes’ walk of a community venue",
        ),
        Measure(
            ACCESS_SCORE,
            "Access to community venues",
            "venues per 1,000 people",
            "How many community venues people can walk to in 15 minutes, counting that everybody"
            f" near a venue shares it. {COMMUNITY_VENUE} Each venue is divided by the people who"
            " can walk to it; each person gets the sum of what they can walk to; the ward’s figure"
            " is the average of its people. This is the two-step floating catchment area method:"
            " W. Luo and F. Wang (2003), Environment and Planning B 30, pages 865 to 884.",
            decimals=2,
            formula=(
                "R(j) = S(j) ÷ sum of P(k) over all people k within 15 minutes of venue j",
                "A(i) = sum of R(j) over all venues j within 15 minutes of people i",
                "The ward’s figure = 1,000 × sum of P(i) × A(i) ÷ sum of P(i)",
            ),
            short="Community venues each 1,000 people can share",
        ),
        Measure(
            ASKED_IN_VAIN,
            "Interests asked for in vain in the last 12 months",
            "interests",
            "How many different things people in the ward asked for in the last 12 months when"
            " there was nothing within reach. Some of them may be there by now: the ward’s page"
            " says which. Who asked, and how many did, is not in it; nor is what shows faith or"
            " health.",
            decimals=0,
            short="Asked for in vain",
        ),
    )
}


def measure_named(slug: str, themes: Mapping[str, str]) -> Measure | None:
    """Return the measure called `slug`, also one of groups of a theme; None: there is none."""
    if slug in MEASURES:
        return MEASURES[slug]
    theme = slug.removeprefix(GROUPS_OF_THEME)
    if theme == slug or theme not in themes:
        return None
    return Measure(
        slug,
        f"Groups: {themes[theme]}",
        "groups",
        f"How many groups in the ward do something of “{themes[theme]}”, by what is said of the"
        " group or of the sessions it runs. A group counts once, however many things of it it"
        " does; one that does several kinds counts in each kind.",
        decimals=0,
    )


def as_about(measure: Measure) -> Measure:
    """Return a measure in the words for what was not worked out along streets."""
    return replace(
        measure,
        label=measure.label.replace("within 10 minutes", "within about 10 minutes"),
        short=measure.short.replace("within 10 minutes", "within about 10 minutes"),
        explanation=f"{measure.explanation} Minutes are about: where we have no streets, the"
        " straight line × 1.3.",
    )


def read_district(
    connection: sa.Connection, *, lad_code: str, release: str | None = None, today: dt.date
) -> DistrictValues:
    """Return every measure of every ward of a district; `release` None means the newest.

    The last year, and what has ended, count by `today`.

    Besides `MEASURES` there is `groups:<theme>` for each theme of the vocabulary. Three statements,
    however many wards. Raises `NotFound` for a district without wards.
    """
    found = find_district(connection, lad_code=lad_code, release=release, today=today)
    if found is None:
        of = f" in the boundaries of {release}" if release else ""
        raise NotFound(f"No district on this map has wards and the code {lad_code}{of}.")
    return found


def find_district(
    connection: sa.Connection, *, lad_code: str, release: str | None = None, today: dt.date
) -> DistrictValues | None:
    """Do as `read_district` does; None for a district without wards."""
    asked = queries.Wards(lad_code, release)
    rows = queries.list_ward_figures(connection, asked)
    return _as_district(connection, rows, asked, today) if rows else None


def read_wards(
    connection: sa.Connection, area_ids: Sequence[int], *, today: dt.date
) -> DistrictValues | None:
    """Return every measure of some wards, of whatever districts; None when there are none."""
    asked = queries.Wards(area_ids=area_ids)
    rows = queries.list_ward_figures(connection, asked) if area_ids else ()
    return _as_district(connection, rows, asked, today) if rows else None


def _as_district(
    connection: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    asked: queries.Wards,
    today: dt.date,
) -> DistrictValues:
    counts = queries.count_in_wards(connection, asked, today=today)
    themes = {row.concept: row.label for row in queries.list_themes(connection)}
    wards = [_values_of(row, counts.get(row.id), themes) for row in rows]
    sources = {row.source_id for row in rows}
    for some in rows:
        sources.update(some.source_ids or (), some.method_source_ids or ())
    for inside in counts.values():
        sources.update(inside.source_ids)
    first = rows[0]
    return DistrictValues(
        first.lad_code or "",
        first.lad_name or "",
        first.release,
        wards,
        sorted(sources),
        about=frozenset(one for row in rows for one in row.about or ()),
        is_newest=first.is_newest,
        themes=themes,
    )


def _values_of(
    row: sa.Row[Any], inside: sa.Row[Any] | None, themes: Mapping[str, str]
) -> WardValues:
    assets = inside.assets if inside else 0
    groups = inside.groups if inside else 0
    people = row.population or None
    kept = row.kept or {}
    by_theme = (inside.by_theme or {}) if inside else {}
    values: dict[str, float | None] = {
        "assets_per_1000": assets / people * 1000 if people else None,
        "groups_per_1000": groups / people * 1000 if people else None,
        "checked_share": inside.checked / assets * 100 if inside and assets else None,
        WITHIN_10: kept.get(WITHIN_10),
        ACCESS_SCORE: kept.get(ACCESS_SCORE),
        ASKED_IN_VAIN: row.unmet,
    }
    values |= {f"{GROUPS_OF_THEME}{theme}": by_theme.get(theme, 0) for theme in themes}
    return WardValues(
        row.id,
        row.gss_code,
        row.name,
        values,
        population=row.population,
        assets=assets,
        care_homes=inside.care_homes if inside else 0,
        is_by_lookup=row.is_by_lookup,
    )
