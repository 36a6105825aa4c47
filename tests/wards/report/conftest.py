"""The small town of the web's tests, and Chromium."""

from __future__ import annotations

from tests.browser.conftest import chromium
from tests.web.conftest import app, client, engine, made_app, town, web_settings

__all__ = ["app", "chromium", "client", "engine", "made_app", "town", "web_settings"]
