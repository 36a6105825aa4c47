"""The e-mails we send, in words."""

from __future__ import annotations

from typing import NamedTuple


class Letter(NamedTuple):
    """An e-mail: its subject line and its text."""

    subject: str
    text: str


def sign_in_letter(*, service: str, link: str) -> Letter:
    """Return the e-mail with a link that signs somebody in."""
    return Letter(
        f"Sign in to {service}",
        f"Press this link to sign in to {service}:\n\n{link}\n\n"
        "It works once, in the next 15 minutes.\n"
        "If you did not ask for it, do nothing: nobody can sign in without it.\n",
    )


def invitation_letter(*, service: str, link: str, invited_by: str | None, what_for: str) -> Letter:
    """Return the e-mail that invites somebody: `what_for` like "coordinator of Beck House"."""
    who = f"{invited_by} has invited you" if invited_by else "You are invited"
    return Letter(
        f"You are invited to {service}",
        f"{who} to {service} as {what_for}.\n\n"
        f"Press this link to start:\n\n{link}\n\n"
        "It works once, in the next 7 days.\n"
        "If you do not know what this is about, do nothing.\n",
    )


def claim_letter(*, service: str, link: str, entry: str) -> Letter:
    """Return the e-mail with which a group or venue corrects its own entry."""
    return Letter(
        f"Correct your entry on {service}",
        f"Somebody asked to correct the entry “{entry}” on {service}, a map of what is near.\n"
        "Your address is the public one of that entry, so you may do it:\n\n"
        f"{link}\n\n"
        "The link works for 7 days, as often as you like. Who has it can change the entry:\n"
        "pass it on only to people of your group.\n"
        "If you did not ask for it, do nothing: nothing changes without it.\n",
    )
