"""A real browser and a real server, as the tests of connections have them."""

from __future__ import annotations

from tests.connections.conftest import chromium, served

__all__ = ["chromium", "served"]
