"""What to say on the telephone, and the same as an e-mail.

Made from the place, the session and the match's reasons: nothing of any resident is in it, not
even what somebody enjoys, because it leaves the home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from geo.reasons import ACCESS_SENTENCES

# Asked of a place we go to, when the match spoke of it.
ASK_THERE = {
    "step_free": "Is it step-free all the way in?",
    "accessible_toilet": "Is there an accessible toilet?",
    "hearing_loop": "Is there a hearing loop?",
    "parking": "Can we park close by?",
    "seating": "Can people sit down when they need to?",
    "dementia_friendly": "Are you used to people with dementia?",
}
# Asked of somebody who comes to us: the way in is ours.
ASK_HERE = {
    "seating": "Can people join in sitting down?",
    "dementia_friendly": "Are you used to people with dementia?",
}
PENCE = 100
LF, CR_LF = "\n", "\r\n"  # a mail's lines end so (RFC 6068)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a call is about. `when` are sentences' beginnings like "Every Tuesday, 2pm to 3pm"."""

    caller: str
    team_name: str
    is_home: bool
    title: str
    is_visit: bool
    reasons: Sequence[str] = ()
    when: Sequence[str] = ()
    cost_pence: int | None = None
    contact_name: str = ""
    team_phone: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What to say first, then what to ask."""

    opening: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An e-mail nobody has sent yet."""

    subject: str
    body: str

    def mailto(self, address: str | None) -> str:
        """Return the address that opens it in somebody's own mail program."""
        to = quote(address or "", safe="@")
        subject = quote(self.subject, safe="")
        return f"mailto:{to}?subject={subject}&body={quote(self.body.replace(LF, CR_LF), safe='')}"


def script_for(matter: Matter) -> Script:
    """Return what to read out."""
    who = f"Hello, this is {matter.caller} from {matter.team_name}"
    who += ", a care home." if matter.is_home else ". I help people who live at home."
    return Script(f"{who} I am ringing about {matter.title}. {_why(matter)}", _questions(matter))


def draft_for(matter: Matter) -> Draft:
    """Return the same as an e-mail."""
    greeting = f"Hello {matter.contact_name}," if matter.contact_name else "Hello,"
    who = f"I am {matter.caller} from {matter.team_name}"
    who += ", a care home." if matter.is_home else ". I help people who live at home."
    answer = "Please answer this e-mail"
    answer += f", or ring us on {matter.team_phone}." if matter.team_phone else "."
    asked = "\n".join(f"- {question}" for question in _questions(matter))
    body = "\n\n".join(
        [
            greeting,
            f"{who} I am writing about {matter.title}. {_why(matter)}",
            f"May I ask:\n{asked}",
            answer,
            f"Thank you\n{matter.caller}\n{matter.team_name}",
        ]
    )
    asking = "would you visit us?" if matter.is_visit else "may we come along?"
    return Draft(f"{matter.title}: {asking}", body)


def _why(matter: Matter) -> str:
    people = "Some of our residents" if matter.is_home else "Somebody I work with"
    if matter.is_visit:
        where = "care homes" if matter.is_home else "people"
        return f"We hear that you come to {where}. {people} would enjoy that very much."
    return f"{people} would enjoy it very much and would like to come along."


def _questions(matter: Matter) -> tuple[str, ...]:
    asked = [_which_day(matter)]
    asks = ASK_HERE if matter.is_visit else ASK_THERE
    spoken_of = [word for word in asks if set(ACCESS_SENTENCES[word]) & set(matter.reasons)]
    if not spoken_of and not matter.is_visit:
        spoken_of = ["step_free"]
    asked += [asks[word] for word in spoken_of]
    asked.append(_cost(matter.cost_pence))
    if matter.is_visit:
        asked.append("What do you need from us: a table, a plug, a quiet room?")
    if not matter.contact_name:
        asked.append("Whom should I ask for next time?")
    return tuple(asked)


def _which_day(matter: Matter) -> str:
    known = "; ".join(f"{one[:1].lower()}{one[1:]}" if one.startswith("Every") else one
                      for one in matter.when)  # fmt: skip
    if matter.is_visit:
        known = f" We have {known} written down." if known else ""
        return f"Which day would suit you to come to us?{known}"
    if known:
        return f"Is it still on {known}, and which day would suit you for us to come?"
    return "When is it on, and which day would suit you for us to come?"


def _cost(cost_pence: int | None) -> str:
    if cost_pence is None:
        return "What does it cost?"
    if cost_pence == 0:
        return "Is it still free of charge?"
    return f"Does it still cost £{cost_pence / PENCE:.2f}?"
