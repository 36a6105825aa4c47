"""What was changed of an asset, by whom, and back again."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
