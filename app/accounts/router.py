"""The addresses of signing in, accounts and invitations, from the files that hold them."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts import account_pages, invitation_pages, people_pages, sign_in_pages

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)
for pages in (sign_in_pages, account_pages, people_pages, invitation_pages):
    router.include_router(pages.router)
