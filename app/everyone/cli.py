"""`patchwork match-all`: the best matches of every resident, in one run."""

from __future__ import annotations

import dataclasses
import enum
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from app.database import KEEPER_ROLE, make_engine
from app.errors import BadQuestion
from app.everyone.actions import DASK, LOCAL, Outcome, Request, Told, match_all
from app.everyone.faults import GO_ON
from app.everyone.summary import hide_small, print_summary, read_summary, rounded
from app.settings import Settings, get_settings

NEWS_EVERY_S = 5.0
NOBODY = "There are no residents to match."
STOPPED = f"Stopped. {GO_ON}"
# As shells say that somebody pressed Ctrl-C.
STOPPED_CODE = 130


class EngineName(enum.StrEnum):
    """What does the work."""

    LOCAL = LOCAL
    DASK = DASK


def match_all_command(
    *,
    area: Annotated[
        list[str] | None,
        typer.Option(help="The code of a ward or district; may be given again. Else everybody."),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="This machine, or Dask's workers.")
    ] = EngineName.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Of --engine dask: tcp://HOST:PORT. Else workers on this machine."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Find the ten best for every resident and show them in one go; goes on if it was cut off."""
    if scheduler is not None and engine is not EngineName.DASK:
        raise BadQuestion("--scheduler is for --engine dask: give both.", field="scheduler")
    settings = get_settings()
    request = Request(tuple(area or ()), engine.value, scheduler)
    console = Console(stderr=True)
    keeper = make_engine(settings, role=KEEPER_ROLE)
    try:
        with _progress(console) as told:
            outcome = match_all(keeper, settings, request, told=told)
        if outcome is None:
            typer.echo("{}" if as_json else NOBODY)
        elif as_json:
            typer.echo(orjson.dumps(figures(outcome)).decode())
        else:
            typer.echo(say(outcome))
            _print_summary(settings, outcome)
    except KeyboardInterrupt as error:
        typer.echo(STOPPED, err=True)
        raise typer.Exit(STOPPED_CODE) from error
    finally:
        keeper.dispose()


def figures(outcome: Outcome) -> dict[str, object]:
    """Return what a run came to and took, in numbers: of residents rounded ones (None: few)."""
    took = {name: round(value, 2) for name, value in dataclasses.asdict(outcome.took).items()}
    return {
        "run": outcome.run_id,
        "residents": hide_small(outcome.residents),
        "done_before": hide_small(outcome.done_before),
        "parts": outcome.parts,
        **took,
        "peak_mb": round(outcome.peak_mb),
    }


def say(outcome: Outcome) -> str:
    """Return the same in words."""
    took = outcome.took
    before = ""
    if outcome.done_before:
        before = f", {rounded(hide_small(outcome.done_before))} of them before it was cut off"
    return (
        f"Residents matched: {rounded(hide_small(outcome.residents))}{before}."
        f" Reading {took.reading_s:.1f} s, matching {took.matching_s:.1f} s,"
        f" writing {took.writing_s:.1f} s; at most {outcome.peak_mb:,.0f} MB of memory."
    )


def _print_summary(settings: Settings, outcome: Outcome) -> None:
    """Print who has somebody to ring, and who nobody, by ward and theme."""
    engine = make_engine(settings, role=KEEPER_ROLE)
    try:
        with engine.connect() as connection:
            found = read_summary(connection, outcome.run_id)
        print_summary(found, Console())
    finally:
        engine.dispose()


class _ResidentsPerSecond(ProgressColumn):
    """How fast it is."""

    def render(self, task: Task) -> Text:
        """Return the speed, or nothing before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} residents/s" if speed else "", style="progress.data.speed")


@contextmanager
def _progress(console: Console) -> Iterator[Told]:
    """Yield what is told how far it is: a bar on a terminal, a line now and then elsewhere.

    In rounded numbers, as everywhere: who looks on could count the people of a home.
    """
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _ResidentsPerSecond(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("Reading", total=None)

        def tell(done: int, total: int | None) -> None:
            # Without a total: fewer than 8.
            shown, of_all = hide_small(done) or 0, hide_small(total or 0) or None
            bars.update(task, description="Residents", completed=shown, total=of_all)

        yield tell


class _Lines:
    """A line every few seconds, for a log."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_at = time.monotonic()
        # When it began, and how many were done by then: reading, and a run before, are no speed.
        # Rounded as all of it: the speed and what is left would say together how many there are.
        self._begun: tuple[float, int] | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Say how far it is, if that was not said just now."""
        now, shown, of_all = time.monotonic(), hide_small(done), hide_small(total or 0)
        if self._begun is None:
            self._begun = now, shown or 0
        if now - self._said_at < NEWS_EVERY_S:
            return
        self._said_at = now
        begun, before = self._begun
        line = f"{rounded(of_all)} residents"
        if of_all:
            line = f"{rounded(shown)} of {line}"
        if of_all and shown and shown > before:
            speed = (shown - before) / (now - begun)
            line += f", {speed:,.0f} residents/s, about {(of_all - shown) / speed:,.0f} s left"
        self._console.print(line, highlight=False, soft_wrap=True)
