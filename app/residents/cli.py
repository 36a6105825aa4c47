"""`patchwork residents`: what is done to a schedule, by hand."""

from __future__ import annotations

import typer

from app.database import KEEPER_ROLE, make_engine, transaction
from app.residents.erasure import erase_due
from app.settings import get_settings
from app.words import plural

residents_app = typer.Typer(no_args_is_help=True)


@residents_app.callback()
def residents() -> None:
    """Look after what is kept about residents."""


@residents_app.command(name="erase-due")
def erase_due_command() -> None:
    """Erase the residents who withdrew thirty days ago or earlier."""
    engine = make_engine(get_settings(), role=KEEPER_ROLE)
    try:
        with transaction(engine) as session:
            erased = erase_due(session)
    finally:
        engine.dispose()
    typer.echo(f"Erased: {plural(erased, 'resident')}.")
