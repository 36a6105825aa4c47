"""Pages in a real browser, as for the queue."""

from __future__ import annotations

from tests.moderation.conftest import chromium, open_page, open_public, served

__all__ = ["chromium", "open_page", "open_public", "served"]
