"""Photos of assets: taken, shown, and only ever our own copy."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
