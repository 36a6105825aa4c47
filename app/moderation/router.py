"""The editors' queue: everything that waits for a decision."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
