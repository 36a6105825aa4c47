"""Settings: read once from the environment, handed to `create_app` and the command line."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import BadSetting


class Settings(BaseSettings):
    """What may differ from one installation to the next.

    Every name is an environment variable: `DATABASE_URL` and, for the rest, `PATCHWORK_` and the
    name in capitals.
    """

    model_config = SettingsConfigDict(env_prefix="PATCHWORK_", extra="ignore")

    database_url: str = Field(
        default="postgresql+psycopg:///patchwork", validation_alias="DATABASE_URL"
    )
    # A streaming replica of it, which public pages are read from; none: everything is read from
    # the one. How many seconds it may be late before it is not asked.
    database_replica_url: str | None = Field(default=None, validation_alias="DATABASE_REPLICA_URL")
    replica_lag_s: float = Field(default=10.0, gt=0, le=3_000)
    # The service's name and colour: no publisher's branding is ours to wear.
    name: str = "Patchwork"
    theme_colour: str = "#00594f"
    # A raster tile address for maps, with its attribution; none: our own shapes only.
    base_tiles: str | None = None
    base_tiles_attribution: str = ""
    # Instead: a whole map in one file (PMTiles, raster or vector), which a phone can take along.
    # Who has to be named for it is `base_tiles_attribution` too.
    base_pmtiles: Path | None = None
    is_demo: bool = False
    # Whether a sentence model helps to suggest interests (the extra [semantic]).
    semantic: bool = False
    # Where people reach it; links in e-mails start with it, and https makes cookies strict.
    base_url: str = "http://127.0.0.1:8000"
    # How e-mail leaves: smtp://user:password@host:587 (encrypted where the server can, always
    # with a password) or smtps://…:465. None: links are printed to the log instead.
    smtp_url: str | None = None
    mail_from: str = ""
    # An organisation's own sign-in (OpenID Connect): its address, who we are there, what people
    # call it. None: not offered.
    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "your organisation"
    # Networks of proxies whose X-Forwarded-For is believed, with commas: 10.0.0.0/8,127.0.0.1
    trusted_proxies: str = ""
    # Networks of one's own that feeds may be fetched from, with commas: 10.1.0.0/16. None: only
    # the public internet.
    fetch_allowed: str = ""
    # Whether this web process also does the jobs (feeds, refreshes); `patchwork worker` is the
    # other way, in a process of its own.
    has_worker: bool = True
    # Matching everybody (`patchwork match-all`, and every night): the most memory it may take, in
    # megabytes, and how many processor cores; 0: all there are.
    match_memory_mb: int = Field(default=2_000, gt=0)
    match_workers: int = Field(default=0, ge=0)
    # Ten connections serve one process's worker threads; PostgreSQL allows 100 by default.
    pool_size: int = 10
    statement_timeout_ms: int = 15_000

    @property
    def is_https(self) -> bool:
        """Whether people reach it by https."""
        return self.base_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether people reach it on this very machine only."""
        return urlsplit(self.base_url).hostname in {"127.0.0.1", "localhost", "::1"}

    @property
    def cookie_name(self) -> str:
        """The name of the sign-in cookie; over https the browser itself holds it to this host."""
        return "__Host-patchwork" if self.is_https else "patchwork"


@lru_cache
def get_settings() -> Settings:
    """Return the settings of this process (made at first use, never at import).

    Raises BadSetting for a variable that makes no sense; what is in it is not repeated.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        if name in Settings.model_fields:
            name = f"PATCHWORK_{name.upper()}"
        raise BadSetting(f"{name} makes no sense: {first['msg']}.") from error
