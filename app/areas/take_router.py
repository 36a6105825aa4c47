"""The addresses that take a ward away: PDF, picture, one file for a memory stick, tables, embed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.areas import actions, queries, take_district, take_files, take_sheet, take_tables
from app.areas.measures import read_district
from app.areas.report import WardReport, read_report
from app.areas.report_words import kind_words
from app.areas.take import SHEET, Ground, map_to_carry, picture_of, read_ground
from app.assets.schemas import Names
from app.dependencies import Reading
from app.errors import BadQuestion
from app.exports.workbooks import as_xlsx
from app.parameter_docs import WardCode, answers, parameters
from app.parameters import Query, read_gss_code, today
from app.printing import CannotPrint, make_fitting_pdf
from app.rendering import STATIC, Pages, csv_answer, map_answer, page
from app.words import KINDS
from geo.credits import merged_credits
from geo.pictures import FRAME, PAPER, SLIDE, SMALL

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

OF_RELEASE = parameters("release")
A_TABLE = answers({"type": "string"}, media_type="text/csv", not_found=True)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GPKG = "application/geopackage+sqlite3"
SIZES = {"slide": SLIDE, "paper": PAPER, "small": SMALL, "frame": FRAME}
TABLES = {"figures": take_tables.figures, "homes": take_tables.homes, "gaps": take_tables.gaps}
# A council's page may show it in a frame; nothing on it can be pressed but links.
EMBED_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors *"
)
# A picture on a council's page is asked for by everybody who reads that page.
KEPT = {"cache-control": "public, max-age=3600"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A ward as it is asked for, with all its page shows."""

    report: WardReport
    ground: Ground
    names: Names

    @property
    def file_name(self) -> str:
        """What a file of it is called, without its ending."""
        ward = self.report.ward
        boundaries = "" if ward.is_newest else f"-boundaries-{ward.release}"
        return f"ward-{ward.gss_code}{boundaries}-{self.report.made_on}"

    @property
    def attribution(self) -> list[str]:
        """Everybody who has to be named for the report and its map."""
        said = [*self.names.attribution(self.report.source_ids), *self.ground.attribution]
        return list(dict.fromkeys(said))


def _ward(
    connection: sa.Connection, request: Request, gss_code: str
) -> tuple[sa.Row[tuple[object]], Names]:
    query = Query(request.query_params)
    release = query.release()
    query.refuse_problems()
    names: Names = request.app.state.names.get(connection)
    return actions.get_ward(connection, gss_code=read_gss_code(gss_code), release=release), names


def _take(request: Request, gss_code: str, connect: Reading, *, has_streets: bool = False) -> Taken:
    with connect() as connection:
        ward, names = _ward(connection, request, gss_code)
        walking = request.app.state.walking.get(connection)
        report = read_report(connection, ward, names, today=today(), walking=walking)
        ground = read_ground(connection, ward, names, has_streets=has_streets)
    return Taken(report, ground, names)


def _of_release(ward: sa.Row[tuple[object]]) -> str:
    return "" if ward.is_newest else f"?release={ward.release}"


def _download(content: bytes, media_type: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


@router.get("/wards/{gss_code}.png", include_in_schema=False)
def draw_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return the map of a ward as a picture: for a slide, for paper (`size=paper`), or small."""
    query = Query(request.query_params)
    query.words("size", SIZES)
    size = SIZES.get(query.text("size") or "", SLIDE)
    query.refuse_problems()
    with connect() as connection:
        ward, names = _ward(connection, request, gss_code)
        ground = read_ground(connection, ward, names)
    # The page in a frame says title, sources and date itself.
    content = picture_of(ground, made_on=today(), size=size, is_part_of_page=size is FRAME)
    return Response(content, media_type="image/png", headers=KEPT)


@router.get("/wards/{gss_code}.pdf", include_in_schema=False)
def print_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return a ward on one sheet of paper, tagged, in large type."""
    taken = _take(request, gss_code, connect, has_streets=True)
    report = taken.report
    pages: Pages = request.app.state.pages

    def make_html(room: int) -> str:
        return pages.render(
            "ward_pdf.html",
            ward=report.ward,
            report=report,
            sheet=take_sheet.shorten(report, room),
            map_words=take_sheet.map_in_words(report),
            beside=(take_tables.NEXT_DOOR, take_tables.MIDDLE_WARD),
            label_of=take_tables.label_of,
            attribution=merged_credits(taken.attribution),
            of_release=_of_release(report.ward),
        ).decode()

    picture = picture_of(taken.ground, made_on=report.made_on, size=SHEET, is_part_of_page=True)
    try:
        content = make_fitting_pdf(
            make_html,
            most=take_sheet.longest(report),
            stylesheet=STATIC / "take.css",
            pictures={"picture:map": picture},
        )
    except CannotPrint:
        return page(
            request,
            "problem.html",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            title="No PDF can be made here",
            detail="Open the ward’s page and print it from your browser instead.",
        )
    disposition = f'inline; filename="{taken.file_name}.pdf"'
    return Response(
        content,
        media_type="application/pdf",
        headers={"content-disposition": disposition},
    )


@router.get("/wards/{gss_code}/map.html", include_in_schema=False)
def carry_map(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return the map of a ward as one file that works without a network."""
    made_on = today()
    with connect() as connection:
        ward, names = _ward(connection, request, gss_code)
        ground = read_ground(connection, ward, names, has_streets=False)
    answer = map_answer(map_to_carry(ground, made_on=made_on, settings=request.app.state.settings))
    name = f"map-{ward.gss_code}-{made_on}.html"
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


@router.get("/wards/{gss_code}.xlsx", include_in_schema=False)
def export_workbook(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return everything a ward's page shows as a workbook."""
    taken = _take(request, gss_code, connect)
    content = as_xlsx(
        take_tables.tables_of(taken.report, taken.names, taken.attribution),
        title=take_tables.title_of(taken.report),
        made_on=taken.report.made_on,
    )
    return _download(content, XLSX, f"{taken.file_name}.xlsx")


@router.get("/wards/{gss_code}.gpkg", include_in_schema=False)
def export_geopackage(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return everything a ward's page shows as a GeoPackage, for GIS."""
    taken = _take(request, gss_code, connect)
    tables = take_tables.tables_of(taken.report, taken.names, taken.attribution)
    content = take_files.as_gpkg(taken.report, taken.ground, taken.names, tables)
    return _download(content, GPKG, f"{taken.file_name}.gpkg")


@router.get("/wards.xlsx", include_in_schema=False)
@router.get("/wards.gpkg", include_in_schema=False)
def export_comparison(request: Request, connect: Reading) -> Response:
    """Return the wards of a district with the figures that compare them."""
    query, made_on = Query(request.query_params), today()
    lad_code, release = query.gss_code("district"), query.release()
    query.refuse_problems()
    is_table = request.url.path.endswith(".xlsx")
    with connect() as connection:
        names: Names = request.app.state.names.get(connection)
        if lad_code is None:
            known = queries.list_districts(connection, release=release)
            if len(known) != 1:
                message = "Say which district, by its code: choose one on the page Wards."
                raise BadQuestion(message, field="district")
            lad_code = known[0].lad_code
        district = read_district(connection, lad_code=lad_code, release=release, today=made_on)
        if is_table:
            title = take_district.title_of(district, made_on=made_on)
            tables = take_district.tables_of(district, names, made_on=made_on)
            content = as_xlsx(tables, title=title, made_on=made_on)
        else:
            content = take_district.as_gpkg(connection, district, names, made_on=made_on)
    name = f"wards-{lad_code}-{district.release}-{made_on}"
    if is_table:
        return _download(content, XLSX, f"{name}.xlsx")
    return _download(content, GPKG, f"{name}.gpkg")


@router.get(
    "/wards/{gss_code}/figures.csv",
    tags=["wards"],
    summary="The figures of a ward as a spreadsheet",
    openapi_extra=OF_RELEASE,
    responses=A_TABLE,
)
@router.get(
    "/wards/{gss_code}/homes.csv",
    tags=["wards"],
    summary="The care homes of a ward as a spreadsheet",
    openapi_extra=OF_RELEASE,
    responses=A_TABLE,
)
@router.get(
    "/wards/{gss_code}/gaps.csv",
    tags=["wards"],
    summary="What is asked for in a ward in vain, as a spreadsheet",
    openapi_extra=OF_RELEASE,
    responses=A_TABLE,
)
def export_table(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Return one table of a ward as a spreadsheet."""
    what = request.url.path.rpartition("/")[2].removesuffix(".csv")
    taken = _take(request, gss_code, connect)
    table = take_tables.with_credit(TABLES[what](taken.report), taken.report, taken.attribution)
    return csv_answer(table.columns, table.rows, name=f"{taken.file_name}-{what}")


@router.get("/wards/{gss_code}/embed", include_in_schema=False)
def embed_ward(request: Request, gss_code: WardCode, connect: Reading) -> Response:
    """Show a ward in a frame of the council's own site."""
    with connect() as connection:
        ward, names = _ward(connection, request, gss_code)
        ground = read_ground(connection, ward, names, has_streets=False)
    pages: Pages = request.app.state.pages
    by_kind = Counter(row.kind for row in ground.rows)
    counts = [kind_words(kind, by_kind[kind]) for kind in KINDS if by_kind[kind]]
    body = pages.render(
        "ward_embed.html",
        ward=ward,
        ground=ground,
        counts=counts,
        made_on=today(),
        attribution=merged_credits(ground.attribution),
        of_release=_of_release(ward),
    )
    return Response(
        body,
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": EMBED_CSP, **KEPT},
    )
