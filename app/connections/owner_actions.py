"""Hand over all connections of somebody who leaves to a colleague, in one action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.accounts.people import TeamWork
from app.accounts.queries import record
from app.connections import owner_queries
from app.errors import BadQuestion, NotAllowed
from app.parameters import Query


@dataclass(frozen=True, slots=True)
class Ownership:
    """What the form in `_move_ownership.html` offers."""

    owners: Sequence[sa.Row[Any]]
    members: Sequence[sa.Row[Any]]


def ownership_choices(work: TeamWork) -> Ownership:
    """Return whose connections somebody may hand over, and to whom.

    A manager's are everybody's of the team, those who have left first; others' their own.
    """
    owners = owner_queries.list_owners(work.session, team_id=work.team.id)
    if not work.person.is_manager:
        owners = [owner for owner in owners if owner.id == work.person.account_id]
    return Ownership(owners, owner_queries.list_members(work.session, team_id=work.team.id))


def move_ownership(work: TeamWork, form: Query) -> int:
    """Hand over all connections that one person keeps in the team; return how many.

    Raises BadQuestion unless `from` keeps some and `to` works in the team now; NotAllowed when
    somebody who does not manage the team hands over another's.
    """
    from_id, to_id = form.identifier("from"), form.identifier("to")
    form.refuse_problems()
    is_own = from_id == work.person.account_id
    if not (is_own or work.person.is_manager):
        raise NotAllowed(
            "You can hand over your own connections. A manager can hand over others\u2019."
        )
    owners = owner_queries.list_owners(work.session, team_id=work.team.id)
    if from_id not in {owner.id for owner in owners}:
        raise BadQuestion("Choose whose connections go to somebody else.", field="from")
    members = owner_queries.list_members(work.session, team_id=work.team.id)
    is_colleague = to_id in {member.id for member in members} and to_id != from_id
    if from_id is None or to_id is None or not is_colleague:
        raise BadQuestion("Choose a colleague who takes them on.", field="to")
    moved = owner_queries.move_connections(
        work.session, team_id=work.team.id, from_id=from_id, to_id=to_id
    )
    # Each connection's change is in the log by itself; this says that it was one hand-over.
    record(
        work.session,
        account_id=work.person.account_id,
        team_id=work.team.id,
        action="hand_over",
        subject="accounts",
        subject_id=from_id,
    )
    return moved
