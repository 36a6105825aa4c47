"""What people record on foot: sent from a phone, or by a plain form."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
