"""Groups and venues that correct their own entry, by a link to their own address."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
