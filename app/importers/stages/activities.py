"""Activities: their organizers and venues found among the same source's assets, and merged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.activities.coming import last_date, minutes_text, week_starts
from app.activities.schedules import RuleError, check_rule, day_parts
from app.importers.copying import array_text
from app.importers.interest_ids import InterestIds
from app.importers.normalise import clean_text
from app.importers.records import ActivityRecord, Problem, ScheduleRecord
from app.importers.refuges import suspect_words
from app.importers.stages.assets import hash_of
from app.importers.stages.stage import KEPT_ID, Counts, Run, Stage
from app.models import Access, ProblemReason

CONTENT = (
    "name", "description", "organizer_key", "venue_key", "comes_to_homes", "interest_ids",
    "access", "is_indoors", "cost_pence", "day_parts", "week_starts", "ends_on", "schedules",
    "organizer_id", "place_words",
)  # fmt: skip
# What only feeds say: rows without it keep the hash they had.
_OF_FEEDS = 2
PLAIN = ("name", "description", "comes_to_homes", "interest_ids", "access", "is_indoors",
         "cost_pence", "day_parts", "week_starts", "ends_on", "place_words")  # fmt: skip
ORGANIZER = """
  assets o ON o.gone_at IS NULL AND (o.id = s.organizer_id
    OR s.organizer_id IS NULL AND o.source_id = ANY(:sources) AND o.source_key = s.organizer_key)
"""

HOMELESS = f"""
  SELECT s.row_number, s.source_key, s.name,
         CASE WHEN o.id IS NULL THEN coalesce(s.organizer_key, s.organizer_id::text)
              ELSE s.venue_key END AS missing_key,
         CASE WHEN o.id IS NULL THEN 'organizer' ELSE 'venue' END AS what
  FROM staged_activities s
  LEFT JOIN {ORGANIZER}
  LEFT JOIN assets v ON v.source_id = ANY(:sources) AND v.source_key = s.venue_key
    AND v.gone_at IS NULL
  WHERE o.id IS NULL OR (s.venue_key IS NOT NULL AND v.id IS NULL)
  ORDER BY s.row_number
"""  # noqa: S608 - a constant
# A venue that has agreed to what this feed calls a place keeps what happens there.
AGREED = """
  LATERAL (
    SELECT q.venue_id FROM venue_requests q JOIN sources f ON f.slug = 'feed-' || q.feed_id
    JOIN assets g ON g.id = q.venue_id AND g.gone_at IS NULL
    WHERE f.id = :source AND q.words = s.place_words AND q.answer = 'accepted'
    ORDER BY q.answered_at DESC LIMIT 1
  ) q ON true
"""
MERGE = f"""
  INSERT INTO activities
    ({", ".join(PLAIN)}, id, organizer_id, venue_id, source_id, source_key, scope, import_run_id,
     content_hash)
  SELECT {", ".join(f"s.{name}" for name in PLAIN)}, {KEPT_ID.format(table="activities")},
    o.id, coalesce(v.id, q.venue_id), s.source_id, s.source_key, :scope, :run, s.content_hash
  FROM staged_activities s
  JOIN {ORGANIZER}
  LEFT JOIN assets v ON v.source_id = ANY(:sources) AND v.source_key = s.venue_key
  LEFT JOIN {AGREED}
  LEFT JOIN activities a ON a.source_id = s.source_id AND a.source_key = s.source_key
  WHERE a.id IS NULL OR a.content_hash <> s.content_hash OR a.gone_at IS NOT NULL
  ON CONFLICT (source_id, source_key) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in PLAIN)},
    organizer_id = excluded.organizer_id, venue_id = excluded.venue_id, scope = excluded.scope,
    import_run_id = excluded.import_run_id, content_hash = excluded.content_hash, gone_at = NULL
  RETURNING xmax = 0 AS is_new
"""  # noqa: S608 - names of this module
IN_SCOPE = "source_id = ANY(:sources) AND scope = :scope AND gone_at IS NULL"
# What has taken place for the last time goes by itself: no sign of a file that was cut off.
OVER = "ends_on < :today"
NOT_IN_FILE = f"""
  {IN_SCOPE} AND NOT source_key = ANY(:kept)
  AND NOT EXISTS (SELECT 1 FROM staged_activities s WHERE s.source_key = activities.source_key)
"""  # noqa: S608 - names of this module
WRITTEN = "a.source_id = ANY(:sources) AND a.import_run_id = :run AND a.gone_at IS NULL"
CLEAR_SCHEDULES = f"""
  DELETE FROM schedules USING activities a WHERE a.id = schedules.activity_id AND {WRITTEN}
"""  # noqa: S608 - constants of this module
ADD_SCHEDULES = f"""
  INSERT INTO schedules (activity_id, starts_on, opens_at, closes_at, rrule, exdates)
  SELECT a.id, t.starts_on, t.opens_at, t.closes_at, t.rrule, t.exdates
  FROM staged_activities s
  JOIN activities a ON a.source_key = s.source_key AND {WRITTEN}
  CROSS JOIN LATERAL jsonb_to_recordset(s.schedules) AS t
    (starts_on date, opens_at time, closes_at time, rrule text, exdates date[])
"""  # noqa: S608 - constants of this module
ADD_CHECKS = """
  INSERT INTO checks (activity_id, checked_on, outcome)
  SELECT a.id, s.checked_on, 'confirmed'
  FROM staged_activities s
  JOIN activities a ON a.source_id = s.source_id AND a.source_key = s.source_key
  WHERE s.checked_on IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM checks c WHERE c.activity_id = a.id AND c.checked_on = s.checked_on)
"""
_ACCESS = {word.value for word in Access}


class ActivityStage(Stage[ActivityRecord]):
    """Collects activities; merged after the assets of the same file."""

    table = "staged_activities"
    real_table = "activities"
    create = """
      row_number int, source_id int, source_key text, content_hash text, checked_on date, name text,
      description text, organizer_key text, venue_key text, comes_to_homes bool,
      interest_ids int[], access text[], is_indoors bool, cost_pence int, day_parts text[],
      week_starts int4multirange, ends_on date, schedules jsonb, organizer_id uuid,
      place_words text
    """
    columns = ("row_number", "source_id", "source_key", "content_hash", "checked_on", *CONTENT)

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._interests = InterestIds(run.connection)
        self._row_of_key: dict[str, int] = {}

    def prepare(self, batch: list[ActivityRecord]) -> Sequence[Sequence[Any]]:
        """Return the rows of those that are right."""
        return [row for record in batch if (row := self._row(record)) is not None]

    def merge(self) -> Counts:
        """Insert, update and mark gone, and set the schedules of what is new or changed."""
        self._drop_homeless()
        self.move_sources()
        gone = self._take_away_what_is_over()
        gone += self.take_away(
            noun="activities",
            counting="SELECT count(*) FROM activities WHERE ",
            marking="UPDATE activities SET gone_at = now() WHERE ",
            in_scope=IN_SCOPE,
            not_in_file=NOT_IN_FILE,
        )
        new, changed = self.new_and_changed(MERGE)
        for statement in (CLEAR_SCHEDULES, ADD_SCHEDULES, ADD_CHECKS):
            self.run.connection.execute(sa.text(statement), self.bound())
        return Counts(self.staged, new, changed, gone)

    def _take_away_what_is_over(self) -> int:
        """Mark what the file lacks and has ended; return how many. A part lacks nothing."""
        if self.run.options.is_partial:
            return 0
        values = {"kept": sorted(self.run.kept_keys), "today": self.run.options.today}
        marked = self.run.connection.execute(
            sa.text(f"UPDATE activities SET gone_at = now() WHERE {OVER} AND {NOT_IN_FILE}"),  # noqa: S608 - constants
            self.bound() | values,
        )
        return marked.rowcount

    def _drop_homeless(self) -> None:
        """Make problems of activities whose organizer or venue is not stored."""
        rows = self.run.connection.execute(sa.text(HOMELESS), self.bound()).all()
        for row in rows:
            self.run.add_problem(
                Problem(
                    row.row_number,
                    ProblemReason.NO_LOCATION,
                    f"The {row.what} {row.missing_key} of the activity is not stored.",
                    f"Load the {row.what} first, or see what is wrong with its own row.",
                    source_key=row.source_key,
                    name=row.name,
                )
            )
        if rows:
            self.staged -= len(rows)
            self.run.connection.execute(
                sa.text("DELETE FROM staged_activities WHERE source_key = ANY(:keys)"),
                {"keys": [row.source_key for row in rows]},
            )

    def _row(self, record: ActivityRecord) -> tuple[Any, ...] | None:
        name = clean_text(record.name)
        key = clean_text(record.source_key)
        if name is None or key is None:
            self._refuse(
                record,
                ProblemReason.UNNAMED,
                "The activity has no name or id.",
                "Give it a name and an id in the file.",
            )
            return None
        if suspect_words(name, record.description, record.place_words):
            self._refuse(
                record,
                ProblemReason.MAY_BE_A_REFUGE,
                "Its words suggest a refuge, whose place must never be shown.",
                "Leave it out if it is one; if not, add it by hand.",
            )
            return None
        first = self._row_of_key.setdefault(key, record.row_number)
        if first != record.row_number:
            self._refuse(
                record,
                ProblemReason.DUPLICATE,
                f"The row has the id of row {first}.",
                "Keep one of the two in the file.",
            )
            return None
        try:
            rules = [check_rule(s.rrule) if s.rrule else None for s in record.schedules]
            parts = day_parts(record.schedules)
        except RuleError as error:
            self._refuse(
                record,
                ProblemReason.UNREADABLE_VALUE,
                f"When it happens cannot be read: {error}.",
                "Write the rule as in FREQ=WEEKLY;BYDAY=TU.",
            )
            return None
        ids, unknown = self._interests.find(record.interests)
        if unknown:
            words = ", ".join(unknown)
            message = f"The vocabulary has no interest called {words}."
            suggestion = "Use an interest of the vocabulary, or add this word to it."
            self._add(record, ProblemReason.UNKNOWN_INTEREST, message, suggestion, is_stored=True)
        content = _content(record, name, ids, rules, parts)
        is_of_a_feed = any(value is not None for value in content[-_OF_FEEDS:])
        told = content if is_of_a_feed else content[:-_OF_FEEDS]
        source_id = self.run.source_id_of(record.source)
        return (record.row_number, source_id, key, hash_of(told), record.checked_on, *content)

    def _refuse(
        self, record: ActivityRecord, reason: ProblemReason, message: str, suggestion: str
    ) -> None:
        self._add(record, reason, message, suggestion, is_stored=False)

    def _add(
        self,
        record: ActivityRecord,
        reason: ProblemReason,
        message: str,
        suggestion: str,
        *,
        is_stored: bool,
    ) -> None:
        self.run.add_problem(
            Problem(
                record.row_number,
                reason,
                message,
                suggestion,
                source_key=record.source_key or None,
                name=record.name or None,
                is_stored=is_stored,
                raw=record.raw,
            )
        )


def _content(
    record: ActivityRecord,
    name: str,
    ids: list[int],
    rules: Sequence[str | None],
    parts: Sequence[str],
) -> tuple[Any, ...]:
    """Return what an activity takes from its row, in the order of `CONTENT`."""
    access = None if record.access is None else sorted(set(record.access) & _ACCESS)
    starts = week_starts(record.schedules)
    return (
        name,
        clean_text(record.description),
        clean_text(record.organizer_key),
        clean_text(record.venue_key),
        record.comes_to_homes,
        array_text(ids),
        None if access is None else array_text(access),
        record.is_indoors,
        record.cost_pence,
        array_text(parts),
        None if starts is None else minutes_text(starts),
        last_date(record.schedules),
        _schedules_json(record.schedules, rules),
        None if record.organizer_id is None else str(record.organizer_id),
        clean_text(record.place_words),
    )


def _schedules_json(schedules: Sequence[ScheduleRecord], rules: Sequence[str | None]) -> str:
    def say(value: dt.date | dt.time | None) -> str | None:
        return None if value is None else value.isoformat()

    return json.dumps(
        [
            {
                "starts_on": say(schedule.starts_on),
                "opens_at": say(schedule.opens_at),
                "closes_at": say(schedule.closes_at),
                "rrule": rule,
                "exdates": [say(day) for day in schedule.exdates],
            }
            for schedule, rule in zip(schedules, rules, strict=True)
        ]
    )
