"""Every address there is, who may ask it, and what answers to one's own, another's, a missing one.

A route that is not here fails the suite, and so does a row whose route has gone. To add a route,
add its row: its access class is compared with what its handler really depends on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from app.accounts.people import TEAM_ROLES
from app.models import Role

OK, SEE_OTHER = frozenset({200}), frozenset({303})
NOT_FOUND, PROBLEM, CONFLICT = frozenset({404}), frozenset({422}), frozenset({409})
GONE, NOT_ALLOWED, BAD = frozenset({410}), frozenset({403}), frozenset({400})


class Access(Enum):
    """Who may ask: None is everybody, an empty set everybody who is signed in."""

    PUBLIC = None
    SIGNED_IN = frozenset[Role]()
    TEAM = frozenset(TEAM_ROLES)
    MANAGERS = frozenset({Role.MANAGER})
    INVITERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
    WARDS = frozenset({Role.COUNCILLOR, Role.MAPPER})
    MAPPERS = frozenset({Role.MAPPER, Role.EDITOR, Role.ADMINISTRATOR})
    EDITORS = frozenset({Role.EDITOR, Role.ADMINISTRATOR})
    ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


# What addresses name that everybody may see.
ON_THE_MAP = (
    "asset_id", "home_id", "gss_code", "service_id", "link_id", "taxonomy_id", "term_id",
    "collectionId", "z", "tileMatrixSetId", "concept",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One address.

    `path`, the values of `form` and `query` may name things in braces: one's own, another's or
    missing ones are put in. `own` and `gone` are the statuses of the first and of the other two;
    `own_for` says where a role that may ask is answered otherwise.
    """

    method: str
    path: str
    access: Access
    own: frozenset[int] = OK
    gone: frozenset[int] = NOT_FOUND
    form: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    own_for: Mapping[str, frozenset[int]] = field(default_factory=dict)
    # An administrator's own are everybody's.
    is_all_an_administrators: bool = False

    @property
    def address(self) -> str:
        """The path with its query, not yet filled in."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def is_about_the_map(self) -> bool:
        """Whether it is about what everybody may see: nobody's own, nobody else's."""
        return any(f"{{{name}}}" in self.path for name in ON_THE_MAP)

    @property
    def names_something(self) -> bool:
        """Whether there is a difference between one's own and another's."""
        return "{" in self.path or "{" in self.query or any("{" in v for v in self.form.values())


def _get(path: str, access: Access = Access.PUBLIC, **more: object) -> Row:
    return Row("GET", path, access, **more)  # type: ignore[arg-type]  # rows are short


def _post(path: str, access: Access = Access.PUBLIC, **more: object) -> Row:
    return Row("POST", path, access, **({"own": PROBLEM} | more))  # type: ignore[arg-type]


# Who is in no team: "own" is then somebody else's.
TEAMLESS = ("mapper", "councillor", "editor", "administrator", "newcomer", "former")
ASKED = "near=BD1+1HY&interest=bowls"
TEAM, MANAGERS, SIGNED_IN = Access.TEAM, Access.MANAGERS, Access.SIGNED_IN
INVITERS, ADMINISTRATORS = Access.INVITERS, Access.ADMINISTRATORS

PUBLIC_ROWS = (
    Row("MOUNT", "/static", Access.PUBLIC),
    _get("/"),
    _get("/about"),
    _get("/api"),
    _get("/api/openapi.json"),
    _get("/theme.css"),
    _get("/health"),
    _get("/health/ready"),
    _get("/assets"),
    _get("/assets.csv"),
    _get("/assets.geojson"),
    _get("/assets/map"),
    _get("/assets/{asset_id}"),
    _get("/assets/{asset_id}/map"),
    _get("/api/assets"),
    _get("/api/assets/{asset_id}"),
    _get("/wards"),
    _get("/wards.csv"),
    _get("/wards.geojson"),
    _get("/wards/{gss_code}"),
    _get("/wards/{gss_code}.csv"),
    _get("/wards/{gss_code}.geojson"),
    _get("/wards/{gss_code}/boundary.geojson"),
    _get("/wards/{gss_code}/map"),
    _get("/api/wards"),
    _get("/api/wards/{gss_code}"),
    _get("/api/interests", query="q=bowls"),
    _get("/matches", query=ASKED),
    _get("/matches.csv", query=ASKED),
    _get("/matches.geojson", query=ASKED),
    _get("/matches/map", query=ASKED),
    _get("/api/matches", query=ASKED),
    _get("/homes/{home_id}"),
    # Without a foot network nobody knows.
    _get("/isochrones.geojson", query="lon=-1.75&lat=53.79", own=NOT_FOUND),
)
ACCOUNT_ROWS = (
    _get("/sign-in"),
    _post("/sign-in"),
    _post("/sign-in/link"),
    # What a link or an invitation opens is tested with accounts; here nobody has the secret.
    _get("/sign-in/link/{token}", own=GONE, gone=GONE),
    _post("/sign-in/link/{token}", own=GONE, gone=GONE),
    _post("/sign-in/sample", own=NOT_FOUND),
    _get("/sign-in/oidc", own=NOT_FOUND),
    _get("/sign-in/oidc/callback", own=NOT_FOUND),
    _post("/sign-out", own=SEE_OTHER),
    _get("/account", SIGNED_IN),
    _post("/account/name", SIGNED_IN),
    _post("/account/password", SIGNED_IN),
    _post("/account/team", SIGNED_IN, own=SEE_OTHER, form={"team": "{team_id}"},
          own_for=dict.fromkeys(TEAMLESS, NOT_FOUND)),
    _post("/account/sessions/end", SIGNED_IN, own=SEE_OTHER),
    _post("/account/sessions/{session_id}/end", SIGNED_IN, own=SEE_OTHER),
    _get("/people", INVITERS),
    _post("/people/invitations", INVITERS),
    _post("/people/invitations/{invitation_id}/withdraw", INVITERS, own=SEE_OTHER,
          is_all_an_administrators=True),
    _post("/people/memberships/{membership_id}/end", INVITERS, own=OK,
          is_all_an_administrators=True),
    _post("/people/teams", ADMINISTRATORS),
    _get("/invitations/{token}", own=GONE, gone=GONE),
    _post("/invitations/{token}", own=GONE, gone=GONE),
)  # fmt: skip
RESIDENT_ROWS = (
    _get("/residents", TEAM),
    _get("/residents/new", TEAM),
    _post("/residents", TEAM),
    _get("/residents/sheet", TEAM),
    _get("/residents/withdrawn", TEAM),
    _post("/residents/withdrawn/undo", MANAGERS, gone=PROBLEM, form={"reference": "{reference}"}),
    _post("/residents/withdrawn/erase", MANAGERS, own=SEE_OTHER, gone=PROBLEM,
          form={"reference": "{reference}"}),
    _get("/residents/receipts", TEAM),
    _post("/residents/receipts", TEAM, own=OK, gone=OK, form={"reference": "{reference}"}),
    _get("/residents/receipts/{receipt_id}", TEAM),
    _get("/residents/{reference}", TEAM),
    _get("/residents/{reference}/interests", TEAM),
    # Without the version that was looked at nothing is overwritten.
    _post("/residents/{reference}/interests", TEAM, own=CONFLICT),
    _get("/residents/{reference}/details", TEAM),
    _post("/residents/{reference}/details", TEAM),
    _get("/residents/{reference}/basis", TEAM),
    _post("/residents/{reference}/basis", TEAM),
    _get("/residents/{reference}/withdraw", TEAM),
    _post("/residents/{reference}/withdraw", TEAM, own=SEE_OTHER),
    _get("/residents/{reference}/erase", MANAGERS),
    _post("/residents/{reference}/erase", MANAGERS, own=SEE_OTHER),
    _get("/residents/{reference}/export", TEAM),
    _get("/residents/{reference}/export.json", TEAM),
    _get("/offers", TEAM),
    _post("/offers", TEAM, own_for={"connector": NOT_ALLOWED}),
    _post("/offers/{offer_id}/end", TEAM, own=SEE_OTHER),
)  # fmt: skip
FIND_ROWS = (
    _post("/matches", own=OK),
    _post("/matches/map", own=PROBLEM),
    _get("/residents/{reference}/matches", TEAM),
    _post("/residents/{reference}/matches", TEAM, own=OK),
    _get("/residents/{reference}/matches/map", TEAM),
    _post("/residents/{reference}/matches/map", TEAM, own=OK),
    _get("/matches/everyone", TEAM),
    _post("/matches/everyone", TEAM, own=OK),
)
CONNECTION_ROWS = (
    _get("/connections", TEAM),
    _post("/connections", TEAM, own=SEE_OTHER,
          form={"asset_id": "{club_id}", "activity_id": "{boccia_id}", "reference": "{reference}"}),
    _post("/connections/owner", TEAM, own=NOT_ALLOWED, own_for={"manager_a": PROBLEM}),
    _get("/connections/{connection_id}", TEAM),
    _post("/connections/{connection_id}", TEAM, own=SEE_OTHER),
    _post("/connections/{connection_id}/status", TEAM),
    _post("/connections/{connection_id}/notes", TEAM),
    _post("/connections/{connection_id}/visits", TEAM),
    _get("/connections/{connection_id}/visits/{visit_id}", TEAM),
    _post("/connections/{connection_id}/visits/{visit_id}", TEAM, own=SEE_OTHER),
)  # fmt: skip
CALENDAR_ROWS = (
    _get("/week", TEAM),
    _get("/week.csv", TEAM),
    _post("/week/address", TEAM, own=SEE_OTHER),
    _get("/connections/{connection_id}/times", TEAM),
    _post("/connections/{connection_id}/times", TEAM),
    _post("/connections/{connection_id}/times/{time_id}/end", TEAM, own=CONFLICT),
    _get("/connections/{connection_id}/dates", TEAM),
    _post("/connections/{connection_id}/dates", TEAM),
    _get("/calendar/{token}.ics", own=NOT_FOUND),
    _get("/handover", TEAM),
    _get("/handover.pdf", TEAM),
)
TODAY_ROWS = (_get("/today", SIGNED_IN),)
MAPPERS, EDITORS = Access.MAPPERS, Access.EDITORS

# Walking the patch: the map and what works without signal.
WALKING_ROWS = (
    _get("/map"),
    _get("/map/patches"),
    _get("/map/patches/{gss_code}.json"),
    _get("/map/patches/{gss_code}/size"),
    _get("/map/near.json", query="bbox=-1.80,53.78,-1.70,53.83"),
    _get("/map/assets/{asset_id}.json"),
    _get("/map/base.pmtiles", own=NOT_FOUND),
    _get("/sw.js"),
    _get("/manifest.webmanifest"),
    _get("/map/icon-192.png"),
    _get("/map/icon-512.png"),
    _get("/api/me"),
)

# What is recorded: sent from a phone, by a plain form, with photos.
RECORDING_ROWS: tuple[Row, ...] = (
    _post("/api/fieldwork/submissions", MAPPERS),
    _get("/map/new", MAPPERS),
    _post("/map/new", MAPPERS),
    _get("/assets/{asset_id}/edit", MAPPERS),
    _post("/assets/{asset_id}/edit", MAPPERS),
    _post("/assets/{asset_id}/check", MAPPERS),
    _post("/assets/{asset_id}/photos", MAPPERS),
    # Which photo is whose is tested with photos; here nobody has one.
    _get("/photos/{photo_id}.jpg", own=NOT_FOUND),
    _get("/photos/{photo_id}/small.jpg", own=NOT_FOUND),
)

# Suggestions, claims, posters, the queue, history.
MODERATION_ROWS: tuple[Row, ...] = (
    _get("/suggest"),
    _post("/suggest"),
    _get("/posters", MAPPERS),
    _post("/posters", MAPPERS),
    # What is in no team is nobody's own: who may ask is tested here, the rest with the queue.
    _get("/posters/{code}", MAPPERS, own=NOT_FOUND),
    _get("/posters/{code}.pdf", MAPPERS, own=NOT_FOUND),
    # The eleventh in a quarter of an hour has to wait.
    _post("/assets/{asset_id}/claim", own=frozenset({200, 429})),
    _get("/claims/{token}", own=GONE, gone=GONE),
    _post("/claims/{token}", own=GONE, gone=GONE),
    _get("/assets/{asset_id}/history"),
    _post("/assets/{asset_id}/history/{change_id}/undo", MAPPERS, own=NOT_FOUND),
    _get("/queue", EDITORS),
    _post("/queue/{kind}/{item}/approve", EDITORS, own=NOT_FOUND),
    _post("/queue/{kind}/{item}/reject", EDITORS, own=NOT_FOUND),
    _post("/queue/{kind}/{item}/undo", EDITORS, own=NOT_FOUND),
)

# Pairs that may be one place.
# "Own" and another's are two entries of the map, which every editor decides about; a form that
# chooses nothing merges nothing, and what somebody decided before is told.
DUPLICATE_ROWS = (
    _get("/duplicates", Access.EDITORS),
    _get("/duplicates/{asset_id}/{other_id}", Access.EDITORS),
    _get("/duplicates/{asset_id}/{other_id}/map", Access.EDITORS),
    _post("/duplicates/{asset_id}/{other_id}/merge", Access.EDITORS),
    _post("/duplicates/{asset_id}/{other_id}/apart", Access.EDITORS, own=SEE_OTHER),
    _post("/duplicates/{asset_id}/{other_id}/undo", Access.EDITORS, own=SEE_OTHER | PROBLEM),
)

# Wards on one page: comparing, taking away, two releases, and where councillors start.
COMPARE_ROWS: tuple[Row, ...] = (_get("/wards/map", query="district=E08000032"),)
TAKE_ROWS = (
    _get("/wards.xlsx"),
    _get("/wards.gpkg"),
    _get("/wards/{gss_code}.png"),
    _get("/wards/{gss_code}.pdf"),
    _get("/wards/{gss_code}.xlsx"),
    _get("/wards/{gss_code}.gpkg"),
    _get("/wards/{gss_code}/map.html"),
    _get("/wards/{gss_code}/figures.csv"),
    _get("/wards/{gss_code}/homes.csv"),
    _get("/wards/{gss_code}/gaps.csv"),
    _get("/wards/{gss_code}/embed"),
)
BOUNDARY_ROWS: tuple[Row, ...] = (_get("/wards/boundaries", query="near=BD1+1HY"),)
COUNCILLOR_ROWS: tuple[Row, ...] = (
    _get("/my-wards", Access.WARDS),
    _post("/my-wards", Access.WARDS),
)

# Open both ways: what others read from us, what we read from others, and who looks after it.
ORUK_ROWS = (
    _get("/oruk"),
    _get("/oruk/"),
    _get("/oruk/openapi.json"),
    _get("/oruk/services", query="full=true"),
    _get("/oruk/services/{service_id}"),
    _get("/oruk/service_at_locations", query="full=true"),
    _get("/oruk/service_at_locations/{link_id}"),
    _get("/oruk/organizations", query="full_service=true"),
    _get("/oruk/organizations/{asset_id}"),
    _get("/oruk/taxonomies"),
    _get("/oruk/taxonomies/{taxonomy_id}"),
    _get("/oruk/taxonomy_terms"),
    _get("/oruk/taxonomy_terms/{term_id}"),
)
# tipg's own addresses, which are mounted as an application of their own.
_COLLECTION = "/ogc/collections/{collectionId}"
_TILES = f"{_COLLECTION}/tiles/{{tileMatrixSetId}}"
OGC_ROWS: tuple[Row, ...] = (
    Row("MOUNT", "/ogc", Access.PUBLIC),
    _get("/ogc/"),
    _get("/ogc/api"),
    _get("/ogc/api.html"),
    _get("/ogc/conformance"),
    _get("/ogc/collections"),
    _get(_COLLECTION),
    _get(f"{_COLLECTION}/queryables"),
    _get(f"{_COLLECTION}/items", query="limit=1000"),
    # Nothing of that id is in most collections.
    _get(f"{_COLLECTION}/items/{{itemId}}"),
    _get("/ogc/tileMatrixSets"),
    _get("/ogc/tileMatrixSets/{tileMatrixSetId}", gone=NOT_FOUND | BAD),
    _get(f"{_COLLECTION}/tiles"),
    _get(_TILES, gone=NOT_FOUND | BAD),
    _get(f"{_TILES}/{{z}}/{{x}}/{{y}}", gone=NOT_FOUND | BAD),
    _get(f"{_TILES}/tilejson.json", gone=NOT_FOUND | BAD),
    _get(f"{_TILES}/style.json", gone=NOT_FOUND | BAD),
    _get(f"{_TILES}/map.html", gone=NOT_FOUND | BAD),
)
EXPORT_ROWS: tuple[Row, ...] = (
    _get("/exports"),
    *(
        _get(f"/{name}.{ending}")
        for name in ("assets", "activities")
        for ending in ("gpkg", "xlsx", "zip", "kml", "parquet", "fgb")
    ),
)
# Nobody's own: every editor looks after all of them, and here there is none of that number.
FEED_ROWS: tuple[Row, ...] = (
    _get("/feeds", EDITORS),
    _get("/feeds/new", EDITORS),
    _post("/feeds/new", EDITORS),
    _get("/feeds/{feed_id}", EDITORS, own=NOT_FOUND),
    _post("/feeds/{feed_id}", EDITORS, own=NOT_FOUND),
    _post("/feeds/{feed_id}/run", EDITORS, own=NOT_FOUND),
    _post("/feeds/{feed_id}/pause", EDITORS, own=NOT_FOUND),
    _post("/feeds/{feed_id}/resume", EDITORS, own=NOT_FOUND),
    _post("/feeds/{feed_id}/delete", EDITORS, own=NOT_FOUND),
)
PUBLIC_CALENDAR_ROWS: tuple[Row, ...] = (
    _get("/assets/{asset_id}.ics"),
    _get("/wards/{gss_code}.ics"),
    _get("/homes/{home_id}.ics"),
    _get("/interests/{concept}.ics", query="lon=-1.7534&lat=53.7924"),
    _post("/claims/{token}/venues", own=GONE, gone=GONE),
    _post("/claims/{token}/calendar", own=GONE, gone=GONE),
)
# Whose file it is is tested with files; here nobody has one.
UPLOAD_ROWS: tuple[Row, ...] = (
    _get("/uploads", EDITORS),
    _post("/uploads", EDITORS),
    _get("/uploads/{upload_id}", EDITORS, own=NOT_FOUND),
    _post("/uploads/{upload_id}", EDITORS, own=NOT_FOUND),
    _get("/uploads/{upload_id}/check", EDITORS, own=NOT_FOUND),
    _get("/uploads/{upload_id}/map", EDITORS, own=NOT_FOUND),
    _post("/uploads/{upload_id}/load", EDITORS, own=NOT_FOUND),
    _post("/uploads/{upload_id}/remove", EDITORS, own=NOT_FOUND),
)
JOB_ROWS: tuple[Row, ...] = (_get("/jobs", ADMINISTRATORS), _post("/jobs", ADMINISTRATORS))
TERM_ROWS: tuple[Row, ...] = (
    _get("/feeds/terms", Access.EDITORS),
    # Nobody has this one: whoever may decide learns that it is not there.
    *(
        _post(f"/feeds/terms/{{term_id}}/{what}", Access.EDITORS, own=NOT_FOUND)
        for what in ("agree", "choose", "ignore")
    ),
)
# Rounded numbers of all homes, and what last night's run found for one's own people.
MATCHED_ROWS: tuple[Row, ...] = (
    _get("/matched", EDITORS),
    _get("/matched/map", EDITORS),
    _get("/matched/homes.csv", EDITORS),
    _get("/matched/wards.csv", EDITORS),
    _get("/matched/themes.csv", EDITORS),
    _post("/matched", ADMINISTRATORS, own=SEE_OTHER),
    _get("/matched/residents", TEAM),
)

ROWS = (
    *PUBLIC_ROWS, *ACCOUNT_ROWS, *RESIDENT_ROWS, *FIND_ROWS, *CONNECTION_ROWS, *CALENDAR_ROWS,
    *TODAY_ROWS, *WALKING_ROWS, *RECORDING_ROWS, *MODERATION_ROWS, *DUPLICATE_ROWS,
    *COMPARE_ROWS, *TAKE_ROWS, *BOUNDARY_ROWS, *COUNCILLOR_ROWS,
    *ORUK_ROWS, *OGC_ROWS, *EXPORT_ROWS, *PUBLIC_CALENDAR_ROWS, *FEED_ROWS, *TERM_ROWS,
    *JOB_ROWS, *UPLOAD_ROWS, *MATCHED_ROWS,
)  # fmt: skip
