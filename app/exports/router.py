"""The addresses of app/exports (see its __init__)."""

from __future__ import annotations

from fastapi import APIRouter, Response

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)
