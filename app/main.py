"""The web application."""

from __future__ import annotations

import gc
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from multiprocessing.process import BaseProcess

from fastapi import FastAPI, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.accounts.browsers import read_networks
from app.accounts.mail import mail_server_of
from app.accounts.organisation import Organisation
from app.accounts.router import router as accounts
from app.areas.boundaries_router import router as boundaries
from app.areas.compare_router import router as compare
from app.areas.councillor_router import router as councillor
from app.areas.router import router as areas
from app.areas.take_router import router as take
from app.assets.actions import NameCache
from app.assets.router import router as assets
from app.calendars.router import router as public_calendars
from app.connections.calendar_router import router as calendar
from app.connections.handover_router import router as handover
from app.connections.router import router as connections
from app.connections.times_router import router as times
from app.database import APP_ROLE, make_engine
from app.duplicates.router import router as duplicates
from app.edge import Edge, make_log
from app.error_answers import add_error_answers
from app.everyone.router import router as matched
from app.everyone.summary import SummaryCache
from app.everyone.team_router import router as team_matched
from app.exports.router import router as exports
from app.feeds.router import router as feeds
from app.feeds.terms_router import router as terms
from app.fieldwork.base_map import BaseMap
from app.fieldwork.map_router import router as walking
from app.fieldwork.offline_router import router as offline
from app.fieldwork.record_router import router as recording
from app.history.router import router as history
from app.home.router import router as home
from app.interests.router import router as interests
from app.interests.suggesting import make_suggest
from app.jobs.router import router as jobs
from app.jobs.worker import worker_beside
from app.matches.home_router import router as home_matches
from app.matches.resident_router import router as resident_matches
from app.matches.router import router as matches
from app.moderation.router import router as moderation
from app.ogc.application import make_ogc
from app.oruk.cors import OpenToAll
from app.oruk.feed import Feed
from app.oruk.router import router as oruk
from app.photos.router import router as photos
from app.rendering import STATIC, Pages
from app.replica.routing import Routing, listen, routed
from app.replica.watching import Replica
from app.residents.leaving_router import router as leaving
from app.residents.offers_router import router as offers
from app.residents.router import router as residents
from app.same_site import SameSite
from app.settings import Settings, get_settings
from app.suggestions.claim_router import router as claims
from app.suggestions.poster_router import router as posters
from app.suggestions.router import router as suggestions
from app.today.router import router as today
from app.uploads.router import router as uploads
from app.walking.actions import WalkingCache
from app.walking.router import router as isochrones

# Level 4 is twice as quick as the default 9 and hardly larger, measured on our GeoJSON.
GZIP_LEVEL = 4
GZIP_FROM_BYTES = 1_000


class OwnFiles(StaticFiles):
    """Style sheets, scripts and pictures; addresses carry a digest, so they may be kept."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, to be asked for again after a day."""
        answer: Response = await super().get_response(path, scope)
        # The walker's modules name each other without a digest: an old one beside a new one would
        # break the page. Its service worker keeps them anyway.
        is_module = path.startswith("walk/") and b"v=" not in scope["query_string"]
        answer.headers["cache-control"] = "no-cache" if is_module else "public, max-age=86400"
        # Maps run in frames without an origin: to them our own files are another site's.
        answer.headers["access-control-allow-origin"] = "*"
        return answer


def spare_the_collector() -> None:
    """Let the garbage collector leave alone what was imported; does something once a process.

    The libraries of geography are a million objects. Looking through them again and again took
    a third of the processor time of a list of a thousand features.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def create_app(settings: Settings) -> FastAPI:
    """Return the application for `settings`; no connection is made yet."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", settings.theme_colour):
        message = f"PATCHWORK_THEME_COLOUR must be like #00594f, not {settings.theme_colour!r}."
        raise ValueError(message)
    # A setting that makes no sense is said now, not to the first who needs it.
    mail_server_of(settings)
    base_map = BaseMap.of(settings)
    engine = make_engine(settings, role=APP_ROLE)
    replica = Replica.of(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        spare_the_collector()
        async with worker_beside(settings), replica.watched() if replica else nullcontext():
            yield
        engine.dispose()

    app = FastAPI(
        title=settings.name,
        summary="A community asset map for health and social care in England.",
        version="0.1.0",
        openapi_url="/api/openapi.json",
        # FastAPI's own documentation pages load scripts from another host: see /api instead.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.engine = engine
    # Reading needs no transaction: without one there is no BEGIN and ROLLBACK to wait for.
    app.state.connect = engine.execution_options(isolation_level="AUTOCOMMIT").connect
    app.state.replica = replica
    if replica is not None:
        listen(engine, replica)
        app.state.connect = routed(app.state.connect, replica)
    app.state.pages = Pages(settings)
    app.state.base_map = base_map
    app.state.names = NameCache(make_suggest(settings))
    app.state.walking = WalkingCache()
    app.state.matched = SummaryCache()
    app.state.oruk = Feed(settings.base_url)
    app.state.organisation = Organisation.of(settings)
    app.state.trusted_proxies = read_networks(settings.trusted_proxies)
    for router in (
        # Before the wards': "/wards/boundaries" is no code, and ".pdf" no part of one.
        *(compare, boundaries, take, councillor),
        # Before all of these: ".ics" is no part of an id.
        public_calendars,
        *(home, assets, areas, interests, matches, isochrones),
        # Before the residents': "/residents/receipts" is no reference.
        *(leaving, offers, resident_matches, home_matches, matched, team_matched),
        *(accounts, today, residents, connections, calendar, times, handover),
        *(walking, offline, recording, photos, history, suggestions, claims, posters),
        *(moderation, duplicates),
        # Open both ways.
        *(oruk, exports, uploads, jobs, terms, feeds),
    ):
        app.include_router(router)
    app.mount("/static", OwnFiles(directory=STATIC), name="static")
    # By its name each time: a test may read through a connection of its own.
    ogc = make_ogc(settings, lambda: app.state.connect())  # noqa: PLW0108
    ogc.app.state.pages = app.state.pages
    app.mount("/ogc", ogc, name="ogc")
    add_error_answers(app)
    if replica is not None:
        app.add_middleware(Routing, settings=settings, primary=engine)
    app.add_middleware(SameSite)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(OpenToAll)
    app.add_middleware(Edge, log=make_log())
    return app


def create_app_of_environment() -> FastAPI:
    """Return the application for the settings of the environment: one of several processes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return create_app(get_settings())


def _end_with(parent: BaseProcess) -> None:
    """End this process when the one that looks after it has: nobody else would, or could.

    Left alone, it would keep the port, and answer as it did before whatever came next.
    """
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
