"""Our application as a server of its own, with settings from the environment."""

from __future__ import annotations

from fastapi import FastAPI

from app.main import create_app
from app.settings import get_settings


def make() -> FastAPI:
    """Return the application."""
    return create_app(get_settings())
