"""Pairs that may be one place: looked at side by side, merged or told apart."""

from __future__ import annotations

from fastapi import APIRouter, Response

router = APIRouter(default_response_class=Response)
