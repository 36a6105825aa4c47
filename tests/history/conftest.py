"""What waits for an editor, and pages in a real browser: as for the queue."""

from __future__ import annotations

from tests.moderation.conftest import chromium, nothing_waits, open_page, open_public, served

__all__ = ["chromium", "nothing_waits", "open_page", "open_public", "served"]
