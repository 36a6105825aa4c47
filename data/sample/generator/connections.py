"""What homes have taken up, and its diary, in days counted from the day the town is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from generator.places import Places
from generator.tables import Row
from generator.written import read_lists

_ON = re.compile(r"(-?\d+) (\d\d:\d\d)-(\d\d:\d\d) (once|weekly|fortnightly|every \d weeks)")
_WEEKS = {"once": 0, "weekly": 1, "fortnightly": 2}


class Teams:
    """The references of each team's people, in the order of the files."""

    def __init__(self, residents: Sequence[Row], at_home: Sequence[Row]) -> None:
        self._of: dict[str, list[str]] = {"connectors": [str(row[0]) for row in at_home[1:]]}
        for reference, home, *_ in residents[1:]:
            self._of.setdefault(str(home), []).append(str(reference))

    def references(self, team: str, numbers: Sequence[int]) -> str:
        """Return the references of a team's people by their numbers, the first being 1."""
        return ";".join(self._of[team][number - 1] for number in numbers)


def connections(places: Places, teams: Teams) -> Iterator[Row]:
    """Yield connections.csv, header first.

    `began_days_ago`, `next_step_in_days` and `on_in_days` count from the day of loading;
    `every_weeks` is 0 for once and empty where the activity's own times hold.
    """
    yield ["id", "team", "owner", "asset_id", "activity_id", "interests", "residents", "status",
           "began_days_ago", "welcomed_by", "contact_name", "contact_phone", "next_step",
           "next_step_in_days", "promised", "what_worked", "reasons", "on_in_days", "opens_at",
           "closes_at", "every_weeks"]  # fmt: skip
    organizers = {entry["id"]: entry["by"] for entry in read_lists("activities", "activity")}
    for entry in places.written("connections", "connection"):
        activity = entry.get("activity", "")
        asset = entry["asset"] if not activity else organizers[activity]
        contact, phone = entry.get("contact", ["", ""])
        yield [entry["id"], entry["team"], entry["owner"], asset, activity,
               ";".join(entry["interests"]), teams.references(entry["team"], entry["for"]),
               entry["status"], entry["began"], entry.get("welcomed_by", ""), contact, phone,
               entry.get("next_step", ""), entry.get("next_in", ""), entry.get("promised", ""),
               entry.get("what_worked", ""), "|".join(entry["reasons"]),
               *_times(entry)]  # fmt: skip


def _times(entry: dict[str, Any]) -> Row:
    if "on" not in entry:
        return ["", "", "", ""]
    match = _ON.fullmatch(entry["on"])
    if match is None:
        raise ValueError(f"{entry['on']!r} is not a time")
    in_days, opens, closes, often = match.groups()
    weeks = _WEEKS[often] if often in _WEEKS else int(often.split()[1])
    return [int(in_days), opens, closes, weeks]


def diary(places: Places, teams: Teams) -> Iterator[Row]:
    """Yield diary.csv, header first: visits (with `how_it_went`) and notes.

    A visit is on the last day on or before `days_ago` on which its connection took place.
    """
    yield ["connection_id", "days_ago", "how_it_went", "text", "residents"]
    for entry in places.written("connections", "connection"):
        for told in entry.get("diary", []):
            residents = teams.references(entry["team"], told.get("for", []))
            yield [entry["id"], told["days_ago"], told.get("face", ""), told["note"], residents]
