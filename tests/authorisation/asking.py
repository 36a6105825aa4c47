"""Ask the application as each role, for one's own things, another team's and missing ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from httpx import Response
from sqlalchemy.orm import Session

from app.models import Account, Membership, Role
from app.oruk.ids import child_id, service_at_location_id
from app.oruk.terms import TAXONOMY_IDS
from tests.authorisation.table import Access, Row
from tests.authorisation.things import Things, make_things, missing, shown
from tests.people import ROLES, People, make_account, sign_in

TEAM_OF = {
    "coordinator_a": "a", "manager_a": "a", "coordinator_b": "b", "connector": "connectors",
}  # fmt: skip
# And: without a role, with a role that has ended, and with an account that has been closed.
EVERYBODY = (
    None, "coordinator_a", "manager_a", "coordinator_b", "connector", "mapper", "councillor",
    "editor", "administrator", "newcomer", "former", "disabled",
)  # fmt: skip
HELD: Mapping[str, Role] = {who: role for who, role, _ in ROLES}
# Headers that say when, not what.
TIMED_HEADERS = {"date"}


@dataclass
class Asker:
    """Everybody there is, and what three parties have: the asker's team, another, nobody."""

    people: People
    others: dict[str, Things] = field(default_factory=dict)
    owns: dict[str | None, Things] = field(default_factory=dict)
    spent: set[str | None] = field(default_factory=set)
    tokens: dict[str | None, str] = field(default_factory=dict)
    client: Any = None
    nobodys: Things = field(default_factory=missing)

    def __post_init__(self) -> None:
        """Store what each team has, and the three who have no role any more."""
        for key in ("a", "b"):
            self.others[key] = make_things(self.people, key)
        with Session(self.people.engine) as session:
            for who in ("newcomer", "former", "disabled"):
                self.people.accounts[who] = make_account(session, who).id
            for who, ended in (("former", sa.func.now()), ("disabled", None)):
                session.add(
                    Membership(
                        account_id=self.people.accounts[who],
                        role=Role.COORDINATOR,
                        team_id=self.people.teams["a"],
                        ended_at=ended,
                    )
                )
            session.commit()

    def other_of(self, who: str | None) -> Things:
        """Return what belongs to a team that is not `who`'s."""
        return self.others["a" if who == "coordinator_b" else "b"]

    def own_of(self, row: Row, who: str | None) -> Things:
        """Return things of `who`'s team (of somebody without one, home A's).

        New ones where they may be changed: those before them are gone, so that lists stay short.
        """
        if who in self.owns and who not in self.spent and not is_changed(row, who):
            return self.owns[who]
        # What is about to be changed may be gone afterwards.
        (self.spent.add if is_changed(row, who) else self.spent.discard)(who)
        is_known = who in self.people.accounts
        made = make_things(self.people, TEAM_OF.get(who or "", "a"), who if is_known else None)
        if who in self.owns:
            forget(self.people, self.owns[who])
        self.owns[who] = made
        return made

    def ask(
        self, row: Row, who: str | None, things: Things, *, accept: str = "text/html"
    ) -> Response:
        """Send one request, in a session of its own, and return the answer."""
        names = self._names(things, is_missing=things is self.nobodys)
        # Uncompressed: the length of what is compressed depends on the very names asked for.
        headers = {"accept": accept, "accept-encoding": "identity"}
        address = row.address.format(**names)
        client = self._client(who)
        if row.method == "POST":
            form = {name: value.format(**names) for name, value in row.form.items()}
            answer: Response = client.post(address, data={"sent": "yes"} | form, headers=headers)
            if is_changed(row, who):
                # Some addresses end every session there is.
                self.tokens.pop(who, None)
        else:
            answer = client.get(address, headers=headers)
        return answer

    def _client(self, who: str | None) -> Any:
        """Return a browser, signed in as `who`."""
        if self.client is None:
            self.client = self.people.client()
        self.client.cookies.clear()
        if who is not None:
            if who not in self.tokens:
                self.tokens[who] = self._sign_in(who)
            self.client.cookies.set(self.people.settings.cookie_name, self.tokens[who])
        return self.client

    def _sign_in(self, who: str) -> str:
        with Session(self.people.engine) as session:
            account = session.get_one(Account, self.people.accounts[who])
            token = sign_in(session, account)
            # Closed while signed in: the session must be worth nothing at once.
            account.disabled_at = sa.func.now() if who == "disabled" else None
            session.commit()
        return token

    def _names(self, things: Things, *, is_missing: bool) -> dict[str, str]:
        people = self.people
        return {
            **{name: str(value) for name, value in vars(things).items()},
            "token": self.nobodys.feed_token,
            "concept": "nothing-like-it" if is_missing else "boccia",
            "gss_code": "E05999999" if is_missing else "E05001347",
            "asset_id": things.team_id if is_missing else str(people.club_id),
            "other_id": things.team_id if is_missing else str(people.homes["a"]),
            # Open Referral's: an activity, that at its place, and what both are sorted by.
            "service_id": things.team_id if is_missing else str(people.boccia_id),
            "link_id": things.team_id
            if is_missing
            else service_at_location_id(str(people.boccia_id)),
            "taxonomy_id": things.team_id if is_missing else TAXONOMY_IDS["kinds"],
            "term_id": things.team_id if is_missing else child_id(TAXONOMY_IDS["kinds"], "group"),
            "home_id": things.team_id if is_missing else str(people.homes["a"]),
            # Nobody has taken one.
            "photo_id": things.team_id,
            "club_id": str(people.club_id),
            "boccia_id": str(people.boccia_id),
            # Of OGC API.
            "collectionId": "nothing" if is_missing else "assets",
            "itemId": things.team_id if is_missing else str(people.club_id),
            "tileMatrixSetId": "Nothing" if is_missing else "WebMercatorQuad",
            **dict.fromkeys(("z", "x", "y"), "0"),
            # Nobody has these: whoever may ask learns that they are not there.
            "code": "ZZZZZZ",
            "feed_id": "999999",
            "upload_id": "00000000-0000-4000-8000-000000000000",
            "change_id": "0",
            "kind": "suggestion",
            "item": "00000000-0000-4000-8000-000000000000",
        }


def is_changed(row: Row, who: str | None) -> bool:
    """Return whether asking may change something."""
    return row.method == "POST" and may_ask(row, who)


def forget(people: People, things: Things) -> None:
    """Delete what was there to be changed."""
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM connections WHERE id = CAST(:id AS uuid)"),
            {"id": things.connection_id},
        )
        connection.execute(
            sa.text("DELETE FROM residents WHERE reference = :reference"),
            {"reference": things.reference},
        )


def told(answer: Response, things: Things) -> tuple[int, dict[str, str], bytes]:
    """Return all an answer tells, without the names the asker put into the question."""

    def without_names(text: str) -> str:
        for name, value in vars(things).items():
            if isinstance(value, str):
                text = text.replace(value, f"<{name}>")
        reference = shown(things.reference)
        for written in (
            reference,
            reference.replace(" ", "&nbsp;"),
            reference.replace(" ", "\u00a0"),
        ):
            text = text.replace(written, "<reference>")
        return text

    headers = {
        name: without_names(value)
        for name, value in answer.headers.items()
        if name not in TIMED_HEADERS
    }
    try:
        body = without_names(answer.text).encode()
    except UnicodeDecodeError:
        body = answer.content
    return answer.status_code, headers, body


def may_ask(row: Row, who: str | None) -> bool:
    """Return whether the row lets `who` in."""
    if row.access is Access.PUBLIC:
        return True
    if who in {None, "disabled"}:
        return False
    if not row.access.value:
        return True
    return who in HELD and HELD[who] in row.access.value


def expected(row: Row, who: str | None, whose: str) -> frozenset[int]:
    """Return the statuses that are right."""
    if not may_ask(row, who):
        if who in {None, "disabled"}:
            is_page = row.method == "GET" and not row.path.endswith((".csv", ".geojson"))
            return frozenset({303 if is_page else 401})
        return frozenset({403})
    if whose == "own" or (whose == "other" and row.is_about_the_map):
        return row.own_for.get(who or "", row.own)
    if whose == "other" and row.is_all_an_administrators and who == "administrator":
        return row.own
    return row.gone
