"""Who has somebody to ring, in numbers, for editors: by home (a map too), by ward and by theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.access import ForAdministrators, ForEditors
from app.assets.schemas import Names
from app.errors import BadQuestion
from app.everyone import summary, summary_queries
from app.everyone.maps import MOST_HOMES, has_signs, map_of_homes, swatch_of
from app.everyone.shares import sentences
from app.everyone.summary import Counts, HomeCounts, Summary, SummaryCache, WardCounts
from app.jobs.asking import FIRST, ask
from app.jobs.kinds import EVERYONE, KINDS
from app.parameters import Address, Query
from app.rendering import csv_answer, map_answer, page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ON_A_PAGE, WARDS_AT_ONCE = 50, 50
SAID = {
    "asked": "A run is in the queue and begins in a moment. This page shows it when it is done.",
    "waits": "A run is in the queue already. This page shows it when it is done.",
}
# A small number in a spreadsheet is words too: an empty cell would be taken for none.
COUNTED = ("residents", "somebody to ring", "nobody in reach", "not asked for")
FEW = "fewer than 8"


@router.get("/matched", include_in_schema=False)
def show_matched(request: Request, work: ForEditors) -> Response:
    """Show the homes with nobody to ring, then the same by ward and by theme."""
    query = Query(request.query_params)
    number = query.page()
    connection = work.session.connection()
    found = _summary(request, connection)
    districts = _districts(found)
    district = _district_asked(query, districts)
    every = [one for one in found.homes if _is_in(one, district)]
    homes = [one for one in every if one.nobody != 0]
    start = (number - 1) * ON_A_PAGE
    is_too_many = not district and len(every) > MOST_HOMES
    return page(
        request,
        "matched.html",
        query=query,
        summary=found,
        homes=homes[start : start + ON_A_PAGE],
        has_more=len(homes) > start + ON_A_PAGE,
        number=number,
        wards=[one for one in found.wards if _is_in(one, district)],
        wards_at_once=WARDS_AT_ONCE,
        districts=sorted(districts.items(), key=lambda item: item[1]),
        district=district,
        began=summary_queries.began_unfinished(connection),
        said=SAID.get(query.typed("said")),
        rounded=summary.rounded,
        sentences=sentences,
        swatch_of=swatch_of,
        has_signs=has_signs(every),
        is_too_many=is_too_many,
        map_address=None
        if is_too_many or not any(one.id for one in every)
        else Address("/matched/map", ()).setting(district=district or None),
        map_title=_title(districts.get(district)),
    )


@router.get("/matched/map", include_in_schema=False)
def map_homes(request: Request, work: ForEditors) -> Response:
    """Draw the homes of a district, or all of them, by how many have nobody to ring."""
    query = Query(request.query_params)
    connection = work.session.connection()
    found = _summary(request, connection)
    districts = _districts(found)
    district = _district_asked(query, districts)
    homes = [one for one in found.homes if _is_in(one, district)]
    if not district and len(homes) > MOST_HOMES:
        raise BadQuestion(
            "There are too many homes for one map: say of which district, by its code, like"
            " district=E08000032.", field="district",
        )  # fmt: skip
    names: Names = request.app.state.names.get(connection)
    document = map_of_homes(
        connection, homes, names,
        title=_title(districts.get(district)), settings=request.app.state.settings,
    )  # fmt: skip
    answer = map_answer(document)
    answer.headers["cache-control"] = "private, no-store"
    return answer


@router.post("/matched", include_in_schema=False)
def ask_for_run(work: ForAdministrators) -> Response:
    """Ask for a run of everybody now, beside the one each night."""
    is_new = ask(work.session, EVERYONE, lock=KINDS[EVERYONE].lock, priority=FIRST)
    return see_other(f"/matched?said={'asked' if is_new else 'waits'}")


@router.get("/matched/homes.csv", include_in_schema=False)
def list_homes(request: Request, work: ForEditors) -> Response:
    """Return every home with its counts as a spreadsheet."""
    homes = _summary(request, work.session.connection()).homes
    return _private_csv(
        ("home", "ward", "ward code", "district", *COUNTED, "address on this map"),
        (
            (
                one.name, one.ward, one.ward_code, one.district, *_cells(one),
                f"/homes/{one.id}" if one.id else None,
            )
            for one in homes
        ),
        name="matched-homes",
    )  # fmt: skip


@router.get("/matched/wards.csv", include_in_schema=False)
def list_wards(request: Request, work: ForEditors) -> Response:
    """Return every ward with its counts as a spreadsheet."""
    wards = _summary(request, work.session.connection()).wards
    return _private_csv(
        ("ward", "ward code", "district", *COUNTED),
        ((one.name, one.code, one.district, *_cells(one)) for one in wards),
        name="matched-wards",
    )


@router.get("/matched/themes.csv", include_in_schema=False)
def list_themes(request: Request, work: ForEditors) -> Response:
    """Return every theme with how many ask for it, and for how many it is out of reach."""
    themes = _summary(request, work.session.connection()).themes
    return _private_csv(
        ("theme", "asked for by", "some of it out of reach for"),
        ((one.label, _cell(one.asked), _cell(one.unmet)) for one in themes),
        name="matched-themes",
    )


def _summary(request: Request, connection: sa.Connection) -> Summary:
    cache: SummaryCache = request.app.state.matched
    return cache.get(connection)


def _districts(found: Summary) -> dict[str, str]:
    return {one.lad_code: one.district or one.lad_code for one in found.wards if one.lad_code}


def _district_asked(query: Query, districts: Mapping[str, str]) -> str:
    """Return the code of a district there is, or nothing: then all of them are shown."""
    district = query.typed("district")
    return district if district in districts else ""


def _title(district: str | None) -> str:
    return f"Map of the homes{f' of {district}' if district else ''}: who has nobody to ring"


def _is_in(one: HomeCounts | WardCounts, district: str) -> bool:
    return not district or one.lad_code == district


def _cell(count: int | None) -> int | str:
    return FEW if count is None else count


def _cells(counts: Counts) -> tuple[int | str, ...]:
    return tuple(
        _cell(one) for one in (counts.residents, counts.matched, counts.nobody, counts.unasked)
    )


def _private_csv(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, name: str
) -> Response:
    answer = csv_answer(columns, rows, name=name)
    answer.headers["cache-control"] = "private, no-store"
    return answer
