"""Settings: read once from the environment, handed to `create_app` and the command line."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What may differ from one installation to the next.

    Every name is an environment variable: `DATABASE_URL` and, for the rest, `PATCHWORK_` and the
    name in capitals.
    """

    model_config = SettingsConfigDict(env_prefix="PATCHWORK_", extra="ignore")

    database_url: str = Field(
        default="postgresql+psycopg:///patchwork", validation_alias="DATABASE_URL"
    )
    # The service's name and colour: no publisher's branding is ours to wear.
    name: str = "Patchwork"
    theme_colour: str = "#00594f"
    # A raster tile address for maps, with its attribution; none: our own shapes only.
    base_tiles: str | None = None
    base_tiles_attribution: str = ""
    is_demo: bool = False
    # Whether a sentence model helps to suggest interests (the extra [semantic]).
    semantic: bool = False
    # Where people reach it; links in e-mails start with it, and https makes cookies strict.
    base_url: str = "http://127.0.0.1:8000"
    # Ten connections serve one process's worker threads; PostgreSQL allows 100 by default.
    pool_size: int = 10
    statement_timeout_ms: int = 15_000

    @property
    def is_https(self) -> bool:
        """Whether people reach it by https."""
        return self.base_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """The name of the sign-in cookie; over https the browser itself holds it to this host."""
        return "__Host-patchwork" if self.is_https else "patchwork"


@lru_cache
def get_settings() -> Settings:
    """Return the settings of this process (made at first use, never at import)."""
    return Settings()
