"""How often one client may send what needs no account, counted as tries to sign in are."""

from __future__ import annotations

import datetime as dt
import hashlib

import sqlalchemy as sa

from app.accounts.sign_in_queries import count_try
from app.database import transaction
from app.errors import TooMany
from app.words import plural


def count_sent(
    engine: sa.Engine, *, what: str, under: str, at_most: int, within: dt.timedelta
) -> None:
    """Count one more `what` under a client or an entry, in a transaction of its own.

    Only a digest of `under` is kept, for a day. Raises TooMany with the seconds to wait.
    """
    counted_under = hashlib.sha256(f"{what} {under}".encode()).digest()
    with transaction(engine) as session:
        number, seconds = count_try(
            session, counted_under=counted_under, at_most=at_most, within=within
        )
    if number is None:
        hours = seconds >= 2 * 3_600
        wait = (
            plural(-(-seconds // 3_600), "hour") if hours else plural(-(-seconds // 60), "minute")
        )
        raise TooMany(f"That was often enough for now. Wait {wait}.", seconds=seconds)
