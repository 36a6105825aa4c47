"""Measure everything that was promised, and print ours beside what it stands beside.

``python -m tests.benchmarks [--quick] [--assets N] [--only matching,home,lists,…]``, with
DATABASE_URL naming a server on which databases may be made; ``make bench`` provides one. Databases
are called patchwork_bench_… and are kept, so that the next run need not fill them again. Figures
are ratios within one run: nothing here is a test, and nothing fails for being slow.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

import sqlalchemy as sa
from rich.console import Console

from app.database import make_engine, normalise_url
from app.main import spare_the_collector
from tests.benchmarks import (
    cold_start,
    compare,
    home,
    imports,
    lists,
    matching,
    minutes,
    national,
    networks,
    ogc,
    oruk,
    pages,
    take,
    walking,
    wards,
)
from tests.benchmarks.database import make_database, make_england, make_real, real_data
from tests.benchmarks.figures import Figure, Promise, show

ASSETS = 1_000_000
QUICK_ASSETS = 50_000
NOTE = "Both sides were asked alike in the same run, in turns; neither was asked to compress."


def main() -> None:
    """Measure and print."""
    given = _arguments()
    # As our server does: or looking through a million objects again would count as the function's.
    spare_the_collector()
    count: int = given.assets or (QUICK_ASSETS if given.quick else ASSETS)
    parts: dict[str, Callable[[int, bool], None]] = {
        "matching": _matching,
        "home": _home,
        "lists": _lists,
        "ogc": _ogc,
        "pages": _pages,
        "imports": _imports,
        "cold": _cold,
        "walking": _walking,
        "networks": _networks,
        "minutes": _minutes,
        "wards": _wards,
        "oruk": _oruk,
        "national": _national,
    }
    for name in given.only.split(",") if given.only else parts:
        parts[name](count, given.quick)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer assets and shorter runs")
    parser.add_argument(
        "--assets", type=int, default=int(os.environ.get("BENCH_ASSETS", "0")), help="how many"
    )
    parser.add_argument(
        "--only",
        default="",
        help="some of the parts, with commas, such as matching,networks,wards",
    )
    return parser.parse_args()


def _matching(count: int, is_quick: bool) -> None:
    settings = make_england(count)
    questions = matching.QUESTIONS // 5 if is_quick else matching.QUESTIONS
    for in_north, what in (
        (False, "Matching where there are only assets"),
        (True, "Matching where there are activities too: two full lists, not one"),
    ):
        figures = matching.measure(settings, questions=questions, in_north=in_north)
        show(f"{what} ({count:,} assets)", figures, [NOTE])
    figures = matching.measure_index(settings)
    show(f"The index ({count:,} assets)", figures, ["Measured inside the database."])


def _home(_count: int, is_quick: bool) -> None:
    figures = home.measure(home.make_home(), times=10 if is_quick else home.TIMES)
    what = f"{home.ASSETS:,} assets and {home.ACTIVITIES:,} activities"
    show(f"A home matched against {what}", figures, ["In turns, in one run; the page signed in."])


def _lists(count: int, is_quick: bool) -> None:
    seconds = 1.0 if is_quick else lists.SECONDS_A_ROUND
    figures = lists.measure(make_england(count), seconds=seconds)
    missing = [] if figures else ["Not measured: tipg is not installed (the extra “bench”)."]
    connections = f"One worker, {lists.CONNECTIONS} keep-alive connections."
    show(f"Lists by rectangle ({count:,} assets)", figures, missing or [connections, NOTE])


def _ogc(count: int, is_quick: bool) -> None:
    seconds = 1.0 if is_quick else lists.SECONDS_A_ROUND
    figures = ogc.measure(make_england(count), seconds=seconds)
    show(f"OGC API ({count:,} assets)", figures, ["Tiles one after the other.", NOTE])


def _pages(count: int, is_quick: bool) -> None:
    figures = pages.measure(make_england(count), times=10 if is_quick else pages.TIMES)
    missing = "Not measured: pages of a ward, because PATCHWORK_REAL_DATA has no wards."
    show("Pages and maps", figures, [] if real_data() else [missing])


def _imports(_count: int, _is_quick: bool) -> None:
    engine = make_engine(make_database("patchwork_bench_imports"))
    promise = Promise("at least", imports.LEAST_SHARE)
    figures = []
    for row in imports.measure(engine):
        what = f"Import of {row['rows']:,} {row['table']}"
        bare = row["copy_rows_per_second"]
        beside = "bare COPY into the same table"
        first, again = row["load_rows_per_second"], row["again_rows_per_second"]
        figures += [
            Figure(what, "rows/s", first, bare, beside, promise),
            Figure(f"{what}, unchanged, again", "rows/s", again, bare, beside),
        ]
    engine.dispose()
    show("Imports", figures)


def _cold(_count: int, is_quick: bool) -> None:
    url = sa.make_url(normalise_url(os.environ["DATABASE_URL"]))
    figures = cold_start.measure(url, times=3 if is_quick else cold_start.TIMES)
    show("A phone without signal", figures, ["Asked: a usable form within 1,000 ms."])


def _walking(_count: int, _is_quick: bool) -> None:
    figures = walking.measure()
    show(f"The walker's page ({walking.PLACES:,} places on the phone)", figures)


def _networks(_count: int, _is_quick: bool) -> None:
    missing = "Not measured: PATCHWORK_REAL_DATA has no Rutland."
    show("Ways on foot", networks.measure(), [] if real_data() else [missing])


def _minutes(_count: int, is_quick: bool) -> None:
    questions = minutes.QUESTIONS // 5 if is_quick else minutes.QUESTIONS
    figures = minutes.measure(questions=questions)
    show("Matching along ways beside matching by the straight line", figures, [NOTE])


def _wards(_count: int, is_quick: bool) -> None:
    settings = make_real()
    if settings is None:
        show("Wards", [], ["Not measured: PATCHWORK_REAL_DATA has no wards."])
        return
    times = {"times": 5} if is_quick else {}
    show("A ward on one page", wards.measure(settings, **times))
    show("The wards of a district compared", compare.measure(settings, **times))
    show("A ward to take away", take.measure(settings, **times))


def _oruk(_count: int, is_quick: bool) -> None:
    services = oruk.SERVICES // 10 if is_quick else oruk.SERVICES
    seconds = {"seconds": 1.0} if is_quick else {}
    figures = oruk.measure(oruk.make_services(services), **seconds)
    show(f"Open Referral UK ({services:,} services)", figures, [NOTE])


def _national(_count: int, is_quick: bool) -> None:
    national.measure(national.QUICK if is_quick else national.SMALL)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        Console(stderr=True).print("Stopped; the databases stay for the next run.")
