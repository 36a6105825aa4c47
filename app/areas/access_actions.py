"""Working out how well the people of each ward reach community venues on foot, and keeping it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
import structlog

from app.areas import access_queries as queries
from app.areas.measures import ACCESS_SCORE, WITHIN_10
from app.database import transaction
from app.walking.actions import Walking, WalkingCache
from app.walking.queries import allow_long, find_version
from geo.access import Demand, reach_on_foot, share_within, spread_population, two_step_scores
from geo.distance import WALKING_M_PER_MINUTE

log = structlog.get_logger("patchwork")

NEAR_MINUTES = 10.0
CATCHMENT_MINUTES = 15.0
# A venue outside the district counts if its people can walk there; whoever else can walk there
# shares it, as far away again.
VENUES_MARGIN_M = CATCHMENT_MINUTES * WALKING_M_PER_MINUTE
PEOPLE_MARGIN_M = 2 * VENUES_MARGIN_M


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of a district: how many of its wards have figures, or None: nothing was new."""

    lad_code: str
    release: str
    wards: int | None


def refresh_due(engine: sa.Engine) -> int:
    """Work out anew what is out of date; return how many wards (housekeeping's long job)."""
    return sum(one.wards or 0 for one in refresh_each(engine))


def refresh(
    connection: sa.Connection, *, lad_code: str | None = None, is_forced: bool = False
) -> list[Refreshed]:
    """Work out the measures of all districts, or one, in every release of wards loaded.

    Districts whose figures come from what is there now are left alone unless `is_forced`.
    """
    cache = WalkingCache()
    return [
        _refresh(connection, district, cache, is_forced=is_forced)
        for district in list_districts(connection, lad_code=lad_code)
    ]


def refresh_each(
    engine: sa.Engine,
    *,
    lad_code: str | None = None,
    is_forced: bool = False,
    told: Callable[[Refreshed, int], None] | None = None,
) -> list[Refreshed]:
    """Do as `refresh` does, a transaction a district and as long as it takes.

    `told` hears what became of each, and how many there are. A district that fails is logged and
    keeps the figures it had; the first error is raised after all had their turn.
    """
    cache = WalkingCache()
    with engine.connect() as connection:
        allow_long(connection)
        districts = list_districts(connection, lad_code=lad_code)
    done = []
    failed: Exception | None = None
    for district in districts:
        try:
            with transaction(engine) as session:
                allow_long(session.connection())
                one = _refresh(session.connection(), district, cache, is_forced=is_forced)
        except Exception as error:  # noqa: BLE001 - the others have to run; it is raised below
            log.error("ward figures failed", district=district.lad_code,
                      release=district.release, kind=type(error).__name__)  # fmt: skip
            failed = failed or error
            continue
        done.append(one)
        if told:
            told(one, len(districts))
    if failed is not None:
        raise failed
    return done


def list_districts(
    connection: sa.Connection, *, lad_code: str | None = None
) -> Sequence[sa.Row[Any]]:
    """Return the districts that have wards, by release, and whether each is out of date."""
    return queries.list_districts(
        connection,
        network=find_version(connection),
        margin_m=VENUES_MARGIN_M,
        lad_code=lad_code,
    )


def _refresh(
    connection: sa.Connection, district: sa.Row[Any], cache: WalkingCache, *, is_forced: bool
) -> Refreshed:
    lad_code, release = district.lad_code, district.release
    if not (district.is_due or is_forced):
        return Refreshed(lad_code, release, None)
    values, about = work_out(
        connection, lad_code=lad_code, release=release, walking=cache.get(connection)
    )
    queries.keep_measures(
        connection,
        lad_code=lad_code,
        release=release,
        fingerprint=district.fingerprint,
        values=values,
        about=about,
    )
    return Refreshed(lad_code, release, len(values))


def work_out(
    connection: sa.Connection, *, lad_code: str, release: str, walking: Walking | None
) -> tuple[dict[str, dict[str, float]], set[str]]:
    """Return the measures of a district's wards by code, and which wards have straight lines in it.

    A ward has none where the place of any of its people is unknown (an LSOA's outline is not
    loaded), and no ward has any where no venue is on the map in or near the district.
    """
    venues = _points(queries.list_venues_near(
        connection, lad_code=lad_code, release=release, margin_m=VENUES_MARGIN_M
    ))  # fmt: skip
    lsoas = queries.list_lsoas_near(
        connection, lad_code=lad_code, release=release, margin_m=PEOPLE_MARGIN_M
    )
    if not len(venues) or not lsoas:
        return {}, set()
    number = {row.gss_code: index for index, row in enumerate(lsoas)}
    demand = _demand(connection, lsoas, number, lad_code=lad_code, release=release)
    network = walking.network if walking else None
    reached = reach_on_foot(
        demand.points, venues, within_minutes=CATCHMENT_MINUTES, network=network
    )
    minutes = reached.nearest_minutes(len(demand.people))
    scores = two_step_scores(
        demand.people, np.ones(len(venues)), reached, catchment_minutes=CATCHMENT_MINUTES
    )
    is_about = np.ones(len(demand.people), dtype=bool)
    if network is not None:
        is_about = ~network.snap(demand.points).is_on
        is_about[reached.of_demand[reached.is_about]] = True
    values: dict[str, dict[str, float]] = {}
    about = set()
    for ward in queries.list_lsoas_of_wards(connection, lad_code=lad_code, release=release):
        if not all(code in number for code in ward.lsoas):
            continue
        lives_here = np.isin(demand.of_area, [number[code] for code in ward.lsoas])
        people = demand.people[lives_here]
        if not people.sum():
            continue
        share = share_within(people, minutes[lives_here], within_minutes=NEAR_MINUTES)
        values[ward.gss_code] = {
            WITHIN_10: share * 100,
            ACCESS_SCORE: float(np.average(scores[lives_here], weights=people)) * 1000,
        }
        if is_about[lives_here].any():
            about.add(ward.gss_code)
    return values, about


def _demand(
    connection: sa.Connection,
    lsoas: Sequence[sa.Row[Any]],
    number: dict[str, int],
    *,
    lad_code: str,
    release: str,
) -> Demand:
    postcodes = queries.list_postcodes_near(
        connection, lad_code=lad_code, release=release, margin_m=PEOPLE_MARGIN_M
    )
    return spread_population(
        np.array([row.population or 0.0 for row in lsoas]),
        _points(lsoas),
        np.array([number[row.gss_code] for row in postcodes], dtype=np.int64),
        _points(postcodes),
    )


def _points(rows: Sequence[sa.Row[Any]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([(row.easting, row.northing) for row in rows], dtype=np.float64).reshape(-1, 2)
