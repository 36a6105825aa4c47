"""`patchwork user …` and `patchwork housekeeping`: looking after accounts without a browser."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.accounts import actions, invitations, people_queries
from app.accounts import sign_in_queries as asking
from app.accounts.housekeeping import keep_house
from app.accounts.invitations import Grant, grant_named
from app.accounts.mail import mail_server_of, read_email
from app.database import KEEPER_ROLE, make_engine, transaction
from app.errors import BadQuestion, NotFound
from app.models import Role
from app.settings import Settings, get_settings

user_app = typer.Typer(no_args_is_help=True)

Email = Annotated[str, typer.Option(help="Their e-mail address.")]
Home = Annotated[
    str | None,
    typer.Option(help="The care home, by its name on the map; with a postcode if two share it."),
]
TeamName = Annotated[
    str | None,
    typer.Option("--team", help="The team of connectors; one that is not there yet is made."),
]
Wards = Annotated[
    list[str] | None, typer.Option("--ward", help="A ward, by name or code; may be repeated.")
]
RoleChoice = Annotated[Role, typer.Option(help="What they will do.")]


@contextmanager
def _working(settings: Settings) -> Iterator[Session]:
    # The role that sees all teams: the audit log then says that it was nobody on the pages.
    engine = make_engine(settings, role=KEEPER_ROLE)
    try:
        with transaction(engine) as session:
            yield session
    finally:
        engine.dispose()


def _read_email(text: str) -> str:
    email = read_email(text)
    if email is None:
        raise BadQuestion(f"{text} is not an e-mail address.", field="email")
    return email


def _read_grant(
    session: Session, role: Role, home: str | None, team: str | None, wards: list[str] | None
) -> Grant:
    if role is Role.CONNECTOR and home is not None:
        raise BadQuestion("A connector works in a team: use --team.", field="home")
    if role in {Role.COORDINATOR, Role.MANAGER} and home is None:
        raise BadQuestion(f"A {role.value} works in a care home: use --home.", field="home")
    if role is Role.CONNECTOR and team is not None:
        same = people_queries.find_teams_named(session, name=team, limit=1)
        if not same or not same[0].is_same:
            people_queries.add_team(session, name=team, home_id=None)
    if role in {Role.MAPPER, Role.COUNCILLOR} and not wards:
        raise BadQuestion(f"A {role.value} has wards: use --ward.", field="wards")
    return grant_named(session, role=role, team=home or team, wards=",".join(wards or []))


@user_app.command()
def add(
    *,
    email: Email,
    name: Annotated[str, typer.Option(help="Their name, as colleagues know them.")],
    role: RoleChoice,
    home: Home = None,
    team: TeamName = None,
    ward: Wards = None,
) -> None:
    """Make an account, or give one that is there another role."""
    settings = get_settings()
    address, called = _read_email(email), " ".join(name.split())
    if not called:
        raise BadQuestion("Give them a name: --name.", field="name")
    with _working(settings) as session:
        grant = _read_grant(session, role, home, team, ward)
        account = asking.find_account(session, email=address)
        if account is not None and account.disabled_at is not None:
            raise BadQuestion(
                f"{address} is switched off. Switch it on again with: patchwork user enable"
                f" --email {address}",
                field="email",
            )
        account_id = account.id if account else uuid.uuid4()
        if account is None:
            people_queries.add_account(
                session, account_id=account_id, email=address, name=called, password_hash=None
            )
        people_queries.add_membership(
            session,
            account_id=account_id,
            role=grant.role,
            team_id=grant.team_id,
            ward_codes=grant.ward_codes,
            granted_by=None,
        )
        link = actions.link_for(session, settings, account_id=account_id)
    who = account.name if account else called
    typer.echo(f"{who} can sign in with {address}, as {grant.in_words}.")
    typer.echo(f"To sign in once, in the next 15 minutes: {link}")


@user_app.command()
def invite(
    email: Email,
    role: RoleChoice,
    home: Home = None,
    team: TeamName = None,
    ward: Wards = None,
) -> None:
    """Invite somebody by e-mail; without a mail server, print the link to pass on."""
    settings = get_settings()
    address = _read_email(email)
    has_mail = mail_server_of(settings) is not None
    with _working(settings) as session:
        grant = _read_grant(session, role, home, team, ward)
        token = invitations.invite(session, email=address, grant=grant, invited_by=None)
        if has_mail:
            invitations.send_invitation(
                settings, email=address, token=token, what_for=grant.in_words, invited_by=None
            )
    typer.echo(f"{address} is invited as {grant.in_words}, for 7 days.")
    if not has_mail:
        typer.echo(
            f"Pass this link on to them alone: {invitations.invitation_link(settings, token)}"
        )


@user_app.command(name="list")
def list_users() -> None:
    """List the accounts and what they may do."""
    with _working(get_settings()) as session:
        accounts = people_queries.list_accounts(session)
    if not accounts:
        typer.echo("There are no accounts yet. Make one with: patchwork user add")
        return
    table = Table("Name", "E-mail", "May act as", box=None)
    for account in accounts:
        state = " (switched off)" if account.disabled_at else ""
        table.add_row(account.name + state, account.email, "\n".join(account.roles) or "nothing")
    Console().print(table)


@user_app.command()
def disable(email: Email) -> None:
    """Switch an account off: its sessions, links and the invitations it sent end at once."""
    with _working(get_settings()) as session:
        account = _find(session, email)
        invitations.switch_off(session, account_id=account.id)
    typer.echo(f"{account.name} ({account.email}) cannot sign in any more.")


@user_app.command()
def enable(email: Email) -> None:
    """Switch an account on again."""
    with _working(get_settings()) as session:
        account = _find(session, email)
        people_queries.set_disabled(session, account_id=account.id, is_disabled=False)
    typer.echo(f"{account.name} ({account.email}) can sign in again.")


def _find(session: Session, email: str) -> sa.Row[tuple[object, ...]]:
    address = _read_email(email)
    account = asking.find_account(session, email=address)
    if account is None:
        raise NotFound(f"Nobody has the address {address}. See who has: patchwork user list")
    return account


def housekeeping() -> None:
    """Throw away old sessions, links and tries, and erase what is due (hourly by itself)."""
    done = keep_house(get_settings())
    if not done:
        typer.echo("Another process is at it just now.")
    for what, count in done.items():
        typer.echo(f"{what}: {count:,}")
