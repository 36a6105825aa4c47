"""Who is asking: an account with its memberships, and the team it works in just now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models import Role, TeamKind

TEAM_ROLES = (Role.COORDINATOR, Role.MANAGER, Role.CONNECTOR)


class Held(NamedTuple):
    """One membership in force."""

    role: Role
    team_id: uuid.UUID | None
    ward_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Team:
    """A team somebody belongs to. `lon`, `lat` in degrees WGS 84; None for connectors."""

    id: uuid.UUID
    kind: TeamKind
    name: str
    home_id: uuid.UUID | None
    lon: float | None
    lat: float | None

    @property
    def is_home(self) -> bool:
        """Whether its people are the residents of one care home."""
        return self.kind is TeamKind.HOME


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    account_id: uuid.UUID
    name: str
    email: str
    session_id: uuid.UUID
    held: tuple[Held, ...]
    teams: tuple[Team, ...]
    # None: belongs to no team.
    team: Team | None

    def is_any(self, roles: Sequence[Role]) -> bool:
        """Return whether one of `roles` is held; a team's roles count in the current team only."""
        team_id = self.team.id if self.team else None
        return any(
            held.role in roles and (held.role not in TEAM_ROLES or held.team_id == team_id)
            for held in self.held
        )

    @property
    def is_team_member(self) -> bool:
        """Whether there is a team to work in."""
        return self.team is not None

    @property
    def is_manager(self) -> bool:
        """Whether they manage the current team."""
        return self.is_any([Role.MANAGER])

    @property
    def is_editor(self) -> bool:
        """Whether they may decide about what is on the map."""
        return self.is_any([Role.EDITOR, Role.ADMINISTRATOR])

    @property
    def is_mapper(self) -> bool:
        """Whether they may record what is on the map."""
        return self.is_any([Role.MAPPER, Role.EDITOR, Role.ADMINISTRATOR])

    @property
    def acting_as(self) -> str:
        """What the history of the map calls them."""
        return "editor" if self.is_editor else "mapper"

    @property
    def ward_codes(self) -> tuple[str, ...]:
        """The wards they walk or speak for."""
        return tuple(dict.fromkeys(code for held in self.held for code in held.ward_codes))

    @property
    def is_administrator(self) -> bool:
        """Whether they look after the whole service."""
        return self.is_any([Role.ADMINISTRATOR])


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler for somebody signed in is given: who, and one transaction made theirs.

    The database's rules read `patchwork.account_id` of this transaction, so `session` sees the
    rows of their teams and no others.
    """

    person: Person
    session: Session


@dataclass(frozen=True, slots=True)
class TeamWork(Work):
    """The same for a member of a team: `team` is the one they work in just now."""

    team: Team
