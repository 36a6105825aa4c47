"""The walker's map: its page, what a phone takes along, and what makes it work without signal."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
