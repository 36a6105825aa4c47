"""What people do to sign in and out: by a link, with a password, on one device or everywhere."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts import invitation_queries, invitations, letters, mail, passwords, queries
from app.accounts import sign_in_queries as asking
from app.accounts.organisation import Claims
from app.accounts.tokens import digest_of, new_token
from app.database import transaction
from app.errors import NotSent, TooMany
from app.settings import Settings
from app.words import plural

log = structlog.get_logger("patchwork")

# Tries under one address, and from one client: a home's staff share one at the change of shifts.
MOST_PER_ADDRESS, MOST_PER_CLIENT = 5, 50
COUNTED_FOR = dt.timedelta(minutes=15)
# So long after coming in by the mailbox, a forgotten password may be replaced.
FRESH = dt.timedelta(minutes=30)


class Browser(NamedTuple):
    """Who is at the door: the address tries are counted under, the device, the cookie's token."""

    client: str
    device: str
    token: str | None


class Link(NamedTuple):
    """A link just made, and whether it is for an account of a demonstration."""

    address: str
    is_sample: bool


def count_tries(engine: sa.Engine, *, kind: str, email: str, client: str) -> list[int]:
    """Count a try in a transaction of its own, before anything is looked up: as below."""
    with transaction(engine) as session:
        return count_tries_in(session, kind=kind, email=email, client=client)


def count_tries_in(session: Session, *, kind: str, email: str, client: str) -> list[int]:
    """Count a try under the address and the client.

    In the database, because several processes serve one door. Returns their ids, to take them
    back when the try succeeds; raises TooMany with the seconds to wait.
    """
    counted = sorted(
        (hashlib.sha256(f"{kind} {under}".encode()).digest(), most)
        for under, most in (
            (f"address {email}", MOST_PER_ADDRESS),
            (f"client {client}", MOST_PER_CLIENT),
        )
    )
    made = []
    for under, most in counted:
        number, seconds = asking.count_try(
            session, counted_under=under, at_most=most, within=COUNTED_FOR
        )
        if number is None:
            minutes = plural(-(-seconds // 60), "minute")
            raise TooMany(f"There were too many tries. Wait {minutes}.", seconds=seconds)
        made.append(number)
    return made


def open_session(session: Session, *, account_id: uuid.UUID, browser: Browser, way: str) -> str:
    """Sign somebody in and return the new token; what this browser was signed in as ends."""
    if browser.token is not None:
        close_session(session, token=browser.token)
    queries.become(session, account_id=account_id)
    token = new_token()
    asking.add_session(
        session, digest=digest_of(token), account_id=account_id, device=browser.device, way=way
    )
    _record(session, account_id, "sign_in")
    return token


def close_session(session: Session, *, token: str) -> None:
    """End the session of a token, if it is one."""
    account_id = asking.end_session_of(session, digest=digest_of(token))
    if account_id is not None:
        queries.become(session, account_id=account_id)
        _record(session, account_id, "sign_out")


def sign_out_everywhere(session: Session, *, account_id: uuid.UUID) -> None:
    """End all of somebody's sessions, and the links on their way to them."""
    asking.end_sessions(session, account_id=account_id)
    asking.end_links(session, account_id=account_id)
    _record(session, account_id, "sign_out_everywhere")


def _record(session: Session, account_id: uuid.UUID | None, action: str) -> None:
    queries.record(
        session,
        account_id=account_id,
        team_id=None,
        action=action,
        subject="accounts",
        subject_id=account_id,
    )


# With a password


def sign_in_with_password(
    engine: sa.Engine, *, email: str, password: str, browser: Browser
) -> str | None:
    """Return a new session's token; None if the two do not fit, whatever the reason.

    The same steps, in the same time, whether the address has an account or not. Raises TooMany.
    """
    tries = count_tries(engine, kind="password", email=email, client=browser.client)
    with transaction(engine) as session:
        account = asking.find_account(session, email=email)
    # Outside any transaction: it takes a tenth of a second.
    is_right, newer = passwords.check_password(password, account.password_hash if account else None)
    with transaction(engine) as session:
        if account is None or not is_right or account.disabled_at is not None:
            # Whose it was is not in the log: what was typed as an address may be anything.
            queries.record(
                session, account_id=None, team_id=None, action="sign_in_failed", subject="accounts"
            )
            return None
        asking.take_back_tries(session, ids=tries)
        token = open_session(session, account_id=account.id, browser=browser, way="password")
        if newer is not None:
            asking.set_password(session, account_id=account.id, password_hash=newer)
    return token


def change_password(
    session: Session, *, account_id: uuid.UUID, session_id: uuid.UUID, password: str
) -> None:
    """Keep a new password; every other session and every link to this account ends."""
    asking.set_password(
        session, account_id=account_id, password_hash=passwords.hash_password(password)
    )
    asking.end_sessions(session, account_id=account_id, but=session_id)
    asking.end_links(session, account_id=account_id)
    _record(session, account_id, "password_changed")


# By a link


def make_link(engine: sa.Engine, settings: Settings, *, email: str, next_path: str) -> Link | None:
    """Return a new link for whoever has this address; None if nobody has, or may not come in."""
    with transaction(engine) as session:
        account = asking.find_account(session, email=email)
        if account is None or account.disabled_at is not None:
            return None
        address = link_for(session, settings, account_id=account.id, next_path=next_path)
        return Link(address, account.is_sample)


def link_for(
    session: Session, settings: Settings, *, account_id: uuid.UUID, next_path: str = ""
) -> str:
    """Store a link that signs `account_id` in, and return its address."""
    token = new_token()
    asking.add_link(session, digest=digest_of(token), account_id=account_id, next_path=next_path)
    return f"{settings.base_url.rstrip('/')}/sign-in/link/{token}"


def send_link(engine: sa.Engine, settings: Settings, *, email: str, next_path: str) -> None:
    """Send whoever has this address a link; does nothing if nobody has.

    Runs after the answer has left, so that the answer tells nothing by its time.
    """
    link = make_link(engine, settings, email=email, next_path=next_path)
    if link is None:
        return
    if not settings.smtp_url:
        log.info("no mail server is set: a sign-in link", link=link.address)
        return
    letter = letters.sign_in_letter(service=settings.name, link=link.address)
    try:
        mail.send(settings, to=email, subject=letter.subject, text=letter.text)
    except NotSent:
        # The page said what to do when nothing comes; the log says why.
        return


def use_link(engine: sa.Engine, *, token: str, browser: Browser) -> tuple[str, str] | None:
    """Sign in by a link; returns the new session's token and where to go on ("" nowhere).

    None: the link is used, late, or none of ours.
    """
    with transaction(engine) as session:
        used = asking.use_link(session, digest=digest_of(token))
        if used is None:
            return None
        # Of several asked for in impatience, the others need not lie about in the mailbox.
        asking.end_links(session, account_id=used.account_id)
        opened = open_session(session, account_id=used.account_id, browser=browser, way="link")
        return opened, used.next_path


# In a demonstration


def sign_in_as_sample(engine: sa.Engine, *, account_id: uuid.UUID, browser: Browser) -> str | None:
    """Return a new session's token for an account made up for a demonstration; None for others."""
    with transaction(engine) as session:
        account = asking.find_account_by_id(session, account_id=account_id)
        if account is None or not account.is_sample or account.disabled_at is not None:
            return None
        return open_session(session, account_id=account.id, browser=browser, way="sample")


# With an organisation's own account


def sign_in_with_organisation(engine: sa.Engine, *, claims: Claims, browser: Browser) -> str | None:
    """Return a new session's token for whoever the organisation vouches for; None: not known here.

    By who they are there; the first time by their verified e-mail address, to the account or the
    open invitations of that address. Nobody gets an account without an invitation.
    """
    with transaction(engine) as session:
        known = asking.find_identity(session, issuer=claims.issuer, subject=claims.subject)
        if known is not None:
            account_id = None if known.is_off else known.account_id
        else:
            account_id = _account_of_email(session, claims)
        if account_id is None:
            queries.record(
                session, account_id=None, team_id=None, action="sign_in_failed", subject="accounts"
            )
            return None
        if known is None:
            asking.add_identity(
                session, issuer=claims.issuer, subject=claims.subject, account_id=account_id
            )
        return open_session(session, account_id=account_id, browser=browser, way="organisation")


def _account_of_email(session: Session, claims: Claims) -> uuid.UUID | None:
    if claims.email is None:
        return None
    account = asking.find_account(session, email=claims.email)
    if account is not None:
        return account.id if account.disabled_at is None else None
    invited = invitation_queries.list_invitations_to(session, email=claims.email)
    if not invited:
        return None
    return invitations.open_account(
        session,
        invited,
        email=claims.email,
        name=claims.name or claims.email.partition("@")[0],
        password_hash=None,
    )
