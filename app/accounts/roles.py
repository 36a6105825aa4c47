"""The roles in plain words, and what each needs: a team, wards, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.models import Role
from app.words import joined

# What one is called, and what they do here.
ROLE_WORDS = {
    Role.COORDINATOR: ("activity coordinator", "finds things for residents and keeps connections"),
    Role.MANAGER: ("manager", "the same, and invites staff of the home"),
    Role.CONNECTOR: ("community connector", "works with people who live at home"),
    Role.MAPPER: ("mapper", "records what is in some wards"),
    Role.COUNCILLOR: ("councillor", "sees their wards, and nobody’s personal data"),
    Role.EDITOR: ("editor", "corrects what is on the map"),
    Role.ADMINISTRATOR: ("administrator", "makes teams and invites anybody"),
}
OF_A_HOME = (Role.COORDINATOR, Role.MANAGER)
OF_A_TEAM = (*OF_A_HOME, Role.CONNECTOR)
OF_WARDS = (Role.MAPPER, Role.COUNCILLOR)


def role_word(role: str) -> str:
    """Return what somebody with a role is called."""
    return ROLE_WORDS[Role(role)][0]


def in_words(
    role: str,
    team_name: str | None,
    ward_codes: Sequence[str] = (),
    ward_names: Mapping[str, str] | None = None,
) -> str:
    """Return "activity coordinator of Beck House", "councillor for Ellerwick North"."""
    word = role_word(role)
    if team_name:
        return f"{word} of {team_name}"
    if ward_codes:
        names = ward_names or {}
        return f"{word} for {joined(names.get(code, code) for code in ward_codes)}"
    return word
