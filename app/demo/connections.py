"""The sample town's connections, told in days from the day they are stored."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from app.activities.rules import DAY_CODES
from app.activities.schedules import Timed, next_dates
from app.demo.files import listed, read_rows
from app.demo.queries import Town
from app.models import (
    Connection,
    ConnectionNote,
    ConnectionResident,
    ConnectionStatus,
    ConnectionTime,
    HowItWent,
    Visit,
    VisitResident,
)
from app.parameters import today

A_WEEK = dt.timedelta(weeks=1)
# How far back the day is looked for on which something last took place.
FAR_BACK = dt.timedelta(days=120)


@dataclass(slots=True)
class Stored:
    """A connection that was stored, with when it takes place."""

    row: Connection
    times: list[Timed] = field(default_factory=list)

    def last_day(self, days_ago: int) -> dt.date:
        """Return the last day it took place, `days_ago` days ago or before."""
        latest = today() - dt.timedelta(days=days_ago)
        days = [
            day
            for time in self.times
            for day in next_dates(time, latest - FAR_BACK, FAR_BACK.days)
            if day <= latest
        ]
        return max(days, default=latest)


def store_connections(
    session: Session,
    folder: Path,
    *,
    town: Town,
    teams: Mapping[str, uuid.UUID],
    accounts: Mapping[str, uuid.UUID],
    residents: Mapping[str, uuid.UUID],
) -> None:
    """Store the connections with their times, notes and visits."""
    stored = {}
    for row in read_rows(folder, "connections.csv"):
        made = _connection(town, row, teams[row["team"]], accounts[row["owner"]])
        session.add(made)
        session.flush()
        for reference in listed(row["residents"]):
            session.add(
                ConnectionResident(
                    connection_id=made.id,
                    resident_id=residents[reference],
                    team_id=made.team_id,
                    added_on=_days_ago(row["began_days_ago"]),
                )
            )
        times = _times(row, made)
        session.add_all(times)
        of_activity = town.schedules.get(made.activity_id, []) if made.activity_id else []
        stored[row["id"]] = Stored(made, [*(times or of_activity)])
    session.flush()
    for row in read_rows(folder, "diary.csv"):
        _store_entry(session, row, stored[row["connection_id"]], residents)
    session.flush()


def _connection(
    town: Town, row: dict[str, str], team_id: uuid.UUID, owner_id: uuid.UUID
) -> Connection:
    asset = town.assets[row["asset_id"]]
    activity = town.activities[row["activity_id"]] if row["activity_id"] else None
    began = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=int(row["began_days_ago"]))
    in_days = row["next_step_in_days"]
    return Connection(
        team_id=team_id,
        asset_id=asset.id,
        activity_id=activity.id if activity else None,
        title=activity.name if activity else asset.name,
        is_visit=bool(activity and activity.comes_to_homes),
        interest_ids=sorted(town.interests[slug].id for slug in listed(row["interests"])),
        reasons=row["reasons"].split("|"),
        status=ConnectionStatus(row["status"]),
        owner_id=owner_id,
        welcomed_by=row["welcomed_by"],
        contact_name=row["contact_name"],
        contact_phone=row["contact_phone"],
        next_step=row["next_step"],
        next_step_on=today() + dt.timedelta(days=int(in_days)) if in_days else None,
        promised=row["promised"],
        what_worked=row["what_worked"],
        created_at=began,
        updated_at=began,
    )


def _times(row: dict[str, str], connection: Connection) -> list[ConnectionTime]:
    """Return when it takes place, from about the day it began; none: as its activity does."""
    if not row["on_in_days"]:
        return []
    on = today() + dt.timedelta(days=int(row["on_in_days"]))
    weeks = int(row["every_weeks"])
    rule = None
    if weeks:
        rule = f"FREQ=WEEKLY;INTERVAL={weeks};BYDAY={DAY_CODES[on.weekday()]}"
        while on - weeks * A_WEEK >= _days_ago(row["began_days_ago"]):
            on -= weeks * A_WEEK
    return [
        ConnectionTime(
            connection_id=connection.id,
            team_id=connection.team_id,
            starts_on=on,
            opens_at=dt.time.fromisoformat(row["opens_at"]),
            closes_at=dt.time.fromisoformat(row["closes_at"]),
            rrule=rule,
        )
    ]


def _store_entry(
    session: Session, row: dict[str, str], of: Stored, residents: Mapping[str, uuid.UUID]
) -> None:
    """Store a note, or a visit where it says how it went."""
    connection, days_ago = of.row, int(row["days_ago"])
    if not row["how_it_went"]:
        at = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=days_ago)
        session.add(
            ConnectionNote(
                connection_id=connection.id,
                team_id=connection.team_id,
                author_id=connection.owner_id,
                text=row["text"],
                created_at=at,
                updated_at=at,
            )
        )
        return
    visit = Visit(
        connection_id=connection.id,
        team_id=connection.team_id,
        visited_on=of.last_day(days_ago),
        how_it_went=HowItWent(row["how_it_went"]),
        sentence=row["text"],
        recorded_by=connection.owner_id,
    )
    session.add(visit)
    session.flush()
    for reference in listed(row["residents"]):
        session.add(
            VisitResident(
                visit_id=visit.id, resident_id=residents[reference], team_id=visit.team_id
            )
        )


def _days_ago(text: str) -> dt.date:
    return today() - dt.timedelta(days=int(text))
