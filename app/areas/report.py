"""A ward on one page: everything the page, its PDF and its files show, read once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.areas import actions, report_queries, report_words
from app.areas.measures import MEASURES
from app.areas.report_figures import Around, figures_of
from app.areas.report_gaps import Gaps, read_gaps
from app.areas.report_parts import (
    Changed,
    Counted,
    Figure,
    Gap,
    HomeReach,
    Named,
    Neighbour,
    WardReport,
    checked_from,
)
from app.assets.schemas import Names, source_ids_of
from app.models import AssetKind
from app.walking.actions import Located, Walking
from app.walking.reach import count_within
from app.words import KINDS, LONDON
from geo.interests import Vocabulary

__all__ = [
    "Changed", "Counted", "Figure", "Gap", "HomeReach", "Named", "Neighbour", "WardReport",
    "read_changes", "read_report",
]  # fmt: skip

# More than any ward has: the report counts what it lists.
MOST_PLACES = 100_000
NEW_NAMED = 5


def read_report(
    connection: sa.Connection,
    ward: sa.Row[Any],
    names: Names,
    *,
    today: dt.date,
    walking: Walking | None = None,
) -> WardReport:
    """Return the report of a ward (a row of `actions.get_ward`)."""
    year_from = checked_from(today)
    around = _read_around(connection, ward, checked_from=year_from)
    places = actions.list_inside(connection, ward, limit=MOST_PLACES)
    by_id = {place.id: place for place in places}
    codes = [one.gss_code for one in around.wards]
    kept = report_queries.list_kept_measures(
        connection, codes=codes, release=ward.release, measures=list(MEASURES)
    )
    figures = figures_of(around, names, kept, today=today)
    homes = _read_homes(connection, places, walking)
    # What people asked for is kept by the wards of today.
    gaps = (
        read_gaps(connection, around, names, inside=by_id.keys(), today=today, walking=walking)
        if ward.is_newest
        else Gaps()
    )
    changed = _read_changed(connection, ward, by_id, since=report_words.quarter_before(today))
    kinds = _count_kinds(places, year_from)
    return WardReport(
        ward=ward,
        made_on=today,
        sentences=_sentences(ward, kinds, homes, gaps, figures),
        figures=figures,
        kinds=kinds,
        themes=_count_themes(connection, places, names.vocabulary, year_from),
        homes=homes,
        gaps=gaps.missing,
        changes=report_words.say_changes(changed, len(places)),
        places=places,
        source_ids=_sources(ward, around, places, gaps, walking),
        met=gaps.met,
        changed=changed,
        neighbours=[Neighbour(one.gss_code, one.name) for one in around.neighbours],
        year_from=year_from,
    )


def read_changes(connection: sa.Connection, ward: sa.Row[Any], *, today: dt.date) -> list[str]:
    """Return what a report says of changes since the last quarter began, without the rest of it."""
    places = actions.list_inside(connection, ward, limit=MOST_PLACES)
    by_id = {place.id: place for place in places}
    changed = _read_changed(connection, ward, by_id, since=report_words.quarter_before(today))
    return report_words.say_changes(changed, len(places))


def _read_around(connection: sa.Connection, ward: sa.Row[Any], *, checked_from: dt.date) -> Around:
    wards = report_queries.list_wards_around(connection, area_id=ward.id)
    counts = report_queries.count_in_wards(
        connection, area_ids=[one.id for one in wards], checked_from=checked_from
    )
    published = report_queries.list_published(connection, area_ids=[one.id for one in wards])
    return Around(ward.id, wards, counts, published)


def _is_fresh(place: sa.Row[Any], year_from: dt.date) -> bool:
    return place.assured_date is not None and place.assured_date >= year_from


def _count_kinds(places: Sequence[sa.Row[Any]], year_from: dt.date) -> list[Counted]:
    return [
        Counted(kind, many, len(of_kind), sum(_is_fresh(place, year_from) for place in of_kind))
        for kind, (_, many) in KINDS.items()
        for of_kind in [[place for place in places if place.kind == kind]]
    ]


def _count_themes(
    connection: sa.Connection,
    places: Sequence[sa.Row[Any]],
    vocabulary: Vocabulary,
    year_from: dt.date,
) -> list[Counted]:
    """Count places by what they or what happens there is about: one may be of several themes."""
    theme_of = {one.id: vocabulary.theme_of(one.id).id for one in vocabulary.concepts}
    themes = {place.id: _themes(place.interest_ids, theme_of) for place in places}
    rows = report_queries.list_interests_of_sessions(connection, asset_ids=list(themes))
    for row in rows:
        themes[row.asset_id] |= _themes(row.interest_ids, theme_of)
    counted = []
    for theme in vocabulary.concepts:
        if theme.broader_id is None:
            there = [place for place in places if theme.id in themes[place.id]]
            fresh = sum(_is_fresh(place, year_from) for place in there)
            counted.append(Counted(theme.concept, theme.label, len(there), fresh))
    return sorted(counted, key=lambda one: (-one.count, one.label))


def _themes(interest_ids: Iterable[int], theme_of: Mapping[int, int]) -> set[int]:
    return {theme_of[one] for one in interest_ids if one in theme_of}


def _read_homes(
    connection: sa.Connection, places: Sequence[sa.Row[Any]], walking: Walking | None
) -> list[HomeReach]:
    homes = [place for place in places if place.kind == AssetKind.CARE_HOME]
    placed = [Located(home.id, home.lon, home.lat) for home in homes if home.lon is not None]
    reach = count_within(connection, walking, homes=placed) if placed else {}
    return [
        HomeReach(
            home.id,
            home.name,
            home.beds,
            reach[home.id].within if home.id in reach else {},
            reach[home.id].is_about if home.id in reach else True,
        )
        for home in homes
    ]


def _read_changed(
    connection: sa.Connection,
    ward: sa.Row[Any],
    by_id: Mapping[str, sa.Row[Any]],
    *,
    since: dt.date,
) -> Changed:
    row = report_queries.find_changes(
        connection,
        area_id=ward.id,
        gss_code=ward.gss_code,
        asset_ids=list(by_id),
        since=dt.datetime.combine(since, dt.time(), LONDON),
    )
    new = [by_id[one] for one in row.new_ids[:NEW_NAMED]]
    return Changed(
        since=since,
        new=len(row.new_ids),
        gone=row.gone,
        checked=sum(_is_fresh(place, since) for place in by_id.values()),
        corrected=row.corrected,
        new_places=[Named(place.id, place.name, place.kind) for place in new],
    )


def _sentences(
    ward: sa.Row[Any],
    kinds: Sequence[Counted],
    homes: Sequence[HomeReach],
    gaps: Gaps,
    figures: Sequence[Figure],
) -> list[str]:
    total, fresh = (sum(k.count for k in kinds), sum(k.checked_this_year for k in kinds))
    per_1000 = next(figure for figure in figures if figure.slug == "assets_per_1000")
    said = [
        report_words.say_total(kinds),
        report_words.say_checked(fresh, total),
        report_words.say_homes(homes) if total else None,
        report_words.say_gaps(gaps.missing, gaps.met) if ward.is_newest else None,
        report_words.say_comparison(per_1000, ward.lad_name),
    ]
    return [sentence for sentence in said if sentence]


def _sources(
    ward: sa.Row[Any],
    around: Around,
    places: Sequence[sa.Row[Any]],
    gaps: Gaps,
    walking: Walking | None,
) -> list[int]:
    ours = around.published.get(ward.id)
    published = (
        (ours.population_source, ours.older_source, ours.imd_source, *ours.lsoa_sources)
        if ours
        else ()
    )
    found = {
        ward.source_id,
        *(one for one in published if one is not None),
        *source_ids_of(places),
        *gaps.source_ids,
        *(walking.source_ids if walking else ()),
    }
    return sorted(found)
