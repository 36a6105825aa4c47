"""The addresses that take a ward away: PDF, picture, one file for a memory stick, tables, embed."""

from __future__ import annotations

from fastapi import APIRouter, Response

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)
