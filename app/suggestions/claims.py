"""Groups and venues that correct their own entry: by a link to the address that is public."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
import structlog

from app.accounts import letters, mail
from app.accounts.tokens import digest_of, new_token
from app.database import transaction
from app.errors import NotSent
from app.settings import Settings
from app.suggestions import queries
from app.suggestions.limits import count_sent

log = structlog.get_logger("patchwork")

A_DAY = dt.timedelta(days=1)
A_WHILE = dt.timedelta(minutes=15)
# A mailbox is not to be filled by strangers; a club's treasurer may press twice.
MOST_TO_AN_ENTRY, MOST_FROM_A_CLIENT = 3, 10


def count_claims(engine: sa.Engine, *, asset_id: uuid.UUID, client: str) -> None:
    """Count that a link was asked for; raises TooMany."""
    count_sent(engine, what="claim from", under=client, at_most=MOST_FROM_A_CLIENT, within=A_WHILE)
    count_sent(engine, what="claim of", under=str(asset_id), at_most=MOST_TO_AN_ENTRY, within=A_DAY)


def make_claim(
    engine: sa.Engine, settings: Settings, *, asset_id: uuid.UUID
) -> tuple[str, str, str] | None:
    """Keep a new claim; returns the link, the address it goes to, and the entry's name.

    None: the entry has no public address, or is not on the map.
    """
    token = new_token()
    with transaction(engine) as session:
        asset = queries.find_public(session.connection(), asset_id=asset_id)
        if asset is None or not asset.email:
            return None
        queries.insert_claim(session, digest=digest_of(token), asset_id=asset_id, email=asset.email)
    return f"{settings.base_url.rstrip('/')}/claims/{token}", asset.email, asset.name


def send_claim(engine: sa.Engine, settings: Settings, *, asset_id: uuid.UUID) -> None:
    """Send a link to the public address of an entry, if it has one; runs after the answer."""
    made = make_claim(engine, settings, asset_id=asset_id)
    if made is None:
        return
    link, email, name = made
    if not settings.smtp_url:
        log.info("no mail server is set: a link to correct an entry", link=link)
        return
    letter = letters.claim_letter(service=settings.name, link=link, entry=name)
    try:
        mail.send(settings, to=email, subject=letter.subject, text=letter.text)
    except NotSent:
        # The page said what to do when nothing comes; the log says why.
        return
