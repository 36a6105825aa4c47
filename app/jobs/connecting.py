"""How the queue's own library reaches its tables: our database, as the role of scheduled jobs."""

from __future__ import annotations

from procrastinate import PsycopgConnector
from psycopg.conninfo import make_conninfo

from app.database import KEEPER_ROLE, read_url
from app.settings import Settings

# The queue's tables are in a schema of their own, and its statements name none.
SCHEMA = "jobs"
SEARCH_PATH = f"{SCHEMA},public"
# Two jobs at once, and what keeps an eye on them.
MOST_CONNECTIONS = 4


def connector_of(settings: Settings) -> PsycopgConnector:
    """Return the connector of a worker, not yet open; raises `Unavailable` for a bad address."""
    url = read_url(settings.database_url)
    positional, named = url.get_dialect()().create_connect_args(url)
    options = f"-c search_path={SEARCH_PATH} -c role={KEEPER_ROLE}"
    return PsycopgConnector(
        conninfo=make_conninfo(
            *positional, **named, options=options, application_name="patchwork worker"
        ),
        min_size=1,
        max_size=MOST_CONNECTIONS,
    )
